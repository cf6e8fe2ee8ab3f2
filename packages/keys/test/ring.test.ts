import { afterEach, describe, expect, test } from 'vitest';
import {
  KeyRing,
  type KeyRingOptions,
  KeysClosedError,
  KeysConfigError,
  KeysPointError,
  KeysSaturatedError,
  KeysSecretError,
  KeysThreadError,
  KeysUnknownKeyError,
  sign,
  verifySignature,
} from '../src/index.ts';
import { spawnSigningThread } from '../src/ring/threads.ts';
import { testKey, testKeys, testRoot, testSecret } from './support/keys.ts';
import {
  claimingThread,
  failingThread,
  frozenThread,
  lateThread,
  stillbornThread,
  Threads,
  wokenThread,
} from './support/threads.ts';

/** A new thread takes a moment, and longer on a machine that is busy. */
const PATIENT = { timeout: 30_000 };

const rings: KeyRing[] = [];
const ringOf = async (options: KeyRingOptions = {}): Promise<KeyRing> => {
  const ring = await KeyRing.create({ threads: 2, ...options });
  rings.push(ring);
  return ring;
};
afterEach(() => Promise.all(rings.splice(0).map((ring) => ring.close())));

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'signed',
    (error: { code: string }) => error.code,
  );

describe('signing', () => {
  test('gives the signature that the secret alone gives, for whichever key', async () => {
    const ring = await ringOf();
    ring.add(testKeys(40));
    const asked = Array.from({ length: 200 }, (_, index) => index);
    const signatures = await Promise.all(asked.map((index) => ring.sign(testKey(index % 40).pubkey, testRoot(index))));
    for (const index of asked) expect(signatures[index]).toEqual(sign(testSecret(index % 40), testRoot(index)));
    expect(ring.pending).toBe(0);
  });

  test('goes round its ring of records many times', async () => {
    const ring = await ringOf({ queueMax: 8 });
    ring.add(testKeys(1));
    const { pubkey } = testKey(0);
    for (let round = 0; round < 30; round += 1) {
      const batch = Array.from({ length: 8 }, (_, index) => ring.sign(pubkey, testRoot(round * 8 + index)));
      const signatures = await Promise.all(batch);
      expect(verifySignature(pubkey, testRoot(round * 8 + 7), signatures[7]!)).toBe(true);
    }
  });

  test('a signature is its own copy', async () => {
    const ring = await ringOf({ queueMax: 1, threads: 1 });
    ring.add(testKeys(1));
    const first = await ring.sign(testKey(0).pubkey, testRoot(1));
    const kept = first.slice();
    await ring.sign(testKey(0).pubkey, testRoot(2));
    expect(first).toEqual(kept);
    expect(first.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('refuses what it cannot sign', async () => {
    const ring = await ringOf();
    ring.add(testKeys(1));
    await expect(ring.sign(testKey(1).pubkey, testRoot(0))).rejects.toThrow(KeysUnknownKeyError);
    for (const bytes of [0, 31, 33]) {
      await expect(ring.sign(testKey(0).pubkey, new Uint8Array(bytes))).rejects.toThrow(KeysPointError);
    }
  });

  test('a full queue is a typed error at once, and those that wait are signed', async () => {
    const threads = new Threads(frozenThread);
    const ring = await ringOf({ threads: 1, queueMax: 4, spawn: threads.spawn });
    ring.add(testKeys(1));
    const waiting = [0, 1, 2, 3].map((index) => codeOf(ring.sign(testKey(0).pubkey, testRoot(index))));
    await expect(ring.sign(testKey(0).pubkey, testRoot(4))).rejects.toThrow(KeysSaturatedError);
    expect(ring.pending).toBe(4);
    await threads.workers[0]!.terminate();
    // Nobody was left to sign, so they fail instead of hanging; a new thread comes, and the next is signed.
    expect(await Promise.all(waiting)).toEqual(Array(4).fill('KEYS_THREAD'));
    await expect.poll(() => codeOf(ring.sign(testKey(0).pubkey, testRoot(4))), PATIENT).toBe('signed');
  });

  test.each([{ threads: 0 }, { threads: 1.5 }, { threads: 1000 }, { queueMax: 0 }, { queueMax: 2 ** 30 }])(
    'options out of bounds: %j',
    async (options) => {
      await expect(KeyRing.create(options)).rejects.toThrow(KeysConfigError);
    },
  );
});

describe('secrets', () => {
  test('are taken once, and the given arrays zeroed', async () => {
    const threads = new Threads();
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    const keys = testKeys(3);
    expect(ring.add(keys)).toBe(3);
    expect(keys.every(({ secret }) => secret.every((byte) => byte === 0))).toBe(true);
    const again = testKeys(4);
    expect(ring.add(again)).toBe(1);
    expect(again.every(({ secret }) => secret.every((byte) => byte === 0))).toBe(true);
    expect([ring.size, ring.pubkeys]).toEqual([4, testKeys(4).map(({ pubkey }) => pubkey)]);
    expect(threads.secrets.subarray(0, 32)).toEqual(testSecret(0));
  });

  test('remove and close leave zeros', async () => {
    const threads = new Threads();
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    ring.add(testKeys(3));
    expect(ring.remove(testKey(1).pubkey)).toBe(true);
    expect(ring.remove(testKey(1).pubkey)).toBe(false);
    expect(ring.has(testKey(1).pubkey)).toBe(false);
    expect(threads.secrets.subarray(32, 64).every((byte) => byte === 0)).toBe(true);
    await expect(ring.sign(testKey(1).pubkey, testRoot(0))).rejects.toThrow(KeysUnknownKeyError);
    await ring.close();
    expect(threads.secrets.every((byte) => byte === 0)).toBe(true);
  });

  test('many keys make the memory grow under the threads', async () => {
    const threads = new Threads();
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    // Deriving so many public keys would take long: the ring does not look at them.
    const keys = Array.from({ length: 3000 }, (_, index) => ({
      pubkey: `0x${index.toString(16).padStart(96, '0')}` as const,
      secret: testSecret(index),
    }));
    ring.add(keys as never);
    expect(ring.size).toBe(3000);
    expect(await ring.sign(keys[2999]!.pubkey as never, testRoot(0))).toEqual(sign(testSecret(2999), testRoot(0)));
  });

  test('a bad one is refused, named, and zeroed', async () => {
    const ring = await ringOf({ threads: 1 });
    const bad = { pubkey: testKey(0).pubkey, secret: new Uint8Array(32).fill(0xff) };
    expect(() => ring.add([bad])).toThrow(KeysSecretError);
    expect(ring.size).toBe(0);
    expect(bad.secret.every((byte) => byte === 0)).toBe(true);
  });

  test('memory that was damaged is told from a thread that failed', async () => {
    const threads = new Threads();
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    ring.add([testKey(0)]);
    threads.secrets.fill(0xff, 0, 32);
    await expect(ring.sign(testKey(0).pubkey, testRoot(0))).rejects.toThrow(KeysSecretError);
    const failing = new Threads(failingThread);
    const other = await ringOf({ threads: 1, spawn: failing.spawn });
    other.add([testKey(0)]);
    await expect(other.sign(testKey(0).pubkey, testRoot(0))).rejects.toThrow(KeysThreadError);
  });

  test('a slot is not given to another key while a request still names it', async () => {
    const threads = new Threads(frozenThread);
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    ring.add([testKey(0)]);
    const waiting = codeOf(ring.sign(testKey(0).pubkey, testRoot(0)));
    const slot = threads.slotAt(0);
    ring.remove(testKey(0).pubkey);
    ring.add([testKey(1)]);
    // Were it in the slot, its secret would sign the other key's request.
    expect(threads.secrets.subarray(32 * slot, 32 * slot + 32).every((byte) => byte === 0)).toBe(true);
    await threads.workers[0]!.terminate();
    expect(await waiting).toBe('KEYS_THREAD');
    ring.add([testKey(2)]);
    expect(threads.secrets.subarray(32 * slot, 32 * slot + 32)).toEqual(testSecret(2));
  });

  test('a signature that comes after its key was removed is not given out', async () => {
    const threads = new Threads(lateThread);
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    ring.add([testKey(0)]);
    const waiting = ring.sign(testKey(0).pubkey, testRoot(0));
    const settled = expect(waiting).rejects.toThrow(KeysUnknownKeyError);
    ring.remove(testKey(0).pubkey);
    await settled;
  });
});

describe('threads that die', () => {
  test('fail the request that they held, and no other', async () => {
    // The second takes nothing, so that the first gets the first request, and its successor the rest.
    const threads = new Threads(claimingThread, frozenThread);
    const ring = await ringOf({ threads: 2, spawn: threads.spawn });
    ring.add(testKeys(1));
    const asked = [0, 1, 2, 3, 4].map((index) => codeOf(ring.sign(testKey(0).pubkey, testRoot(index))));
    const outcomes = await Promise.all(asked);
    expect(outcomes).toEqual(['KEYS_THREAD', 'signed', 'signed', 'signed', 'signed']);
    await expect.poll(() => codeOf(ring.sign(testKey(0).pubkey, testRoot(9))), PATIENT).toBe('signed');
  });

  test('killed at any moment, nothing hangs, nothing is lost, nothing wrong comes out', async () => {
    const threads = new Threads();
    const ring = await ringOf({ threads: 2, queueMax: 512, spawn: threads.spawn });
    ring.add(testKeys(8));
    let [signed, failed] = [0, 0];
    for (let round = 0; round < (process.env.HOLDFAST_DEEP ? 200 : 12); round += 1) {
      const asked = Array.from({ length: 60 }, async (_, index) => {
        const key = testKey(index % 8);
        try {
          const signature = await ring.sign(key.pubkey, testRoot(index));
          signed += 1;
          if (index % 10 === 0) expect(signature).toEqual(sign(testSecret(index % 8), testRoot(index)));
        } catch (error) {
          expect(error).toBeInstanceOf(KeysThreadError);
          failed += 1;
        }
      });
      setTimeout(() => void threads.workers.at(-1 - (round % 2))?.terminate(), round % 20);
      await Promise.all(asked);
      expect(ring.pending).toBe(0);
    }
    expect(signed).toBeGreaterThan(0);
    expect(signed + failed).toBe(60 * (process.env.HOLDFAST_DEEP ? 200 : 12));
  });

  test('one that dies of the wake for a request leaves it to those that sleep', async () => {
    const unborn = Array.from({ length: 20 }, () => stillbornThread);
    const threads = new Threads(wokenThread, spawnSigningThread, ...unborn);
    const ring = await ringOf({ threads: 2, spawn: threads.spawn });
    ring.add(testKeys(1));
    // Sleepers are woken in turn: at the second request at the latest it is the bad one's.
    for (let index = 0; index < 3; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await ring.sign(testKey(0).pubkey, testRoot(index))).toEqual(sign(testSecret(0), testRoot(index)));
    }
    expect(threads.workers.length).toBeGreaterThan(2);
  });

  test('a thread that never comes up is an error of create', async () => {
    await expect(KeyRing.create({ threads: 2, spawn: stillbornThread })).rejects.toThrow(KeysThreadError);
  });

  test('while none comes up, requests fail at once; when one does, they are signed', async () => {
    const threads = new Threads(frozenThread, stillbornThread, stillbornThread);
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    ring.add(testKeys(1));
    await threads.workers[0]!.terminate();
    await expect(ring.sign(testKey(0).pubkey, testRoot(0))).rejects.toThrow(KeysThreadError);
    await expect.poll(() => codeOf(ring.sign(testKey(0).pubkey, testRoot(0))), PATIENT).toBe('signed');
    expect(threads.workers).toHaveLength(4);
  });
});

describe('closing', () => {
  test('fails what waits, and everything after', async () => {
    const threads = new Threads(frozenThread);
    const ring = await ringOf({ threads: 1, spawn: threads.spawn });
    ring.add(testKeys(1));
    const waiting = codeOf(ring.sign(testKey(0).pubkey, testRoot(0)));
    await Promise.all([ring.close(), ring.close()]);
    expect(await waiting).toBe('KEYS_CLOSED');
    await expect(ring.sign(testKey(0).pubkey, testRoot(0))).rejects.toThrow(KeysClosedError);
    expect(() => ring.add(testKeys(1))).toThrow(KeysClosedError);
    expect(ring.size).toBe(0);
  });

  test('gives out what was signed before it', async () => {
    const ring = await ringOf();
    ring.add(testKeys(1));
    const asked = Array.from({ length: 50 }, (_, index) => codeOf(ring.sign(testKey(0).pubkey, testRoot(index))));
    await asked[0];
    await ring.close();
    const outcomes = await Promise.all(asked);
    expect(outcomes.every((outcome) => outcome === 'signed' || outcome === 'KEYS_CLOSED')).toBe(true);
    expect(outcomes[0]).toBe('signed');
  });
});
