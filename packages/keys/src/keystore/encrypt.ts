import { randomBytes } from 'node:crypto';
import { publicKeyOf } from '../bls/bls.ts';
import { checkedCost, deriveKey, type Kdf } from './kdf.ts';
import { aes128Ctr, checksumOf } from './open.ts';
import { passwordBytes } from './password.ts';

export interface EncryptOptions {
  /** 32 bytes, big-endian; not zeroed. */
  readonly secret: Uint8Array;
  readonly password: string | Uint8Array;
  /** EIP-2334 path; empty when the key was not derived. */
  readonly path?: string;
  readonly description?: string;
  /** Default: scrypt with EIP-2335's own parameters (n = 262144, r = 8, p = 1: 256 MiB). */
  readonly kdf?: { readonly function: 'scrypt'; readonly n: number; readonly r: number; readonly p: number } | Pbkdf2;
  /** Randomness for salt, IV and UUID; default from the operating system. */
  readonly random?: (bytes: number) => Uint8Array;
}

interface Pbkdf2 {
  readonly function: 'pbkdf2';
  readonly c: number;
}

/** The JSON of an EIP-2335 keystore, as every validator client reads it. */
export interface KeystoreJson {
  readonly crypto: {
    readonly kdf: KeystoreModule;
    readonly checksum: KeystoreModule;
    readonly cipher: KeystoreModule;
  };
  readonly description: string;
  readonly pubkey: string;
  readonly path: string;
  readonly uuid: string;
  readonly version: 4;
}

interface KeystoreModule {
  readonly function: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly message: string;
}

/** What EIP-2335 shows. */
const KDF_DEFAULT = { function: 'scrypt', n: 262_144, r: 8, p: 1 } as const;

/**
 * Puts a secret key into an EIP-2335 keystore. Blocks the calling thread for most of a second.
 * @example writeFileSync(path, JSON.stringify(encryptKeystore({ secret, password, path: signingPath(0) })))
 * @throws KeysSecretError | KeystoreCostError
 */
export function encryptKeystore(options: EncryptOptions): KeystoreJson {
  const { secret, path = '', description = '', random = randomBytes } = options;
  const pubkey = publicKeyOf(secret).slice(2);
  const kdf: Kdf = checkedCost({ ...(options.kdf ?? KDF_DEFAULT), salt: random(32) });
  const iv = random(16);
  const password = passwordBytes(options.password);
  const derived = deriveKey(kdf, password);
  try {
    const ciphertext = aes128Ctr(derived, iv, secret);
    return {
      crypto: {
        kdf: { function: kdf.function, params: paramsOf(kdf), message: '' },
        checksum: { function: 'sha256', params: {}, message: hex(checksumOf(derived, ciphertext)) },
        cipher: { function: 'aes-128-ctr', params: { iv: hex(iv) }, message: hex(ciphertext) },
      },
      description,
      pubkey,
      path,
      uuid: uuidFrom(random(16)),
      version: 4,
    };
  } finally {
    derived.fill(0);
    password.fill(0);
  }
}

function paramsOf(kdf: Kdf): Record<string, string | number> {
  const salt = hex(kdf.salt);
  if (kdf.function === 'pbkdf2') return { dklen: 32, c: kdf.c, prf: 'hmac-sha256', salt };
  return { dklen: 32, n: kdf.n, r: kdf.r, p: kdf.p, salt };
}

/** A version 4 UUID (RFC 9562) over 16 random bytes. */
function uuidFrom(random: Uint8Array): string {
  const bytes = new Uint8Array(random);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
