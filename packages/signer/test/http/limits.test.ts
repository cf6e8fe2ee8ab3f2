import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ask, BODY, later, logged, SIGN, SIGNATURE, serve, sign, signing, talk } from './kit.ts';

const post = (headers: string, body = ''): string =>
  `POST ${SIGN} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`;

describe('huge bodies', () => {
  it('are refused by their announced length, unread', async () => {
    const { url } = await serve();
    const { socket, until } = await talk(url);
    socket.write(post('Content-Length: 99999999999\r\n'));
    const { text, closed } = await until(5_000);
    expect(text).toContain('413');
    expect(closed).toBe(true);
  });

  it('are refused as they come when their length is not announced', async () => {
    const { url } = await serve({ limits: { signBytesMax: 50_000 } });
    const { socket, until } = await talk(url);
    socket.write(post('Transfer-Encoding: chunked\r\n'));
    for (let sent = 0; sent < 60_000; sent += 4096) socket.write(`1000\r\n${'x'.repeat(4096)}\r\n`);
    expect((await until(5_000)).text).toContain('413');
  });

  it('are counted together: 503 when they fill the memory set apart, and small ones still pass', async () => {
    const { url } = await serve({ limits: { bufferedBytesMax: 100_000 } });
    const large = await Promise.all(
      [0, 1].map(async () => {
        const { socket, until } = await talk(url);
        socket.write(post(`Content-Length: 200000\r\n`, 'x'.repeat(90_000)));
        return until;
      }),
    );
    const texts = (await Promise.all(large.map((until) => until(500)))).map(({ text }) => text);
    expect(texts.filter((text) => text.includes('503'))).toHaveLength(1);
    expect((await sign(url)).status).toBe(200);
  });

  it('give their memory back', async () => {
    const { url } = await serve({ limits: { bufferedBytesMax: 100_000 } });
    const body = JSON.stringify({ type: 'BLOCK', filler: 'x'.repeat(80_000) });
    for (let round = 0; round < 5; round += 1) expect((await sign(url, { body })).status).toBe(200);
    for (let round = 0; round < 5; round += 1) {
      const { socket } = await talk(url);
      socket.write(post('Content-Length: 90000\r\n', 'x'.repeat(80_000)));
      await delay(20);
      socket.destroy();
      await delay(20);
    }
    expect((await sign(url, { body })).status).toBe(200);
  });
});

describe('slow clients', () => {
  const limits = { headersTimeoutMs: 300, requestTimeoutMs: 600 };

  it('that never end their headers are cut off', async () => {
    const { url } = await serve({ limits });
    const { socket, until } = await talk(url);
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    const { text, closed } = await until(4_000);
    expect(closed).toBe(true);
    expect(text).toContain('408');
  });

  it('that never end their body are cut off, and hold no place meanwhile', async () => {
    const { url, metrics } = await serve({ limits: { ...limits, inFlightMax: 1 } });
    const { socket, until } = await talk(url);
    socket.write(post('Content-Length: 100\r\n', '{"type"'));
    await delay(50);
    expect(metrics.inFlight).toBe(0);
    expect((await sign(url)).status).toBe(200);
    expect((await until(4_000)).closed).toBe(true);
  });

  it('without the limit keep their connection: the limit is what ends it', async () => {
    const { url } = await serve({ limits: { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 } });
    const { socket, until } = await talk(url);
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    expect((await until(1_800)).closed).toBe(false);
    socket.destroy();
  });

  it('that go away in the middle do no harm', async () => {
    const { url, metrics } = await serve();
    for (let round = 0; round < 20; round += 1) {
      const { socket } = await talk(url);
      socket.write(post('Content-Length: 100\r\n', '{"type"'));
      socket.resetAndDestroy();
    }
    expect((await sign(url)).status).toBe(200);
    expect(metrics.inFlight).toBe(0);
  });
});

describe('floods', () => {
  it('beyond what is worked on at once are answered 503 with Retry-After, and then all is well again', async () => {
    const held = later<string>();
    const { url, metrics } = await serve({ service: signing(() => held.promise), limits: { inFlightMax: 10 } });
    let answered = 0;
    const counted = async () => {
      const answer = await sign(url);
      answered += 1;
      return answer;
    };
    const answers = Array.from({ length: 60 }, counted);
    while (answered < 50) await delay(5);
    expect(metrics.inFlight).toBe(10);
    held.resolve(SIGNATURE);
    const statuses = (await Promise.all(answers)).map(({ status, headers }) => `${status} ${headers['retry-after']}`);
    expect(statuses.filter((status) => status === '200 undefined')).toHaveLength(10);
    expect(statuses.filter((status) => status === '503 1')).toHaveLength(50);
    expect((await sign(url)).status).toBe(200);
  });

  it('of a slot for 100,000 validators pass whole', async () => {
    const { url } = await serve();
    const { socket, until } = await talk(url);
    const request = post(`Content-Length: ${BODY.length}\r\n`, BODY);
    socket.end(request.repeat(3125));
    expect((await until(20_000)).text.split('200 OK')).toHaveLength(3126);
  });

  it('of connections are cut at the limit, and the server lives', async () => {
    const { url } = await serve({ limits: { connectionsMax: 20 } });
    const talks = await Promise.all(Array.from({ length: 60 }, () => talk(url).catch(() => null)));
    await delay(100);
    for (const each of talks) each?.socket.destroy();
    await delay(50);
    expect((await sign(url)).status).toBe(200);
  });

  it('to a store that hangs are answered 503 in time, fill no memory, and no late signature gets out', async () => {
    const held = later<string>();
    const { url, metrics } = await serve({
      service: signing(() => held.promise),
      limits: { inFlightMax: 3, signTimeoutMs: 100 },
    });
    const answers = await Promise.all([1, 2, 3].map(() => sign(url)));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(answers[0]!.json().code).toBe('SIGNER_TIMEOUT');
    expect(metrics.inFlight).toBe(3);
    expect((await sign(url)).json().code).toBe('SIGNER_SATURATED');
    held.resolve(SIGNATURE);
    await delay(10);
    expect(metrics.inFlight).toBe(0);
    for (const answer of answers) expect(answer.text).not.toContain(SIGNATURE);
  });
});

describe('closing', () => {
  it('lets requests in flight end, takes no new ones, and then is gone', async () => {
    const held = later<string>();
    const server = await serve({ service: signing(() => held.promise) });
    const { socket, until } = await talk(server.url);
    socket.write(post(`Content-Length: ${BODY.length}\r\n`, BODY));
    while (server.metrics.inFlight < 1) await delay(5);
    const idle = await talk(server.url);
    idle.socket.write('GET /upcheck HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(50);
    const closing = server.close();
    await expect(ask(server.url, '/upcheck')).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    held.resolve(SIGNATURE);
    await closing;
    expect((await until(1_000)).text).toContain(SIGNATURE);
    expect((await idle.until(1_000)).closed).toBe(true);
    expect(server.close()).toBe(server.close());
  });

  it('answers 503 on connections that are still open', async () => {
    const held = later<string>();
    const server = await serve({ service: signing(() => held.promise) });
    const { socket, until } = await talk(server.url);
    socket.write(post(`Content-Length: ${BODY.length}\r\n`, BODY));
    while (server.metrics.inFlight < 1) await delay(5);
    const closing = server.close();
    socket.write(post(`Content-Length: ${BODY.length}\r\n`, BODY));
    await delay(50);
    held.resolve(SIGNATURE);
    await closing;
    const { text } = await until(1_000);
    expect(text).toContain('200 OK');
    expect(text).toContain('503 Service Unavailable');
    expect(text).toContain('SIGNER_DRAINING');
  });

  it('waits no longer than it may', async () => {
    const { log, lines } = logged();
    const server = await serve({ log, service: signing(() => new Promise(() => {})), limits: { drainTimeoutMs: 100 } });
    const { socket, until } = await talk(server.url);
    socket.write(post(`Content-Length: ${BODY.length}\r\n`, BODY));
    while (server.metrics.inFlight < 1) await delay(5);
    await server.close();
    expect((await until(1_000)).closed).toBe(true);
    expect(lines.some(({ msg }) => msg === 'closing before every request was answered')).toBe(true);
  });
});
