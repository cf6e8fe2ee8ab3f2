import { argon2, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { KeysConfigError } from '../errors.ts';
import { scryptBytes } from '../keystore/kdf.ts';

/** How a passphrase becomes a key. Stands in the clear before what is sealed. */
export type PassphraseKdf =
  /** RFC 9106. `memoryKiB` over all `lanes`. */
  | { readonly function: 'argon2id'; readonly memoryKiB: number; readonly passes: number; readonly lanes: number }
  /** RFC 7914. */
  | { readonly function: 'scrypt'; readonly n: number; readonly r: number; readonly p: number };

/** The second choice of RFC 9106, section 4: well below a second, once, at start. */
export const PASSPHRASE_KDF_DEFAULT: PassphraseKdf = {
  function: 'argon2id',
  memoryKiB: 65_536,
  passes: 3,
  lanes: 4,
};

export const SALT_BYTES = 16;
const KEY_BYTES = 32;
const HEADER_BYTES = 1 + 3 * 4;
const MIB = 1024 * 1024;
const MEMORY_BYTES_MAX = 1024 * MIB;
const FUNCTIONS = { argon2id: 1, scrypt: 2 } as const;

/** `kdf` itself. @throws KeysConfigError when it cannot be run, or would take more than 1 GiB or minutes */
export function checkedKdf(kdf: PassphraseKdf): PassphraseKdf {
  const params = Object.values(kdf).filter((value) => typeof value === 'number');
  const whole = params.length === 3 && params.every((value) => Number.isSafeInteger(value) && value >= 1);
  const possible = whole && (kdf.function === 'scrypt' ? scryptPossible(kdf) : argon2Possible(kdf));
  if (possible) return kdf;
  throw new KeysConfigError("the passphrase's key derivation is out of bounds", { data: { kdf } });
}

function scryptPossible(kdf: PassphraseKdf & { function: 'scrypt' }): boolean {
  const { n, r, p } = kdf;
  return n > 1 && Number.isInteger(Math.log2(n)) && scryptBytes(kdf) <= MEMORY_BYTES_MAX && n * r * p <= 2 ** 24;
}

function argon2Possible({ memoryKiB, passes, lanes }: PassphraseKdf & { function: 'argon2id' }): boolean {
  return memoryKiB >= 8 * lanes && memoryKiB * 1024 <= MEMORY_BYTES_MAX && lanes <= 64 && passes <= 64;
}

/** Runs beside the calling thread. The caller zeroes the result. */
export async function passphraseKey(kdf: PassphraseKdf, passphrase: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  if (kdf.function === 'scrypt') {
    const { n: N, r, p } = kdf;
    const maxmem = scryptBytes(kdf) + MIB;
    return promisify<Uint8Array, Uint8Array, number, object, Uint8Array>(scrypt)(passphrase, salt, KEY_BYTES, {
      N,
      r,
      p,
      maxmem,
    });
  }
  return promisify(argon2)('argon2id', {
    message: passphrase,
    nonce: salt,
    memory: kdf.memoryKiB,
    passes: kdf.passes,
    parallelism: kdf.lanes,
    tagLength: KEY_BYTES,
  });
}

/** Function and parameters as bytes, salt after them: the head of what a passphrase seals. */
export function encodeKdf(kdf: PassphraseKdf, salt: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEADER_BYTES + SALT_BYTES);
  const view = new DataView(head.buffer);
  const params = kdf.function === 'scrypt' ? [kdf.n, kdf.r, kdf.p] : [kdf.memoryKiB, kdf.passes, kdf.lanes];
  head[0] = FUNCTIONS[kdf.function];
  for (const [index, value] of params.entries()) view.setUint32(1 + 4 * index, value);
  head.set(salt, HEADER_BYTES);
  return head;
}

export interface KdfHead {
  readonly kdf: PassphraseKdf;
  readonly salt: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The head of what a passphrase sealed, or undefined when there is none that may be run. */
export function decodeKdf(sealed: Uint8Array): KdfHead | undefined {
  const bytes = new Uint8Array(sealed.subarray(0, HEADER_BYTES + SALT_BYTES));
  if (bytes.length < HEADER_BYTES + SALT_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const [a, b, c] = [view.getUint32(1), view.getUint32(5), view.getUint32(9)];
  const kdf: PassphraseKdf | undefined =
    bytes[0] === FUNCTIONS.argon2id
      ? { function: 'argon2id', memoryKiB: a, passes: b, lanes: c }
      : bytes[0] === FUNCTIONS.scrypt
        ? { function: 'scrypt', n: a, r: b, p: c }
        : undefined;
  if (kdf === undefined) return undefined;
  try {
    return { kdf: checkedKdf(kdf), salt: bytes.subarray(HEADER_BYTES), bytes };
  } catch {
    return undefined;
  }
}
