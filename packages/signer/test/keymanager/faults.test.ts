import { decryptKeystores } from '@holdfast/keys';
import { describe, expect, it } from 'vitest';
import { importKeystores } from '../../src/http/keymanager/keystores.ts';
import type { KeymanagerParts } from '../../src/http/keymanager/routes.ts';
import { historyOf, keystoreOf, openRoom, PASSWORD, pubkeyOf } from './kit.ts';

const broken = () => Promise.reject(new Error('disk full; path=/secret/place'));

describe('an import that breaks off', () => {
  it.each([
    ['when sealing', (real: KeymanagerParts) => ({ store: proxy(real.store, { add: broken }) })],
    ['when enabling', (real: KeymanagerParts) => ({ protection: proxy(real.protection, { enable: broken }) })],
    ['before the doppelganger watch', () => ({ beforeActive: broken })],
    [
      'when loading',
      (real: KeymanagerParts) => ({
        ring: proxy(real.ring, {
          add: () => {
            throw new Error('no memory');
          },
        }),
      }),
    ],
  ])('%s leaves no key that could come alive later', async (_name, parts) => {
    const room = await openRoom({ parts });
    expect(await room.importKeys([1])).toEqual([{ status: 'error', message: 'the keys were not imported' }]);
    expect([room.ring.has(pubkeyOf(1)), room.store.has(pubkeyOf(1))]).toEqual([false, false]);
    const claim = {
      kind: 'attestation',
      pubkey: pubkeyOf(1),
      sourceEpoch: 1n,
      targetEpoch: 2n,
      signingRoot: null,
    } as const;
    expect(await room.protection.claim(claim)).toMatchObject({ allowed: false });
  });

  it('and cannot be taken back says so', async () => {
    const room = await openRoom({
      parts: (real) => ({ beforeActive: broken, store: proxy(real.store, { remove: broken }) }),
    });
    expect(await room.importKeys([1])).toEqual([
      { status: 'error', message: expect.stringContaining('delete the key here before using it elsewhere') },
    ]);
  });
});

describe('a delete that breaks off', () => {
  it.each([
    ['disabling', (real: KeymanagerParts) => ({ protection: proxy(real.protection, { disable: broken }) })],
    ['removing', (real: KeymanagerParts) => ({ store: proxy(real.store, { remove: broken }) })],
  ])('when %s is an error, gives no history out, and the key signs no more', async (_name, parts) => {
    const room = await openRoom({ parts });
    await room.importKeys([1]);
    const { data, history } = await room.deleteKeys([pubkeyOf(1)]);
    expect(data).toEqual([{ status: 'error', message: expect.stringContaining('signs no more') }]);
    expect(history.data).toEqual([]);
    expect((await room.attest(pubkeyOf(1), 3, 4)).status).toBe(404);
  });
});

describe('the order of things', () => {
  it('is history, seal, enable, watch, load', async () => {
    const steps: string[] = [];
    const note = <T extends object>(name: string, target: T, methods: readonly (keyof T)[]): T =>
      proxy(
        target,
        Object.fromEntries(
          methods.map((method) => [
            method,
            (...args: unknown[]) => {
              steps.push(`${String(method)} → ${name}`);
              return (target[method] as (...args: unknown[]) => unknown).apply(target, args);
            },
          ]),
        ) as Partial<T>,
      );
    const room = await openRoom({
      parts: (real) => ({
        ring: note('ring', real.ring, ['add', 'remove']),
        store: note('store', real.store, ['add', 'remove']),
        protection: note('protection', real.protection, ['enable', 'disable', 'import']),
        beforeActive: async () => void steps.push('watch'),
      }),
    });
    await room.importKeys([1], { slashing_protection: historyOf(pubkeyOf(1), 1, 2) });
    await room.deleteKeys([pubkeyOf(1)]);
    expect(steps).toEqual([
      'import → protection',
      'add → store',
      'enable → protection',
      'watch',
      'add → ring',
      'remove → ring',
      'disable → protection',
      'remove → store',
    ]);
  });

  it('matters: were the history applied after the keys, a vote against it would be signed in between', async () => {
    const vote = { pubkey: pubkeyOf(1), source: 4, target: 8 };
    const signedDuring = async (late: boolean) => {
      let status = 0;
      const room = await openRoom({
        parts: (real) => ({
          // The mutant lets the keys in first: it withholds the history until they are loaded.
          ...(late ? { protection: proxy(real.protection, { import: async () => ({}) }) } : {}),
          ring: proxy(real.ring, {
            add: (keys) => {
              real.ring.add(keys);
              const asked = room.attest(vote.pubkey, vote.source, vote.target);
              void asked.then((answer) => {
                status = answer.status;
              });
            },
          }),
        }),
      });
      await room.importKeys([1], { slashing_protection: historyOf(pubkeyOf(1), 3, 9) });
      while (status === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return status;
    };
    expect(await signedDuring(false)).toBe(412);
    expect(await signedDuring(true)).toBe(200);
  });

  it('zeroes every secret, whatever happens', async () => {
    const secrets: Uint8Array[] = [];
    const room = await openRoom();
    const ports = {
      ring: room.ring,
      store: room.store,
      protection: room.protection,
      decrypt: async (...args: Parameters<typeof decryptKeystores>) => {
        const results = await decryptKeystores(...args);
        for (const result of results) if (result.ok) secrets.push(result.key.secret);
        return results;
      },
    };
    const request = {
      keystores: [1, 1, 2].map((number) => keystoreOf(number)),
      passwords: [PASSWORD, PASSWORD, PASSWORD],
    };
    await importKeystores(ports, request);
    await importKeystores(ports, request);
    await importKeystores({ ...ports, beforeActive: broken }, { keystores: [keystoreOf(3)], passwords: [PASSWORD] });
    expect(secrets).toHaveLength(7);
    for (const secret of secrets) expect(secret.every((byte) => byte === 0)).toBe(true);
  });
});

/** `target` with some methods replaced. */
function proxy<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(of, name) {
      if (name in replaced) return replaced[name as keyof T];
      const value = Reflect.get(of, name, of) as unknown;
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}
