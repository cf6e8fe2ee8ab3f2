// EIP-2333: a tree of BLS12-381 keys from one seed. EIP-2334: which leaf is for what.
import { SecretKey } from '@chainsafe/blst';
import { secretKeyFrom } from '../bls/bls.ts';
import { KeysPathError } from '../errors.ts';

const SEED_BYTES_MIN = 32;
const INDEX_MAX = 2 ** 32 - 1;
/** EIP-2334 has five levels; more than this is a mistake, and each one costs 255 hashes twice. */
const LEVELS_MAX = 16;

/**
 * The master secret key of a seed (`derive_master_SK`).
 * @param seed at least 32 bytes; a BIP-39 seed has 64. Zero it afterwards
 * @throws KeysPathError when it is shorter
 */
export function deriveMaster(seed: Uint8Array): Uint8Array {
  if (seed.length < SEED_BYTES_MIN) {
    throw new KeysPathError('the seed is too short', { data: { bytes: seed.length, min: SEED_BYTES_MIN } });
  }
  return SecretKey.deriveMasterEip2333(seed).toBytes();
}

/**
 * A child of a secret key (`derive_child_SK`). EIP-2333 knows no unhardened children.
 * @param index 0 to 2^32 − 1
 * @throws KeysPathError | KeysSecretError
 */
export function deriveChild(parent: Uint8Array, index: number): Uint8Array {
  return secretKeyFrom(parent).deriveChildEip2333(checkedIndex(index)).toBytes();
}

/**
 * The secret key at `path` below the master of `seed`. What lies between is zeroed.
 * @example deriveSecret(seed, signingPath(0))
 * @throws KeysPathError
 */
export function deriveSecret(seed: Uint8Array, path: string): Uint8Array {
  let secret = deriveMaster(seed);
  for (const index of parsePath(path)) {
    const child = deriveChild(secret, index);
    secret.fill(0);
    secret = child;
  }
  return secret;
}

/**
 * The indexes of a path like `m/12381/3600/0/0/0`. The master itself is `m`.
 * @throws KeysPathError
 */
export function parsePath(path: string): readonly number[] {
  const [root, ...levels] = path.split('/');
  if (root !== 'm' || levels.length > LEVELS_MAX || !levels.every((level) => /^(?:0|[1-9]\d{0,9})$/.test(level))) {
    throw new KeysPathError('not an EIP-2334 path', {
      data: { path },
      fix: 'Write it as m/12381/3600/0/0/0: indexes from 0 to 4294967295, no apostrophes',
    });
  }
  return levels.map((level) => checkedIndex(Number(level)));
}

/** Where validator `index` has its withdrawal key: `m/12381/3600/i/0`. */
export const withdrawalPath = (index: number): string => `m/12381/3600/${checkedIndex(index)}/0`;

/** Where validator `index` has its signing key: a child of its withdrawal key, `m/12381/3600/i/0/0`. */
export const signingPath = (index: number): string => `${withdrawalPath(index)}/0`;

function checkedIndex(index: number): number {
  if (Number.isInteger(index) && index >= 0 && index <= INDEX_MAX) return index;
  throw new KeysPathError('the index is out of bounds', { data: { index, min: 0, max: INDEX_MAX } });
}
