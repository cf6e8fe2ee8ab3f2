import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  type DecryptProgress,
  decryptKeystores,
  encryptKeystore,
  type LockedKeystore,
  publicKeyOf,
  secretFromEntropy,
} from '../src/index.ts';

const CHEAP = { function: 'scrypt', n: 16, r: 8, p: 1 } as const;
const secretOf = (index: number) => secretFromEntropy(new Uint8Array(32).fill(index + 1));
const locked = (index: number, kdf: object = CHEAP): LockedKeystore => {
  const password = `password ${index}`;
  const keystore = encryptKeystore({ secret: secretOf(index), password, kdf: kdf as typeof CHEAP });
  return { keystore: JSON.stringify(keystore), password };
};
const thread = new URL('../src/keystore/thread.ts', import.meta.url);

describe('decryptKeystores', () => {
  test('opens all, in order, with progress', async () => {
    const seen: DecryptProgress[] = [];
    const list = Array.from({ length: 20 }, (_, index) => locked(index));
    const results = await decryptKeystores(list, { threads: 2, onProgress: (progress) => seen.push(progress) });
    expect(results.map(({ index }) => index)).toEqual(list.map((_, index) => index));
    for (const result of results) {
      expect(result.ok && result.key).toMatchObject({
        secret: secretOf(result.index),
        pubkey: publicKeyOf(secretOf(result.index)),
      });
    }
    expect(seen.map(({ done }) => done)).toEqual(list.map((_, index) => index + 1));
    expect(seen.at(-1)).toMatchObject({ done: 20, failed: 0, total: 20 });
  });

  test('a bad file is reported and stops no other', async () => {
    const wrong = { ...locked(2), password: 'wrong' };
    const list = [{ keystore: '{', password: '' }, locked(1), wrong, locked(3)];
    const results = await decryptKeystores(list, { threads: 2 });
    expect(results.map(({ ok }) => ok)).toEqual([false, true, false, true]);
    expect(results.flatMap((result) => (result.ok ? [] : [result.error.code]))).toEqual([
      'KEYSTORE_FORMAT',
      'KEYSTORE_PASSWORD',
    ]);
  });

  test('nothing to do takes no thread', async () => {
    const spawn = () => expect.unreachable();
    expect(await decryptKeystores([], { spawn })).toEqual([]);
    expect(await decryptKeystores([{ keystore: 1, password: '' }], { spawn })).toMatchObject([{ ok: false }]);
  });

  test('an abort keeps what was opened and names what was not', async () => {
    const abort = new AbortController();
    const list = Array.from({ length: 12 }, (_, index) => locked(index));
    const results = await decryptKeystores(list, {
      threads: 1,
      signal: abort.signal,
      onProgress: ({ done }) => done === 3 && abort.abort(),
    });
    expect(results.filter(({ ok }) => ok)).toHaveLength(3);
    expect(results.slice(3).every((result) => !result.ok && result.error.code === 'KEYSTORE_ABORTED')).toBe(true);
  });

  test('an abort does not wait for the keystore in work', async () => {
    const abort = new AbortController();
    const slow = locked(0, { function: 'pbkdf2', c: 2 });
    const json = JSON.parse(slow.keystore as string) as { crypto: { kdf: { params: { c: number } } } };
    json.crypto.kdf.params.c = 2 ** 21;
    const opening = decryptKeystores([{ ...slow, keystore: json }], { threads: 1, signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    expect(await opening).toMatchObject([{ ok: false, error: { code: 'KEYSTORE_ABORTED' } }]);
  });

  test('a thread that dies costs its keystore, not the others', async () => {
    let spawned = 0;
    const spawn = () => {
      spawned += 1;
      if (spawned > 2) return new Worker(thread);
      return new Worker("require('node:worker_threads').parentPort.once('message', () => process.exit(7))", {
        eval: true,
      });
    };
    const results = await decryptKeystores(
      [0, 1, 2, 3].map((index) => locked(index)),
      { threads: 1, spawn },
    );
    expect(results.map((result) => (result.ok ? 'ok' : result.error.code))).toEqual([
      'KEYS_THREAD',
      'KEYS_THREAD',
      'ok',
      'ok',
    ]);
  });

  test('threads are as many as memory allows', async () => {
    let spawned = 0;
    const spawn = () => {
      spawned += 1;
      return new Worker(thread);
    };
    const list = [0, 1, 2, 3].map((index) => locked(index, { function: 'scrypt', n: 1024, r: 8, p: 1 }));
    await decryptKeystores(list, { threads: 4, memoryBytesMax: 2_500_000, spawn });
    expect(spawned).toBe(2);
  });

  test('what the progress callback throws comes out', async () => {
    const onProgress = () => {
      throw new Error('cannot draw');
    };
    await expect(decryptKeystores([locked(0), locked(1)], { threads: 2, onProgress })).rejects.toThrow('cannot draw');
  });
});
