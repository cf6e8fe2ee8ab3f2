import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { KeystoreCostError, KeystoreFormatError } from './errors.ts';

/** scrypt (RFC 7914): `n` iterations, blocks of 128 · `r` bytes, `p` lanes. */
export interface ScryptKdf {
  readonly function: 'scrypt';
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Uint8Array;
}

/** PBKDF2 (RFC 8018) with HMAC-SHA-256: `c` iterations. */
export interface Pbkdf2Kdf {
  readonly function: 'pbkdf2';
  readonly c: number;
  readonly salt: Uint8Array;
}

export type Kdf = ScryptKdf | Pbkdf2Kdf;

const MIB = 1024 * 1024;
/** Twice what EIP-2335's own parameters take (256 MiB). */
const SCRYPT_BYTES_MAX = 512 * MIB;
/** n · r · p: eight times EIP-2335's own. */
const SCRYPT_WORK_MAX = 2 ** 24;
/** 64 times EIP-2335's own: some seconds. */
const PBKDF2_ITERATIONS_MAX = 2 ** 24;
const DERIVED_BYTES = 32;

/** The memory that scrypt takes, in bytes, as OpenSSL counts it. */
export function scryptBytes({ n, r, p }: Pick<ScryptKdf, 'n' | 'r' | 'p'>): number {
  return 128 * r * (n + p + 2);
}

/** The memory that a derivation takes, in bytes. */
export function kdfBytes(kdf: Kdf): number {
  return kdf.function === 'scrypt' ? scryptBytes(kdf) : 0;
}

/**
 * `kdf` itself, when it is well formed and its cost is within bounds.
 * @throws KeystoreFormatError | KeystoreCostError
 */
export function checkedCost<K extends Kdf>(kdf: K): K {
  if (kdf.function === 'scrypt') {
    const { n, r, p } = kdf;
    const [bytes, work] = [kdfBytes(kdf), n * r * p];
    if (bytes > SCRYPT_BYTES_MAX) {
      throw new KeystoreCostError('memory', { data: { n, r, p, MiB: Math.ceil(bytes / MIB), MiBMax: 512 } });
    }
    if (work > SCRYPT_WORK_MAX) throw new KeystoreCostError('work', { data: { n, r, p, work, max: SCRYPT_WORK_MAX } });
    if (n < 2 || (n & (n - 1)) !== 0) {
      throw new KeystoreFormatError('crypto.kdf.params.n', 'is not a power of two above one', { data: { n } });
    }
  } else if (kdf.c > PBKDF2_ITERATIONS_MAX) {
    throw new KeystoreCostError('work', { data: { c: kdf.c, max: PBKDF2_ITERATIONS_MAX } });
  }
  return kdf;
}

/** 32 bytes from a password. The caller zeroes them. Takes its time on the calling thread. */
export function deriveKey(kdf: Kdf, password: Uint8Array): Uint8Array {
  if (kdf.function === 'pbkdf2') return pbkdf2Sync(password, kdf.salt, kdf.c, DERIVED_BYTES, 'sha256');
  const { n, r, p, salt } = kdf;
  return scryptSync(password, salt, DERIVED_BYTES, { N: n, r, p, maxmem: kdfBytes(kdf) + MIB });
}
