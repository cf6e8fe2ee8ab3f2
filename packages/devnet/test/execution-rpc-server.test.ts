import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { parseEth } from '@holdfast/units';
import { createPublicClient, createWalletClient, http } from 'viem';
import { hardhat } from 'viem/chains';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devAccounts } from '../src/execution/dev-accounts.ts';
import { createEdrExecution } from '../src/execution/edr/edr-execution.ts';
import type { ExecutionPort } from '../src/execution/port.ts';
import { type RpcServer, serveJsonRpc } from '../src/execution/rpc-server.ts';
import { GENESIS_TIME, SlotDriver } from './execution-kit.ts';

let port: ExecutionPort;
let driver: SlotDriver;
let server: RpcServer;

beforeAll(async () => {
  port = await createEdrExecution({ genesisTime: GENESIS_TIME });
  driver = new SlotDriver(port);
  server = await serveJsonRpc(port, { corsOrigins: ['https://wallet.example'], bodyBytesMax: 100_000 });
});
afterAll(async () => {
  await server.close();
  await port.close();
});

async function post(body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; json: unknown }> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

const call = (id: unknown, method: unknown, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });
const errorOf = (code: number) => expect.objectContaining({ error: expect.objectContaining({ code }) });

describe('JSON-RPC 2.0', () => {
  it('answers a call under its own id', async () => {
    const { json } = await post(call('a', 'eth_chainId'));
    expect(json).toEqual({ jsonrpc: '2.0', id: 'a', result: '0x7a69' });
  });

  it('answers a batch in order, leaving notifications out', async () => {
    const notification = { jsonrpc: '2.0', method: 'eth_chainId' };
    const { json } = await post([call(1, 'eth_blockNumber'), notification, call(null, 'eth_nope'), 7]);
    expect(json).toMatchObject([
      { id: 1, result: '0x0' },
      { id: null, error: { code: -32601 } },
      { error: { code: -32600 } },
    ]);
    expect(await post([notification])).toEqual({ status: 204, json: undefined });
    expect(await post(notification)).toEqual({ status: 204, json: undefined });
  });

  it.each([
    ['not JSON', '{"jsonrpc":', -32700],
    ['an empty body', '', -32700],
    ['an empty batch', [], -32600],
    ['too long a batch', Array.from({ length: 1001 }, () => 0), -32600],
    ['a bare value', 'null', -32600],
    ['an object for an id', call({}, 'eth_chainId'), -32600],
    ['no version', { id: 1, method: 'eth_chainId' }, -32600],
    ['a number for a method', call(1, 5), -32600],
    ['named params', call(1, 'eth_chainId', { a: 1 }), -32602],
    ['an unknown method', call(1, 'eth_nope'), -32601],
    ['a lever of the devnet', call(1, 'evm_mine'), -32601],
    ['another lever', call(1, 'hardhat_setBalance', ['0x00000000000000000000000000000000000000aa', '0x1']), -32601],
    ['a subscription', call(1, 'eth_subscribe', ['newHeads']), -32601],
    ['the Engine API', call(1, 'engine_exchangeCapabilities', [[]]), -32601],
    ['malformed params', call(1, 'eth_getBalance', ['0x1234', 'latest']), -32602],
  ])('refuses %s', async (_name, body, code) => {
    const { status, json } = await post(body);
    expect(status).toBe(200);
    expect(json).toEqual(errorOf(code));
  });

  it('refuses a body over the limit, another content type, another path and another verb', async () => {
    expect((await post(call(1, 'eth_call', ['0'.repeat(100_001)]))).status).toBe(413);
    expect((await post(call(1, 'eth_chainId'), { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await fetch(server.url)).status).toBe(404);
    expect((await fetch(`${server.url}/x`, { method: 'POST' })).status).toBe(404);
    expect((await post(call(2, 'eth_chainId'))).status).toBe(200);
  });
});

describe('web pages', () => {
  const preflight = (origin: string) =>
    fetch(server.url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });

  it.each(['http://localhost:5173', 'http://127.0.0.1:8080', 'http://[::1]:3000', 'https://wallet.example'])(
    'lets %s in',
    async (origin) => {
      const response = await preflight(origin);
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect((await post(call(1, 'eth_chainId'), { origin })).status).toBe(200);
    },
  );

  it.each(['https://evil.example', 'null', 'https://localhost.evil.example', 'http://127.0.0.1.evil.example'])(
    'keeps %s out',
    async (origin) => {
      const response = await preflight(origin);
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect((await post(call(1, 'eth_chainId'), { origin })).status).toBe(403);
    },
  );
});

it('is not there under another name (DNS rebinding)', async () => {
  const statusUnder = async (host: string) => {
    const headers = { host, 'content-type': 'application/json' };
    const sent = request(server.url, { method: 'POST', headers }).end(JSON.stringify(call(1, 'eth_chainId')));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  expect(await statusUnder('evil.example:8545')).toBe(403);
  expect(await statusUnder('localhost:8545')).toBe(200);
});

describe('viem over HTTP', () => {
  it('sends by a key of its own and by the node, and sees a revert', async () => {
    const transport = http(server.url, { retryCount: 0, batch: true });
    const [alice, bob] = devAccounts(2);
    if (!alice || !bob) throw new Error('two dev accounts are needed');
    const reader = createPublicClient({ chain: hardhat, transport, pollingInterval: 10 });
    const wallet = createWalletClient({ chain: hardhat, transport, account: alice.address });
    const before = await reader.getBalance(bob);
    const hash = await wallet.sendTransaction({ to: bob.address, value: parseEth('1') });
    const waiting = reader.waitForTransactionReceipt({ hash });
    await driver.next();
    expect((await waiting).status).toBe('success');
    expect(await reader.getBalance(bob)).toBe(before + parseEth('1'));
    const unfunded = wallet.sendTransaction({ to: bob.address, value: parseEth('1000000'), gas: 21_000n });
    await expect(unfunded).rejects.toThrow(/fund|balance/i);
    const signature = await wallet.signMessage({ message: 'hello' });
    expect(await reader.verifyMessage({ address: alice.address, message: 'hello', signature })).toBe(true);
  });
});
