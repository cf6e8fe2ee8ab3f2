// Each safeguard is taken away by a setting that no configuration has, and what it keeps out is seen to come in.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Access } from '../../src/access/access.ts';
import { browserRefusal } from '../../src/access/browser.ts';
import { ByteBudget, readBody } from '../../src/http/body.ts';
import { HealthChecks } from '../../src/http/health.ts';
import { later, SIGN, SIGNATURE, serve, sign, signing, talk } from './kit.ts';

describe('without its safeguard', () => {
  it('a hanging store fills the signer without end: inFlightMax', async () => {
    const flood = async (inFlightMax: number) => {
      const held = later<string>();
      const { url, metrics } = await serve({ service: signing(() => held.promise), limits: { inFlightMax } });
      const answers = Array.from({ length: 40 }, () => sign(url).catch(() => null));
      await delay(400);
      const reached = metrics.inFlight;
      held.resolve(SIGNATURE);
      await Promise.all(answers);
      return reached;
    };
    expect(await flood(8)).toBe(8);
    expect(await flood(Number.POSITIVE_INFINITY)).toBeGreaterThan(8);
  });

  it('a late signature gets out after its client was told 503: signTimeoutMs', async () => {
    const slow = async (signTimeoutMs: number) => {
      const service = signing(async () => {
        await delay(150);
        return SIGNATURE;
      });
      const { url } = await serve({ service, limits: { signTimeoutMs } });
      return (await sign(url)).status;
    };
    expect(await slow(50)).toBe(503);
    expect(await slow(60_000)).toBe(200);
  });

  it('a page that rebinds its name has the signer sign: the Host check', async () => {
    const page = { host: 'evil.example:9000' };
    expect(browserRefusal({ hosts: new Set(['localhost']) }, page)).not.toBeNull();
    expect(browserRefusal({ hosts: null }, page)).toBeNull();
  });

  it('a huge body is read whole: signBytesMax', async () => {
    const send = async (signBytesMax: number) => {
      let read = 0;
      const service = signing(async (_pubkey, body) => {
        read = (body as string).length;
        return SIGNATURE;
      });
      const { url } = await serve({ service, limits: { signBytesMax } });
      await sign(url, { body: JSON.stringify('x'.repeat(100_000)) }).catch(() => null);
      return read;
    };
    expect(await send(10_000)).toBe(0);
    expect(await send(1_000_000)).toBe(100_000);
  });

  it('many half-sent bodies fill the memory: bufferedBytesMax', async () => {
    const halves = async (bufferedBytesMax: number) => {
      const { url } = await serve({ limits: { bufferedBytesMax } });
      const talks = await Promise.all(Array.from({ length: 6 }, () => talk(url)));
      for (const { socket } of talks) {
        socket.write(
          `POST ${SIGN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`,
        );
      }
      const ends = await Promise.all(talks.map(({ until }) => until(400)));
      for (const { socket } of talks) socket.destroy();
      return ends.filter(({ closed }) => closed).length;
    };
    expect(await halves(200_000)).toBeGreaterThanOrEqual(4);
    expect(await halves(10_000_000)).toBe(0);
  });

  it('what a client announces keeps others out: counting what arrives instead', () => {
    // A budget that counted announcements would be empty after one header.
    const budget = new ByteBudget(100_000);
    const announcing = { headers: { 'content-length': '100000' }, on: () => announcing };
    void readBody(announcing as never, 200_000, budget);
    expect(budget.take(100_000)).toBe(true);
  });

  it('health is asked of the stores each time: its second of memory', async () => {
    const asked = async (clock: () => number) => {
      let count = 0;
      const check = async () => {
        count += 1;
      };
      const health = new HealthChecks(new Map([['x', check]]), clock);
      for (let n = 0; n < 10; n += 1) await health.read();
      return count;
    };
    let now = 0;
    expect(await asked(() => 0)).toBe(1);
    expect(
      await asked(() => {
        now += 10_000;
        return now;
      }),
    ).toBe(10);
  });

  it('a token is guessed from what others may read: only the hash of the whole one counts', () => {
    const hash = Buffer.alloc(32, 1);
    const access = new Access({ admins: [{ name: 'root', tokenFile: 'x' }] }, { now: () => 0, readToken: () => hash });
    // Whoever reads the signer's memory or a core finds the hash: that opens nothing.
    expect(access.identify(`Bearer ${hash.toString('hex')}`, null)).toMatchObject({ status: 403 });
  });
});
