import { secretKeyFrom } from '../bls/bls.ts';
import { KeysConfigError } from '../errors.ts';
import { secretAt } from './layout.ts';

const SECRET_BYTES = 32;
const SLOTS_AT_START = 1024;
/** 2^20 keys are 32 MiB of secrets; only what is used becomes resident. */
const SLOTS_MAX = 2 ** 20;

/** Where secrets live: numbered slots in one shared buffer that grows. A free slot is all zero. */
export class SecretSlots {
  readonly buffer = new SharedArrayBuffer(SLOTS_AT_START * SECRET_BYTES, { maxByteLength: SLOTS_MAX * SECRET_BYTES });
  readonly #bytes = new Uint8Array(this.buffer);
  readonly #free: number[] = [];
  #next = 0;

  /**
   * Copies `secret` into a slot.
   * @throws KeysSecretError when it is not a secret key
   * @throws KeysConfigError when 2^20 keys are held
   */
  put(secret: Uint8Array): number {
    secretKeyFrom(secret);
    const slot = this.#free.pop() ?? this.#fresh();
    secretAt(this.#bytes, slot).set(secret);
    return slot;
  }

  /** Whether a slot holds a secret key. */
  holdsKey(slot: number): boolean {
    try {
      secretKeyFrom(secretAt(this.#bytes, slot));
      return true;
    } catch {
      return false;
    }
  }

  zero(slot: number): void {
    secretAt(this.#bytes, slot).fill(0);
  }

  /** Lets a slot be used again. Only when no request names it any more: it would be signed by another key. */
  free(slot: number): void {
    this.zero(slot);
    this.#free.push(slot);
  }

  zeroAll(): void {
    this.#bytes.fill(0);
  }

  #fresh(): number {
    const slots = this.buffer.byteLength / SECRET_BYTES;
    if (this.#next === slots) {
      if (slots === SLOTS_MAX) {
        throw new KeysConfigError('the key ring is full', { data: { keys: slots }, fix: 'Run a second signer' });
      }
      this.buffer.grow(2 * slots * SECRET_BYTES);
    }
    this.#next += 1;
    return this.#next - 1;
  }
}
