import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Watcher } from '../src/server/watch/Watcher.ts';
import type { DashboardState } from '../src/shared/state.ts';
import { manifestFixture } from './support/manifestFixture.ts';

// Sources that are down, or of another chain: said so, each alone, and the page stays up.
const running: (Watcher | Server)[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) {
    if (each instanceof Watcher) await each.stop();
    else each.close();
  }
});

async function node(answer: (method: string, path: string) => unknown): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const calls = body === '' ? [] : [JSON.parse(body) as { id: number; method: string }[]].flat();
      const answers = calls.map(({ id, method }) => ({
        jsonrpc: '2.0',
        id,
        result: answer(method, incoming.url ?? ''),
      }));
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify(calls.length > 0 ? answers : answer('GET', incoming.url ?? '')));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function settled(rpcUrl: string, beaconUrl: string): Promise<DashboardState['health']> {
  const log = () => {};
  const watcher = new Watcher({ manifest: manifestFixture(), rpcUrl, beaconUrl, accounts: [], pollMs: 50, log });
  running.push(watcher);
  watcher.start();
  await expect
    .poll(() => [watcher.state.health.rpc.state, watcher.state.health.beacon.state], { timeout: 20_000 })
    .not.toContain('starting');
  expect(JSON.parse(watcher.json)).toMatchObject({ backing: null, head: null, validators: [] });
  return watcher.state.health;
}

test('nodes of another network are called that', async () => {
  const rpcUrl = await node(() => '0x1');
  const genesis = {
    genesis_time: '1',
    genesis_validators_root: `0x${'99'.repeat(32)}`,
    genesis_fork_version: '0x00000000',
  };
  const beaconUrl = await node(() => ({ data: genesis }));
  const { rpc, beacon } = await settled(rpcUrl, beaconUrl);
  expect(rpc).toMatchObject({ state: 'wrong-network', message: expect.stringContaining('chain 1') });
  expect(beacon.state).toBe('wrong-network');
});

test('a chain without the pool is the wrong one', async () => {
  const rpcUrl = await node((method) => (method === 'eth_chainId' ? '0x7a69' : '0x'));
  const { rpc } = await settled(rpcUrl, rpcUrl);
  expect(rpc).toMatchObject({ state: 'wrong-network', message: expect.stringContaining('no Vault') });
});

test('nodes that are down are called down', async () => {
  const nobody = 'http://127.0.0.1:9';
  const { rpc, beacon } = await settled(nobody, nobody);
  expect([rpc.state, beacon.state]).toEqual(['down', 'down']);
  expect(rpc.message).not.toBe('');
});
