import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignerService } from '../../src/service.ts';
import { ask, logged, PUBKEY, SIGN, serve, sign, talk } from './kit.ts';

const RUNS = process.env.HOLDFAST_DEEP === '1' ? 5_000 : 250;
const SEED = Number(process.env.HOLDFAST_SEED ?? 20_261_121);
const GENESIS = `0x${'04'.repeat(32)}` as const;

/** The real service over a store that allows nothing, so that a signature would be a finding. */
const service = new SignerService({
  keys: { has: () => true, sign: () => Promise.reject(new Error('nothing may be signed')) },
  protection: {
    genesisValidatorsRoot: GENESIS as never,
    claim: async () => ({ allowed: false, rule: 'double-vote', message: 'no' }),
  },
  policy: {
    check() {
      throw new Error('policy is not asked for what is no request');
    },
  },
  gate: { check() {} },
  network: { genesisValidatorsRoot: GENESIS as never, genesisForkVersion: '0x00000000', capellaForkVersion: null },
});

/** Pieces of HTTP, in and out of place. */
const piece = fc.oneof(
  fc.constantFrom(
    'POST ',
    'GET ',
    'DELETE ',
    `${SIGN} `,
    '/eth/v1/keystores ',
    '/reload ',
    'HTTP/1.1\r\n',
    'HTTP/1.0\r\n',
    'HTTP/9.9\r\n',
    'Host: localhost\r\n',
    'Host: evil.example\r\n',
    'Content-Length: 5\r\n',
    'Content-Length: -1\r\n',
    'Content-Length: 99999999999999999999\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Expect: 100-continue\r\n',
    'Connection: upgrade\r\nUpgrade: websocket\r\n',
    'Authorization: Bearer x\r\n',
    '\r\n',
    '\r\n\r\n',
    '0\r\n\r\n',
    'ffffffffffffffff\r\n',
    '{"type":"ATTESTATION"}',
    '\0',
  ),
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

describe('any bytes', () => {
  it('are answered, or the connection is closed; never 500, and the server lives on', async () => {
    const { log, lines } = logged();
    const server = await serve({ service, log, limits: { headersTimeoutMs: 500, requestTimeoutMs: 500 } });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const { socket, until } = await talk(server.url);
        socket.end(Buffer.from(pieces.join(''), 'latin1'));
        const { text, closed } = await until(5_000);
        expect(closed).toBe(true);
        expect(text).not.toMatch(/^HTTP\/1\.1 5(?!03)/m);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect((await ask(server.url, '/upcheck')).status).toBe(200);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(server.metrics.inFlight).toBe(0);
  });
});

const TYPES = ['ATTESTATION', 'BLOCK', 'BLOCK_V2', 'DEPOSIT', 'VOLUNTARY_EXIT', 'VALIDATOR_REGISTRATION', 'toString'];
const NAMES = ['fork_info', 'fork', 'attestation', 'beacon_block', 'version', 'data', 'slot', 'epoch', '__proto__'];
const VALUES = ['0', '-1', '18446744073709551616', '0x', `0x${'00'.repeat(32)}`, 'ELECTRA', '1e3', ''];
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 0, -1, 1e300, ...VALUES),
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), tie('value'), { maxKeys: 5 }),
  ),
}));

describe('any JSON', () => {
  it('that is no request is answered 400', async () => {
    const { log, lines } = logged();
    const { url } = await serve({ service, log });
    const request = fc.oneof(
      anyJson.value,
      fc.record({
        type: fc.constantFrom(...TYPES),
        fork_info: anyJson.value,
        attestation: anyJson.value,
        beacon_block: anyJson.value,
      }),
    );
    await fc.assert(
      fc.asyncProperty(request, async (value) => {
        expect((await sign(url, { body: JSON.stringify(value) })).status).toBe(400);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each([
    ['arrays', '['.repeat(500_000) + ']'.repeat(500_000)],
    ['objects', `${'{"type":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    [
      'arrays where a slot is',
      `{"type":"ATTESTATION","attestation":{"slot":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`,
    ],
    ['a long number', `{"type":"ATTESTATION","slot":${'9'.repeat(1_000_000)}}`],
    ['a long type', JSON.stringify({ type: 'A'.repeat(1_000_000) })],
  ])('nested or long beyond reason is answered 400: %s', async (_name, body) => {
    const { url } = await serve({ service });
    const answer = await sign(url, { body });
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(2_000);
  });

  it('goes to the other routes likewise', async () => {
    const { url } = await serve({ service });
    for (const path of [
      '/eth/v1/keystores',
      '/api/v1/eth2/sign/',
      `/eth/v1/validator/${PUBKEY}/graffiti`,
      '/%00',
      '/%ff',
      '/a//..',
    ]) {
      for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE']) {
        const { status } = await ask(url, path, { method, body: '{"a":' });
        expect([400, 403, 404, 405, 415], `${method} ${path}`).toContain(status);
      }
    }
  });
});
