import { SecretKey } from '@chainsafe/blst';
import { fromHex, type Hex, type Pubkey, toHex } from '@holdfast/units';
import { interopSecretKey } from '@lodestar/state-transition';
import { DevnetError } from '../errors.ts';

/** The order r of BLS12-381's groups: secret keys are integers modulo r. */
const CURVE_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

export const genesisSecretKey = (index: number): Uint8Array => interopSecretKey(index).toBytes();

interface ValidatorKey {
  readonly secret: SecretKey;
  readonly scalar: bigint;
}

/** The secret keys of the validators that the devnet performs the duties of. Test keys: they stand here unprotected. */
export class ValidatorKeys {
  readonly #keys = new Map<Hex, ValidatorKey>();

  get size(): number {
    return this.#keys.size;
  }

  /** Idempotent. Returns the public key. */
  add(secretKey: Uint8Array | Hex): Pubkey {
    const bytes = typeof secretKey === 'string' ? fromHex(secretKey, 32) : secretKey;
    const secret = parseSecretKey(bytes);
    const pubkey = toHex(secret.toPublicKey().toBytes()) as Pubkey;
    this.#keys.set(pubkey, { secret, scalar: BigInt(toHex(bytes)) });
    return pubkey;
  }

  has(pubkey: Hex): boolean {
    return this.#keys.has(pubkey);
  }

  /** Throws `DEVNET_KEY_UNKNOWN` when it is not there. */
  require(pubkey: Hex): void {
    this.#get(pubkey);
  }

  pubkeys(): Pubkey[] {
    return [...this.#keys.keys()] as Pubkey[];
  }

  sign(pubkey: Hex, signingRoot: Uint8Array): Uint8Array {
    return this.#get(pubkey).secret.sign(signingRoot).toBytes();
  }

  /**
   * The aggregate of every listed validator's signature on one message; a validator listed twice counts twice.
   *
   * BLS signing is linear, Σ(skᵢ·H(m)) = (Σskᵢ)·H(m), so one signature by the sum of the keys is bit for bit the
   * aggregate of the single signatures, at the cost of one.
   */
  signAggregate(pubkeys: readonly Hex[], signingRoot: Uint8Array): Uint8Array {
    let sum = 0n;
    for (const pubkey of pubkeys) sum += this.#get(pubkey).scalar;
    const scalar = (sum % CURVE_ORDER).toString(16).padStart(64, '0');
    return SecretKey.fromHex(scalar).sign(signingRoot).toBytes();
  }

  #get(pubkey: Hex): ValidatorKey {
    const key = this.#keys.get(pubkey);
    if (!key) {
      throw new DevnetError('DEVNET_KEY_UNKNOWN', 'the devnet holds no key of this validator', {
        data: { pubkey },
        fix: 'Give it the key first: addKeys or POST /holdfast/v1/keys',
      });
    }
    return key;
  }
}

/** Warning: the error names no key, since it may be somebody's real one. */
function parseSecretKey(bytes: Uint8Array): SecretKey {
  try {
    return SecretKey.fromBytes(bytes);
  } catch (cause) {
    throw new DevnetError('DEVNET_BAD_KEY', 'not a BLS12-381 secret key', {
      data: { bytes: bytes.length },
      fix: 'Give 32 bytes, a number from 1 to r - 1, big-endian',
      cause,
    });
  }
}
