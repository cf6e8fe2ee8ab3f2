import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pubkey } from '@holdfast/units';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/access/access.ts';
import { ask, BODY, logged, OTHER, PUBKEY, SIGNATURE, serve, sign, signing } from '../http/kit.ts';
import { type Authority, authority, type Identity } from './certificates.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-callers-'));
afterAll(() => rmSync(dir, { recursive: true }));

function tokenFile(digit: string): string {
  const path = join(dir, `token-${digit}`);
  writeFileSync(path, digit.repeat(64), { mode: 0o600 });
  return path;
}
const bearer = (digit: string) => ({ authorization: `Bearer ${digit.repeat(64)}` });

/** Signs what the caller may have signed, as the signing service does. */
const heedful = signing(async (pubkey: Pubkey, _body, client: Caller) => {
  if (!client.mayUse(pubkey)) throw new (await import('../../src/errors.ts')).UnknownKeyError(pubkey);
  return SIGNATURE;
});

describe('bearer tokens', () => {
  const access = {
    clients: [
      { name: 'one', tokenFile: tokenFile('1'), keys: [PUBKEY] },
      { name: 'two', tokenFile: tokenFile('2'), rate: { perSecond: 0.5, burst: 2 } },
    ],
    admins: [{ name: 'root', tokenFile: tokenFile('9') }],
  };

  it('are asked for once clients have names: 401 without, 403 with another', async () => {
    const { url } = await serve({ access, service: heedful });
    const without = await sign(url);
    expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await sign(url, { headers: bearer('3') })).status).toBe(403);
    expect((await sign(url, { headers: bearer('1') })).status).toBe(200);
    expect((await ask(url, '/api/v1/eth2/publicKeys')).status).toBe(401);
    expect((await ask(url, '/api/v1/eth2/highWatermark')).status).toBe(401);
    // Whether it lives may be asked by anybody.
    expect((await ask(url, '/upcheck')).status).toBe(200);
    expect((await ask(url, '/healthcheck')).status).toBe(200);
  });

  it('bound to keys show and sign no other key', async () => {
    const { url } = await serve({ access, service: heedful });
    expect((await ask(url, '/api/v1/eth2/publicKeys', { headers: bearer('1') })).json()).toEqual([PUBKEY]);
    expect((await ask(url, '/api/v1/eth2/publicKeys', { headers: bearer('2') })).json()).toEqual([PUBKEY, OTHER]);
    const other = await ask(url, `/api/v1/eth2/sign/${OTHER}`, { body: BODY, headers: bearer('1') });
    expect(other.status).toBe(404);
  });

  it('with a rate are answered 429 beyond it, others are not', async () => {
    const { url } = await serve({ access });
    const headers = bearer('2');
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await sign(url, { headers })).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await sign(url, { headers })).headers['retry-after']).toBe('2');
    expect((await sign(url, { headers: bearer('1') })).status).toBe(200);
  });

  it('of admins sign nothing, and of clients manage nothing', async () => {
    const { url } = await serve({ access, hooks: { reload: async () => ({ added: 0, removed: 0, errors: [] }) } });
    expect((await sign(url, { headers: bearer('9') })).status).toBe(403);
    const reload = (headers = {}) => ask(url, '/reload', { method: 'POST', headers });
    expect((await reload()).status).toBe(401);
    expect((await reload(bearer('1'))).status).toBe(403);
    expect((await reload(bearer('9'))).status).toBe(202);
  });

  it('are in no log and no answer', async () => {
    const { log, text } = logged();
    const { url } = await serve({ access, log });
    const answers = await Promise.all(['1', '3', '9'].map((digit) => sign(url, { headers: bearer(digit) })));
    for (const digit of ['1', '3', '9']) {
      expect(text()).not.toContain(digit.repeat(64));
      for (const answer of answers) expect(answer.text).not.toContain(digit.repeat(64));
    }
  });
});

describe('the kill switch over HTTP', () => {
  const pulled: unknown[] = [];
  const kill = (method: string, body: unknown, client: string) => {
    pulled.push([method, body, client]);
    return { status: 200, body: { killed: method === 'POST' } };
  };

  it('is for admins', async () => {
    const access = { admins: [{ name: 'root', tokenFile: tokenFile('9') }] };
    const { url } = await serve({ access, hooks: { kill } });
    const path = '/holdfast/v1/kill';
    expect((await ask(url, path, { method: 'POST' })).status).toBe(401);
    expect((await ask(url, path, { method: 'POST', headers: bearer('1') })).status).toBe(403);
    expect(pulled).toEqual([]);
    const answer = await ask(url, path, { body: '{"why":"drill"}', headers: bearer('9') });
    expect([answer.status, answer.json()]).toEqual([200, { killed: true }]);
    await ask(url, path, { method: 'DELETE', headers: bearer('9') });
    await ask(url, path, { headers: bearer('9') });
    expect(pulled).toEqual([
      ['POST', { why: 'drill' }, 'root'],
      ['DELETE', undefined, 'root'],
      ['GET', undefined, 'root'],
    ]);
  });

  it('is not there without admins', async () => {
    const { url } = await serve({ hooks: { kill } });
    expect((await ask(url, '/holdfast/v1/kill', { method: 'DELETE' })).status).toBe(403);
  });
});

describe('web pages', () => {
  it('can have nothing signed, listed or reloaded, by rebinding or across origins', async () => {
    const { url } = await serve({ hooks: { reload: async () => ({ added: 0, removed: 0, errors: [] }) } });
    for (const headers of [
      { host: 'evil.example' },
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const answers = [
        await sign(url, { headers }),
        await ask(url, '/api/v1/eth2/publicKeys', { headers }),
        await ask(url, '/upcheck', { headers }),
        await ask(url, '/reload', { method: 'POST', headers }),
      ];
      expect(
        answers.map(({ status }) => status),
        JSON.stringify(headers),
      ).toEqual([403, 403, 403, 403]);
      for (const answer of answers) expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect((await sign(url, { headers: { host: 'localhost:1234' } })).status).toBe(200);
  });
});

describe('mutual TLS', () => {
  let [ours, theirs]: Authority[] = [];
  let [server, one, two, stranger, impostor, expired]: Identity[] = [];
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([authority('ours'), authority('theirs')]);
    [server, one, two, stranger, impostor, expired] = await Promise.all([
      ours.issue('localhost'),
      ours.issue('vc-one'),
      ours.issue('vc-two'),
      ours.issue('stranger'),
      theirs.issue('vc-one'),
      ours.issue('vc-one', { expired: true }),
    ]);
  });
  const tls = (mutual: boolean) => ({
    cert: server!.cert,
    key: server!.key,
    ...(mutual ? { clientCa: ours!.cert } : {}),
  });
  const as = (who?: Identity) => ({ ca: ours!.cert, ...(who ? { cert: who.cert, key: who.key } : {}) });

  it('without a client CA serves whoever trusts the server', async () => {
    const { url } = await serve({ tls: tls(false) });
    expect(url).toMatch(/^https:/);
    expect((await sign(url, as())).status).toBe(200);
    await expect(sign(url)).rejects.toThrow(/certificate/);
  });

  it('lets in certificates of the CA only', async () => {
    const { url } = await serve({ tls: tls(true) });
    expect((await sign(url, as(one))).status).toBe(200);
    for (const who of [undefined, impostor, expired]) {
      await expect(sign(url, as(who))).rejects.toThrow(/alert|ECONNRESET|socket|EPIPE/i);
    }
  });

  it('knows clients by common name or fingerprint, and gives each its own keys', async () => {
    const access = {
      clients: [
        { name: 'one', certificate: { commonName: 'vc-one' }, keys: [PUBKEY] },
        { name: 'two', certificate: { sha256: two!.sha256 } },
      ],
    };
    const names: string[] = [];
    const service = signing(async (_pubkey, _body, client) => {
      names.push(client.name);
      return SIGNATURE;
    });
    const { url } = await serve({ tls: tls(true), access, service });
    expect((await sign(url, as(one))).status).toBe(200);
    expect((await sign(url, as(two))).status).toBe(200);
    expect((await sign(url, as(stranger))).status).toBe(403);
    expect(names).toEqual(['one', 'two']);
    expect((await ask(url, '/api/v1/eth2/publicKeys', as(one))).json()).toEqual([PUBKEY]);
  });

  it('is what makes listening elsewhere possible', async () => {
    await expect(serve({ host: '0.0.0.0' })).rejects.toThrow(/anybody/);
    await expect(serve({ host: '0.0.0.0', tls: tls(false) })).rejects.toThrow(/anybody/);
    const { url } = await serve({ host: '0.0.0.0', tls: tls(true) });
    expect((await sign(url.replace('0.0.0.0', '127.0.0.1'), as(one))).status).toBe(200);
  });

  it('with files that do not belong together is refused at start', async () => {
    await expect(serve({ tls: { cert: server!.cert, key: one!.key } })).rejects.toThrow(/cannot be used/);
    await expect(serve({ tls: { cert: 'x', key: 'y' } })).rejects.toThrow(/cannot be used/);
  });
});

describe('the port', () => {
  it('being taken is told', async () => {
    const { url } = await serve();
    await expect(serve({ port: Number(new URL(url).port) })).rejects.toThrow(/EADDRINUSE/);
  });
});
