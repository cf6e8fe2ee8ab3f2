import { describe, expect, it } from 'vitest';
import {
  BadRequestError,
  InternalError,
  RefusedError,
  SaturatedError,
  StoppedError,
  UnknownKeyError,
} from '../../src/errors.ts';
import { ask, BODY, logged, PUBKEY, SIGNATURE, serve, sign, signing, talk } from './kit.ts';

describe('POST /api/v1/eth2/sign/{identifier}', () => {
  it.each([
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['text/plain, application/json;q=0.5', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['text/plain', 'text'],
    [undefined, 'text'],
  ])('answers Accept %s as %s, as Web3Signer does', async (accept, form) => {
    const { url } = await serve();
    const answer = await sign(url, accept === undefined ? {} : { headers: { accept } });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(form === 'json' ? `{"signature":"${SIGNATURE}"}` : SIGNATURE);
    expect(answer.headers['content-type']).toBe(
      form === 'json' ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    );
  });

  it('takes the identifier with or without 0x, in any case, and hands on the body and the key', async () => {
    const seen: unknown[] = [];
    const service = signing(async (pubkey, body, client) => {
      seen.push([pubkey, body, client.name]);
      return SIGNATURE;
    });
    const { url } = await serve({ service });
    const digits = PUBKEY.slice(2);
    for (const identifier of [PUBKEY, digits, digits.toUpperCase(), `0X${digits}`, `${PUBKEY}?x=1`]) {
      expect((await ask(url, `/api/v1/eth2/sign/${identifier}`, { body: BODY })).status, identifier).toBe(200);
    }
    expect(seen).toEqual(Array.from({ length: 5 }, () => [PUBKEY, { type: 'ATTESTATION' }, 'anonymous']));
  });

  it.each(['', 'nonsense', PUBKEY.slice(0, -2), `${PUBKEY}00`, PUBKEY.replace('ab', 'zz'), `${PUBKEY}/more`])(
    'answers 400 to the identifier %s',
    async (identifier) => {
      const { url } = await serve();
      const answer = await ask(url, `/api/v1/eth2/sign/${identifier}`, { body: BODY });
      expect(answer.status).toBe(400);
      expect(answer.json().code).toBe('SIGNER_BAD_REQUEST');
    },
  );

  it.each([
    [new BadRequestError('the slot is not a number'), 400],
    [new UnknownKeyError(PUBKEY), 404],
    [new RefusedError('double-vote', 'another vote for this target was signed'), 412],
    [new InternalError('signing failed'), 500],
    [new StoppedError('killed'), 503],
    [new StoppedError('waiting', { retryAfterSeconds: 7 }), 503],
    [new SaturatedError(2), 503],
    [new TypeError('a defect: secret=hunter2'), 500],
  ])('answers %s with %i', async (error, status) => {
    const { log, lines } = logged();
    const { url } = await serve({ log, service: signing(() => Promise.reject(error)) });
    const answer = await sign(url);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('hunter2');
    const { requestId } = answer.json();
    expect(answer.headers['x-request-id']).toBe(requestId);
    expect(lines.some((line) => line.requestId === requestId)).toBe(true);
    expect(answer.headers['retry-after'] !== undefined).toBe(status === 503);
  });

  it('says after how long to ask again', async () => {
    const { url } = await serve({
      service: signing(() => Promise.reject(new StoppedError('waiting', { retryAfterSeconds: 7 }))),
    });
    expect((await sign(url)).headers['retry-after']).toBe('7');
  });

  it('names key, type, rule and client of a refusal in the log, and logs no signature below debug', async () => {
    const { log, lines } = logged('info');
    let refuse = false;
    const service = signing(() =>
      refuse
        ? Promise.reject(new RefusedError('surrounded-vote', 'it would be surrounded'))
        : Promise.resolve(SIGNATURE),
    );
    const { url } = await serve({ log, service });
    await sign(url);
    const before = lines.length;
    refuse = true;
    await sign(url);
    expect(lines.slice(before)).toEqual([
      expect.objectContaining({
        level: 'warn',
        key: PUBKEY,
        type: 'ATTESTATION',
        rule: 'surrounded-vote',
        client: 'anonymous',
      }),
    ]);
    expect(lines.filter(({ level }) => level === 'info').map(({ msg }) => msg)).toEqual(['the signer listens']);
  });

  it.each(['', '{', 'nonsense', '{"type":}', '[1,2', '{"a":1}x', '\u0000'])(
    'answers 400 to the body %j',
    async (body) => {
      const { url } = await serve();
      const answer = await sign(url, { body });
      expect(answer.status).toBe(400);
      expect(answer.json().message).toContain('not well-formed JSON');
    },
  );

  it('answers 415 to other content types, and takes JSON with parameters or without a type', async () => {
    const { url } = await serve();
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonx',
    ]) {
      expect((await sign(url, { headers: { 'content-type': type } })).status, type).toBe(415);
    }
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;x']) {
      expect((await sign(url, { headers: { 'content-type': type } })).status, type).toBe(200);
    }
  });

  it('answers other methods and paths with 404', async () => {
    const { url } = await serve();
    for (const [method, path] of [
      ['GET', `/api/v1/eth2/sign/${PUBKEY}`],
      ['PUT', `/api/v1/eth2/sign/${PUBKEY}`],
      ['POST', '/api/v1/eth1/sign/0x00'],
      ['GET', '/'],
    ] as const) {
      expect((await ask(url, path, { method })).status, `${method} ${path}`).toBe(404);
    }
  });

  it('serves many requests on one connection, pipelined, in order', async () => {
    const { url } = await serve({
      service: signing(async (_pubkey, body) => `0x${(body as { n: string }).n}`),
    });
    const { socket, until } = await talk(url);
    const bodies = Array.from({ length: 50 }, (_, n) => JSON.stringify({ n: String(n).padStart(4, '0') }));
    for (const body of bodies) {
      socket.write(
        `POST /api/v1/eth2/sign/${PUBKEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    }
    socket.end();
    const { text } = await until(5_000);
    expect([...text.matchAll(/0x(\d{4})/g)].map((match) => Number(match[1]))).toEqual(bodies.map((_, n) => n));
  });
});
