import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ReloadResult } from '../../src/http/reload.ts';
import { ask, later, OTHER, PUBKEY, serve } from './kit.ts';

describe('the rest of the Web3Signer API', () => {
  it('says OK', async () => {
    const { url } = await serve();
    const answer = await ask(url, '/upcheck');
    expect([answer.status, answer.text]).toEqual([200, 'OK']);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('lists the public keys', async () => {
    const { url } = await serve();
    expect((await ask(url, '/api/v1/eth2/publicKeys')).json()).toEqual([PUBKEY, OTHER]);
  });

  it('tells the high watermark as strings, or an empty object', async () => {
    const empty = await serve();
    expect((await ask(empty.url, '/api/v1/eth2/highWatermark')).json()).toEqual({});
    const watermark = { epoch: 2n ** 64n - 1n, slot: 12n };
    const set = await serve({ protection: { highWatermark: async () => watermark } });
    expect((await ask(set.url, '/api/v1/eth2/highWatermark')).json()).toEqual({
      epoch: '18446744073709551615',
      slot: '12',
    });
  });

  it('reloads in the background, one at a time: 202, then 409, then the outcome', async () => {
    const reloading = later<ReloadResult>();
    const { url } = await serve({ hooks: { reload: () => reloading.promise } });
    expect((await ask(url, '/reload')).json()).toEqual({ status: 'idle' });
    const first = await ask(url, '/reload', { method: 'POST' });
    expect([first.status, first.json().status]).toEqual([202, 'accepted']);
    const second = await ask(url, '/reload', { method: 'POST' });
    expect([second.status, second.json().status]).toEqual([409, 'error']);
    expect((await ask(url, '/reload')).json().status).toBe('running');
    reloading.resolve({ added: 1, removed: 0, errors: ['keystore-3.json does not open'] });
    await delay(20);
    expect((await ask(url, '/reload')).json()).toMatchObject({
      status: 'completed_with_errors',
      lastError: expect.stringContaining('1 signer loading error'),
      lastOperationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect((await ask(url, '/reload', { method: 'POST' })).status).toBe(202);
  });

  it('tells a reload that failed, and reloads again', async () => {
    let broken = true;
    const reload = async (): Promise<ReloadResult> => {
      if (broken) throw new Error('the token is gone');
      return { added: 0, removed: 0, errors: [] };
    };
    const server = await serve({ hooks: { reload } });
    expect((await server.reload())!.status).toBe('failed');
    broken = false;
    expect((await server.reload())!.status).toBe('completed');
    const without = await serve();
    expect((await ask(without.url, '/reload', { method: 'POST' })).status).toBe(500);
  });

  it('is healthy when every check is, and says 503 and which is not', async () => {
    const healthy = await serve();
    const well = await ask(healthy.url, '/healthcheck');
    expect([well.status, well.json()]).toEqual([
      200,
      { status: 'UP', checks: [{ id: 'slashing-protection', status: 'UP' }], outcome: 'UP' },
    ]);
    const ill = await serve({
      protection: { highWatermark: () => Promise.reject(new Error('the database does not answer')) },
      hooks: { checks: { keys: async () => {} } },
    });
    const answer = await ask(ill.url, '/healthcheck');
    expect([answer.status, answer.json()]).toEqual([
      503,
      {
        status: 'DOWN',
        checks: [
          { id: 'slashing-protection', status: 'DOWN', reason: 'the database does not answer' },
          { id: 'keys', status: 'UP' },
        ],
        outcome: 'DOWN',
      },
    ]);
  });

  it('asks the stores once, however often it is asked', async () => {
    let asked = 0;
    const counting = async () => {
      asked += 1;
    };
    const { url } = await serve({ hooks: { checks: { counting } } });
    await Promise.all(Array.from({ length: 20 }, () => ask(url, '/healthcheck')));
    expect(asked).toBe(1);
  });

  it('calls a check that hangs down', async () => {
    const { url } = await serve({ hooks: { checks: { hanging: () => new Promise(() => {}) } } });
    const answer = await ask(url, '/healthcheck');
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('no answer in 2000 ms');
  });
});
