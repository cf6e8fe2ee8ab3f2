import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decryptKeystore,
  encryptKeystore,
  KeysError,
  parseKeystore,
  publicKeyOf,
  SealedStore,
  sealedStorePath,
} from '../src/index.ts';
import { openSecret, sealSecret, withDerived } from '../src/sealed/data-key.ts';
import { testKey, testKeys, testSecret } from './support/keys.ts';
import { cheapKek, removeDirectory, temporaryDirectory } from './support/stores.ts';

const SEED = 20_261_121;
const RUNS = process.env.HOLDFAST_DEEP === '1' ? 20_000 : 400;

/** Changes to bytes: some flipped, some cut out, some put in. */
const damage = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), mask: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat() }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: fc.nat(),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
  ),
  { minLength: 1, maxLength: 3 },
);

function damaged(bytes: Uint8Array, changes: typeof damage extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (const change of changes) {
    const at = out.length === 0 ? 0 : change.at % out.length;
    if (change.kind === 'flip' && out.length > 0) out[at]! ^= change.mask;
    else if (change.kind === 'cut') out = Buffer.concat([out.subarray(0, at), out.subarray(at + change.length)]);
    else if (change.kind === 'end') out = out.subarray(0, at);
    else if (change.kind === 'insert') out = Buffer.concat([out.subarray(0, at), change.bytes, out.subarray(at)]);
  }
  return out;
}

describe('a damaged keystore', () => {
  const kdf = { function: 'scrypt', n: 16, r: 8, p: 1 } as const;
  const whole = Buffer.from(JSON.stringify(encryptKeystore({ secret: testSecret(0), password: 'password', kdf })));

  test('gives a typed error or the very key, never another', () => {
    fc.assert(
      fc.property(damage, (changes) => {
        const text = Buffer.from(damaged(whole, changes)).toString('utf8');
        try {
          // A file may ask for costs that are allowed and yet too dear to be tried here a thousand times.
          const { kdf: cost } = parseKeystore(text);
          if (cost.function === 'scrypt' && cost.n * cost.r * cost.p > 4096) return;
          expect(decryptKeystore(text, 'password').secret).toEqual(testSecret(0));
        } catch (error) {
          expect(error).toBeInstanceOf(KeysError);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  test('whatever JSON comes, the parser answers with its own errors', () => {
    const field = fc.constantFrom(
      'crypto',
      'kdf',
      'params',
      'function',
      'message',
      'version',
      'salt',
      'n',
      'uuid',
      'path',
    );
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constantFrom(4, 'scrypt', 'pbkdf2', 'sha256', 'aes-128-ctr', ''),
        fc.dictionary(field, tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        try {
          parseKeystore(value);
        } catch (error) {
          expect(error).toBeInstanceOf(KeysError);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

describe('a damaged sealed store', () => {
  const kek = cheapKek();
  const keys = testKeys(4);
  let directory: string;
  let whole: Uint8Array;

  beforeAll(async () => {
    directory = temporaryDirectory();
    await (await SealedStore.open(directory, kek, { create: true })).add(keys);
    whole = readFileSync(sealedStorePath(directory));
  });
  afterAll(() => removeDirectory(directory));

  test('gives a typed error or the very keys, never others', async () => {
    const expected = new Map(keys.map(({ pubkey, secret }) => [pubkey, secret]));
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        writeFileSync(sealedStorePath(directory), damaged(whole, changes));
        try {
          const store = await SealedStore.open(directory, kek);
          const unsealed = await store.unseal();
          expect(unsealed).toHaveLength(keys.length);
          for (const { pubkey, secret } of unsealed) expect(secret).toEqual(expected.get(pubkey));
        } catch (error) {
          expect(error).toBeInstanceOf(KeysError);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

describe('a sealed secret', () => {
  test('opens only beside the very record and store that it was sealed with', async () => {
    const record = {
      pubkey: publicKeyOf(testSecret(0)),
      description: 'one',
      path: 'm/12381/3600/0/0/0',
      importedAt: '2026-01-02T03:04:05.678Z',
      disabled: false,
    };
    const random = (bytes: number) => new Uint8Array(bytes).fill(7);
    await withDerived(new Uint8Array(32).fill(1), (key) => {
      const sealed = sealSecret(key, 'aa', record, testSecret(0), random);
      expect(Buffer.from(openSecret(key, 'aa', sealed)!)).toEqual(Buffer.from(testSecret(0)));
      expect(openSecret(key, 'ab', sealed)).toBeUndefined();
      const changes = [
        { pubkey: testKey(1).pubkey },
        { description: 'two' },
        { path: '' },
        { importedAt: '2026-01-02T03:04:05.679Z' },
        { disabled: true },
      ];
      for (const change of changes) expect(openSecret(key, 'aa', { ...sealed, ...change })).toBeUndefined();
    });
  });
});
