import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClusterOrder, type ClustersPort, type Dashboard, serveDashboard } from '../src/index.ts';
import { isSameOrigin, isServedHost } from '../src/server/guard/hosts.ts';
import { isAllowedMethod, refusalOf } from '../src/server/guard/methods.ts';
import { manifestFixture } from './support/manifestFixture.ts';

/** A node and a devnet in one: answers everything, remembers what reached it. */
let upstream: Server;
const reached: { url: string; body: string }[] = [];
const ordered: ClusterOrder[] = [];
let dashboard: Dashboard;
let plain: Dashboard;
let dist: string;

beforeAll(async () => {
  upstream = createServer((incoming, answer) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      reached.push({ url: incoming.url ?? '', body });
      answer.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":1,"result":"0x7a69"}');
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  dist = await mkdtemp(join(tmpdir(), 'holdfast-dist-'));
  await writeFile(join(dist, 'index.html'), '<!doctype html><title>page</title>');
  const common = { manifest: manifestFixture(), rpcUrl: url, beaconUrl: url, dist, pollMs: 60_000 };
  const clusters: ClustersPort = {
    rows: () => [],
    act: async (order) => {
      ordered.push(order);
      if (order.cluster !== 'Anchor') throw new Error('there is no such cluster');
    },
  };
  dashboard = await serveDashboard({ ...common, devnetUrl: url, clusters, allowedHosts: ['pool.example'] });
  plain = await serveDashboard(common);
});
afterAll(async () => {
  await dashboard?.close();
  await plain?.close();
  upstream?.close();
  await rm(dist, { recursive: true, force: true });
});

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly to?: Dashboard;
}

/** `fetch` sets Host itself; a rebinding page's browser sends the page's own name. */
async function ask(path: string, { method = 'GET', headers = {}, body, to = dashboard }: Sent = {}) {
  const { port } = new URL(to.url);
  return new Promise<{ status: number; text: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const call = (method: string): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] });

test('every answer carries the secure headers, and no inline script may run', async () => {
  for (const path of ['/', '/api/state', '/tx/nonsense', '/nothing']) {
    const { headers } = await ask(path);
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
  }
});

describe('DNS rebinding', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', 'x@127.0.0.1'])(
    'a page that calls itself %j is refused everywhere',
    async (host) => {
      for (const path of ['/', '/api/state', '/api/stream', '/api/devnet/status', '/rpc']) {
        const { status } = await ask(path, { headers: { host } });
        expect([400, 403]).toContain(status);
      }
    },
  );
  test.each(['localhost', '127.0.0.1:1234', '[::1]:80', 'x.localhost', 'pool.example', '192.0.2.7'])(
    'the page is served as %j',
    async (host) => {
      expect((await ask('/api/state', { headers: { host } })).status).toBe(200);
    },
  );
  test('a devnet’s levers move by loopback names only, whatever else is served', async () => {
    for (const host of ['pool.example', '192.0.2.7']) {
      const sent = { method: 'POST', headers: { host, ...JSON_TYPE }, body: '{}' };
      expect((await ask('/api/devnet/faults', sent)).status).toBe(403);
    }
  });
  test('no host name but a loopback name, an address or a listed one is served', () => {
    fc.assert(
      fc.property(fc.domain(), (name) => {
        expect(isServedHost(name, [])).toBe(name.endsWith('.localhost'));
        expect(isServedHost(name, [name.toLowerCase()])).toBe(true);
      }),
      { seed: 20_261_121 },
    );
    for (const host of [undefined, '', ' ', 'a/b', '[']) expect(isServedHost(host, [''])).toBe(false);
  });
});

describe('foreign pages', () => {
  test.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost.evil.example'])(
    'a page of %j may not call',
    async (origin) => {
      reached.length = 0;
      const headers = { origin, ...JSON_TYPE };
      expect((await ask('/rpc', { method: 'POST', headers, body: call('eth_chainId') })).status).toBe(403);
      expect((await ask('/api/devnet/tamper', { method: 'POST', headers, body: '{}' })).status).toBe(403);
      expect((await ask('/api/state', { headers })).status).toBe(403);
      expect(reached).toEqual([]);
    },
  );
  test('its own page may', async () => {
    const { host } = new URL(dashboard.url);
    const headers = { host, origin: dashboard.url, ...JSON_TYPE };
    expect((await ask('/rpc', { method: 'POST', headers, body: call('eth_chainId') })).status).toBe(200);
    expect(isSameOrigin('http://a:1', 'a:2')).toBe(false);
  });
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'what a form can send (%j) moves nothing',
    async (type) => {
      reached.length = 0;
      const headers: Record<string, string> = type ? { 'content-type': type } : {};
      for (const path of ['/rpc', '/api/devnet/faults', '/api/devnet/step']) {
        expect((await ask(path, { method: 'POST', headers, body: call('eth_chainId') })).status).toBe(415);
      }
      expect(reached).toEqual([]);
    },
  );
  test('a script of another site may not read, a link may open the page', async () => {
    const cross = { 'sec-fetch-site': 'cross-site' };
    expect((await ask('/api/state', { headers: { ...cross, 'sec-fetch-mode': 'no-cors' } })).status).toBe(403);
    expect((await ask('/', { headers: { ...cross, 'sec-fetch-mode': 'navigate' } })).status).toBe(200);
  });
});

describe('the way to the node', () => {
  const refused = [
    'eth_sendTransaction',
    'eth_sign',
    'eth_signTransaction',
    'eth_signTypedData_v4',
    'eth_accounts',
    'eth_subscribe',
    'hardhat_setBalance',
    'evm_mine',
    'debug_traceTransaction',
    'personal_sign',
    'engine_newPayloadV4',
    'admin_peers',
    'ETH_sendTransaction',
    'eth_send Transaction',
  ];
  test.each(refused)('%s does not pass, alone or in a batch', async (method) => {
    reached.length = 0;
    for (const body of [call(method), `[${call('eth_chainId')},${call(method)}]`]) {
      const { text } = await ask('/rpc', { method: 'POST', headers: JSON_TYPE, body });
      expect(JSON.parse(text)).toMatchObject({ error: { code: -32601 } });
    }
    expect(reached).toEqual([]);
  });
  test.each(['eth_sendRawTransaction', 'eth_call', 'net_version', 'web3_clientVersion'])(
    '%s passes',
    async (method) => {
      reached.length = 0;
      const { status } = await ask('/rpc', { method: 'POST', headers: JSON_TYPE, body: call(method) });
      expect(status).toBe(200);
      expect(JSON.parse(reached[0]!.body)).toMatchObject({ method });
    },
  );
  test('only names of the three namespaces ever pass', () => {
    fc.assert(
      fc.property(fc.anything(), (method) => {
        if (isAllowedMethod(method)) expect(method).toMatch(/^(?:eth|net|web3)_\w*$/);
      }),
      { seed: 20_261_121 },
    );
    expect(refusalOf([])).not.toBeNull();
    expect(refusalOf(Array.from({ length: 101 }, () => ({ method: 'eth_chainId' })))).not.toBeNull();
    expect(refusalOf('eth_chainId')).not.toBeNull();
  });
  test('GET, a huge body and broken JSON are refused', async () => {
    expect((await ask('/rpc')).status).toBe(404);
    const huge = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: ['0'.repeat(600_000)] });
    expect((await ask('/rpc', { method: 'POST', headers: JSON_TYPE, body: huge })).status).toBe(413);
    expect((await ask('/rpc', { method: 'POST', headers: JSON_TYPE, body: '{' })).status).toBe(400);
  });
});

describe('the way to the devnet', () => {
  test('acts and status pass, keys do not', async () => {
    reached.length = 0;
    const body = JSON.stringify({ kind: 'none' });
    expect((await ask('/api/devnet/tamper', { method: 'POST', headers: JSON_TYPE, body })).status).toBe(200);
    expect(reached.map(({ url }) => url)).toContain('/holdfast/v1/tamper');
    for (const path of ['keys', '../v1/keys', '%2e%2e/keys', 'status/../keys']) {
      const sent = { method: 'POST', headers: JSON_TYPE, body: '{}' };
      expect((await ask(`/api/devnet/${path}`, sent)).status).toBe(404);
    }
    expect(reached.filter(({ url }) => url.includes('keys'))).toEqual([]);
  });
  test('without a devnet there are no levers', async () => {
    const sent = { method: 'POST', headers: JSON_TYPE, body: '{}', to: plain };
    for (const path of ['faults', 'tamper', 'step']) expect((await ask(`/api/devnet/${path}`, sent)).status).toBe(404);
    expect(JSON.parse((await ask('/api/state', { to: plain })).text)).toMatchObject({ devnet: null });
  });
});

test('the explorer escapes and refuses what is no name of anything', async () => {
  for (const path of ['/tx/%3Cscript%3E', '/block/-1', '/slot/1e9', '/validator/%22']) {
    const { status, text } = await ask(path);
    expect(status).toBe(404);
    expect(text).not.toContain('<script');
  }
  expect((await ask('/api/account/0x12')).status).toBe(400);
});

// Last: after an order the sources are looked at again, which is no page's asking.
describe('the nodes of a cluster', () => {
  const post = (body: object, headers: Record<string, string> = {}, to = dashboard) =>
    ask('/api/clusters', { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body), to });
  const kill = { cluster: 'Anchor', node: 2, act: 'kill' };

  test('are broken by the page', async () => {
    ordered.length = 0;
    expect((await post(kill)).status).toBe(200);
    expect(ordered).toEqual([kill]);
  });
  test('and by nobody else', async () => {
    ordered.length = 0;
    expect((await post(kill, { host: 'pool.example' })).status).toBe(403);
    expect((await post(kill, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await post(kill, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(kill, {}, plain)).status).toBe(404);
    expect(ordered).toEqual([]);
  });
  test('hear what they know, of clusters that there are', async () => {
    ordered.length = 0;
    for (const wrong of [{ ...kill, act: 'explode' }, { ...kill, node: 0 }, { cluster: 'Anchor' }]) {
      expect((await post(wrong)).status).toBe(400);
    }
    expect(ordered).toEqual([]);
    const { status, text } = await post({ ...kill, cluster: 'Nowhere' });
    expect([status, text]).toEqual([409, '{"error":"there is no such cluster"}']);
  });
});
