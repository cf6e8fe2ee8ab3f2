import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Access, isCaller } from '../../src/access/access.ts';
import { browserRefusal, browserRules, isLoopback } from '../../src/access/browser.ts';
import { TokenBucket } from '../../src/access/bucket.ts';
import type { AccessConfig } from '../../src/access/config.ts';
import { checkListener } from '../../src/access/listen.ts';
import { bearerOf, createTokenFile, hashToken, matchToken, readTokenFile } from '../../src/access/tokens.ts';
import { OTHER, PUBKEY } from '../http/kit.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-access-'));
afterAll(() => rmSync(dir, { recursive: true }));

const TOKENS = { a: 'a'.repeat(64), b: 'b'.repeat(64), root: 'c'.repeat(64) };
const open = (config: AccessConfig) =>
  new Access(config, { now: () => 0, readToken: (path) => hashToken(TOKENS[path as keyof typeof TOKENS]) });
const bearer = (name: keyof typeof TOKENS) => `Bearer ${TOKENS[name]}`;

describe('token files', () => {
  it('are made with mode 0600 and 256 random bits, and never overwritten', () => {
    const path = join(dir, 'made');
    expect(createTokenFile(path)).toBe(true);
    const token = readFileSync(path, 'utf8');
    expect(token).toMatch(/^[0-9a-f]{64}\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(createTokenFile(path)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(token);
    expect(readTokenFile(path)).toEqual(hashToken(token.trim()));
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o610])('that others may touch are refused: mode %o', (mode) => {
    const path = join(dir, `mode-${mode}`);
    writeFileSync(path, TOKENS.a);
    chmodSync(path, mode);
    expect(() => readTokenFile(path)).toThrow(/chmod 600/);
  });

  it.each(['', 'short', 'x'.repeat(63), `${'x'.repeat(40)} ${'y'.repeat(40)}`, 'é'.repeat(64), 'x'.repeat(2000)])(
    'that hold no token of 256 bits are refused, and not shown: %s',
    (text) => {
      const path = join(dir, `bad-${text.length}`);
      writeFileSync(path, text, { mode: 0o600 });
      expect(() => readTokenFile(path)).toThrow(/at least 256 bits/);
      if (text.length > 6) expect(() => readTokenFile(path)).not.toThrow(text);
    },
  );

  it('that are not there are told', () => {
    expect(() => readTokenFile(join(dir, 'none'))).toThrow(/cannot be read/);
  });
});

describe('tokens', () => {
  it('are found wherever they stand in the list, and only whole', () => {
    const hashes = Object.values(TOKENS).map(hashToken);
    expect(Object.values(TOKENS).map((token) => matchToken(token, hashes))).toEqual([0, 1, 2]);
    for (const wrong of ['', TOKENS.a.slice(1), `${TOKENS.a}a`, TOKENS.a.toUpperCase()]) {
      expect(matchToken(wrong, hashes)).toBe(-1);
    }
  });

  it('are read from the header as RFC 6750 writes it', () => {
    expect(bearerOf('Bearer x')).toBe('x');
    expect(bearerOf('bearer   x ')).toBe('x');
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic x', 'Bearerx', 'Bearer x y']) {
      expect(bearerOf(header)).toBeUndefined();
    }
  });
});

describe('callers', () => {
  const clients = [
    { name: 'vc-1', tokenFile: 'a', keys: [PUBKEY], types: ['ATTESTATION'] },
    { name: 'vc-2', certificate: { commonName: 'vc-2' } },
    { name: 'vc-3', certificate: { sha256: 'ab'.repeat(32) } },
  ];
  const admins = [{ name: 'root', tokenFile: 'root' }];

  it('without any named, are anonymous and may ask for everything', () => {
    const found = open({}).identify(undefined, null);
    expect(found).toMatchObject({ name: 'anonymous', role: 'client' });
    expect(isCaller(found) && found.mayUse(OTHER) && found.mayAsk('BLOCK_V2')).toBe(true);
  });

  it('are known by token or certificate, each with its own lists', () => {
    const access = open({ clients, admins });
    const first = access.identify(bearer('a'), null);
    expect(isCaller(first) && [first.mayUse(PUBKEY), first.mayUse(OTHER)]).toEqual([true, false]);
    expect(isCaller(first) && [first.mayAsk('ATTESTATION'), first.mayAsk('BLOCK_V2')]).toEqual([true, false]);
    const fingerprint = 'AB:'.repeat(31).concat('AB');
    expect(access.identify(undefined, { sha256: '', commonName: 'vc-2' })).toMatchObject({ name: 'vc-2' });
    expect(access.identify(undefined, { sha256: fingerprint, commonName: 'x' })).toMatchObject({ name: 'vc-3' });
    expect(access.identify(bearer('root'), null)).toMatchObject({ name: 'root', role: 'admin' });
  });

  it('are strangers otherwise: 401 with nothing shown, 403 with what is not known', () => {
    const access = open({ clients, admins });
    expect(access.identify(undefined, null)).toMatchObject({ status: 401 });
    for (const header of ['', 'Basic eDp5', bearer('b'), 'Bearer ']) {
      expect(access.identify(header, null), header).toMatchObject({ status: 403 });
    }
    expect(access.identify(undefined, { sha256: 'x', commonName: 'vc-1' })).toMatchObject({ status: 403 });
    // A wrong token is never forgiven for a right certificate.
    expect(access.identify(bearer('b'), { sha256: '', commonName: 'vc-2' })).toMatchObject({ status: 403 });
    // Nor is it on an open signer: whoever shows a token expects it to count.
    expect(open({ admins }).identify(bearer('b'), null)).toMatchObject({ status: 403 });
  });

  it.each([
    [[{ name: 'x' }], /never be recognised/],
    [[{ name: '', tokenFile: 'a' }], /name of its own/],
    [[{ name: 'anonymous', tokenFile: 'a' }], /name of its own/],
    [
      [
        { name: 'x', tokenFile: 'a' },
        { name: 'x', tokenFile: 'b' },
      ],
      /name of its own/,
    ],
    [
      [
        { name: 'x', tokenFile: 'a' },
        { name: 'y', tokenFile: 'a' },
      ],
      /same token/,
    ],
    [
      [
        { name: 'x', certificate: { commonName: 'z' } },
        { name: 'y', certificate: { commonName: 'z' } },
      ],
      /same certificate/,
    ],
    [[{ name: 'x', certificate: { sha256: 'abc' } }], /fingerprint/],
    [[{ name: 'x', tokenFile: 'a', types: ['ATESTATION'] }], /request type that there is not/],
    [[{ name: 'x', tokenFile: 'a', keys: ['0x12' as never] }], /wrong length/],
    [[{ name: 'x', tokenFile: 'a', rate: { perSecond: 0, burst: 1 } }], /let something through/],
    [[{ name: 'x', tokenFile: 'a', rate: { perSecond: Number.NaN, burst: 1 } }], /let something through/],
  ])('that cannot work are refused at start: %j', (bad, why) => {
    expect(() => open({ clients: bad })).toThrow(why);
  });
});

describe('listening', () => {
  const token = { name: 'vc', tokenFile: 'a' };
  const plain = { tls: false, mutualTls: false };

  it('on loopback needs nothing', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) checkListener({ host, ...plain }, {});
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'signer.example', '::ffff:127.0.0.1', '127.0.0.1.example', '127.1', ''])(
    'on %s is refused without mTLS or tokens, saying what to do',
    (host) => {
      expect(isLoopback(host)).toBe(false);
      expect(() => checkListener({ host, ...plain }, {})).toThrow(/127\.0\.0\.1, or give TLS a client CA/);
      expect(() => checkListener({ host, tls: true, mutualTls: false }, {})).toThrow(/anybody/);
      const certificate = { name: 'x', certificate: { commonName: 'x' } };
      expect(() => checkListener({ host, ...plain }, { clients: [token, certificate] })).toThrow(/tokenFile/);
      expect(() => checkListener({ host, ...plain }, { clients: [token] })).toThrow(/plain text/);
      checkListener({ host, tls: true, mutualTls: false }, { clients: [token] });
      checkListener({ host, tls: true, mutualTls: true }, {});
      checkListener({ host, ...plain }, { clients: [token], plaintextTokens: true });
    },
  );
});

describe('web pages', () => {
  const loopback = browserRules('127.0.0.1', ['Signer.local']);

  it.each(['localhost', 'localhost:9000', '127.0.0.1:9000', '[::1]:9000', 'LOCALHOST', 'signer.local:1'])(
    'are not behind Host %s',
    (host) => expect(browserRefusal(loopback, { host })).toBeNull(),
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:9000',
    '',
    '[::2]',
    ':9000',
    'x:localhost',
  ])('may be behind Host %s: refused', (host) => expect(browserRefusal(loopback, { host })).not.toBeNull());

  it('are told by Origin and Sec-Fetch-Site, wherever the signer listens', () => {
    for (const rules of [loopback, browserRules('0.0.0.0')]) {
      for (const headers of [
        { origin: 'null' },
        { origin: 'http://localhost:9000' },
        { 'sec-fetch-site': 'cross-site' },
      ]) {
        expect(browserRefusal(rules, { host: 'localhost', ...headers })).not.toBeNull();
      }
      expect(browserRefusal(rules, { host: 'localhost', 'sec-fetch-site': 'none' })).toBeNull();
    }
    expect(browserRefusal(loopback, {})).not.toBeNull();
    expect(browserRefusal(browserRules('127.8.9.1'), { host: '127.8.9.1:9000' })).toBeNull();
    expect(browserRefusal(browserRules('0.0.0.0'), { host: 'any' })).toBeNull();
    expect(browserRefusal(browserRules('0.0.0.0', ['one']), { host: 'any' })).not.toBeNull();
    expect(browserRefusal(browserRules('10.0.0.7', ['one']), { host: '10.0.0.7:9000' })).toBeNull();
  });
});

describe('a rate', () => {
  it('lets the burst pass, then one for each interval, and says how long to wait', () => {
    let now = 0;
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, () => now);
    expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([0, 0, 0, 100]);
    now = 99;
    expect(bucket.take()).toBeGreaterThan(0);
    now = 100;
    expect([bucket.take(), bucket.take() > 0]).toEqual([0, true]);
  });

  it('never lets more pass than burst and rate allow, whatever the clock does', () => {
    const steps = fc.array(fc.integer({ min: -500, max: 500 }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (times) => {
        let [now, highest, passed] = [0, 0, 0];
        const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, () => now);
        let forward = 0;
        for (const step of times) {
          now += step;
          if (step > 0) forward += step;
          highest = Math.max(highest, now);
          if (bucket.take() === 0) passed += 1;
        }
        expect(passed).toBeLessThanOrEqual(5 + (forward * 10) / 1000 + 1e-6);
      }),
      { seed: 7 },
    );
  });
});
