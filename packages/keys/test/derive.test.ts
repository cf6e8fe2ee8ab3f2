import { describe, expect, test } from 'vitest';
import {
  deriveChild,
  deriveMaster,
  deriveSecret,
  KeysPathError,
  parsePath,
  signingPath,
  withdrawalPath,
} from '../src/index.ts';
import { sharedVector } from './support/vectors.ts';

interface KdfTest {
  readonly seed: string;
  readonly master_SK: bigint;
  readonly child_index: bigint;
  readonly child_SK: bigint;
}

const number = (secret: Uint8Array) => BigInt(`0x${Buffer.from(secret).toString('hex')}`);
const secretOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

/** JSON whose integers are larger than a double holds. */
function exact(text: string): unknown {
  const quoted = text.replace(/(:\s*)(\d+)/g, '$1"$2n"');
  return JSON.parse(quoted, (_key, value) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  );
}

describe('EIP-2333', () => {
  const kdf = sharedVector('keys/tree_kdf.json');
  test.skipIf(kdf === undefined)('master and child of every published vector', () => {
    const { kdf_tests } = exact(kdf!) as { kdf_tests: KdfTest[] };
    expect(kdf_tests.length).toBeGreaterThanOrEqual(4);
    for (const { seed, master_SK, child_index, child_SK } of kdf_tests) {
      const master = deriveMaster(Buffer.from(seed.replace(/^0x/, ''), 'hex'));
      expect(number(master)).toBe(master_SK);
      expect(number(deriveChild(master, Number(child_index)))).toBe(child_SK);
    }
  });

  const intermediate = sharedVector('keys/tree_kdf_intermediate.json');
  test.skipIf(intermediate === undefined)('the vector that shows its intermediate steps', () => {
    const vector = exact(intermediate!) as KdfTest & { readonly path: string };
    const seed = Buffer.from(vector.seed, 'hex');
    expect(number(deriveMaster(seed))).toBe(vector.master_SK);
    expect(number(deriveSecret(seed, vector.path))).toBe(vector.child_SK);
    expect(number(deriveChild(secretOf(vector.master_SK), 0))).toBe(vector.child_SK);
  });

  test('a short seed and an index out of bounds are refused', () => {
    expect(() => deriveMaster(new Uint8Array(31))).toThrow(KeysPathError);
    const master = deriveMaster(new Uint8Array(32).fill(7));
    for (const index of [-1, 1.5, 2 ** 32, Number.NaN]) expect(() => deriveChild(master, index)).toThrow(KeysPathError);
  });
});

describe('EIP-2334', () => {
  test('paths of validator 5', () => {
    expect(withdrawalPath(5)).toBe('m/12381/3600/5/0');
    expect(signingPath(5)).toBe('m/12381/3600/5/0/0');
    expect(parsePath(signingPath(5))).toEqual([12381, 3600, 5, 0, 0]);
    expect(parsePath('m')).toEqual([]);
  });

  test('the signing key is a child of the withdrawal key', () => {
    const seed = new Uint8Array(64).fill(3);
    expect(deriveSecret(seed, signingPath(1))).toEqual(deriveChild(deriveSecret(seed, withdrawalPath(1)), 0));
    expect(deriveSecret(seed, signingPath(1))).not.toEqual(deriveSecret(seed, signingPath(2)));
  });

  test.each(['', 'm/', '12381/3600', "m/12381'/3600", 'm/4294967296', 'm/01', 'm/-1', 'm/1//2', 'm/1e3', 'm/0x1'])(
    'refuses the path %j',
    (path) => {
      expect(() => parsePath(path)).toThrow(KeysPathError);
    },
  );
});
