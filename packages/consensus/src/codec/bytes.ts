import { type Root, toHex } from '@holdfast/units';
import { ConsensusMessageError } from '../errors.ts';

/** Reads big-endian fields off bytes of a stranger. Every read is checked; nothing is allocated by a length it claims. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A whole number that fits a double exactly. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ConsensusMessageError('a number is out of range');
    return Number(value);
  }

  root(): Root {
    return toHex(this.#bytes.subarray(this.#take(32), this.#at)) as Root;
  }

  /** A copy, so that a small part does not keep a large message alive. */
  bytes(length: number): Uint8Array {
    return this.#bytes.slice(this.#take(length), this.#at);
  }

  /** Whether everything was read. Nothing may follow: one message has one encoding. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new ConsensusMessageError('bytes follow the end', { data: { extra: this.#bytes.length - this.#at } });
  }

  #take(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length)
      throw new ConsensusMessageError('cut off', { data: { bytes: this.#bytes.length, at: start, needed: length } });
    this.#at = start + length;
    return start;
  }
}

/** Writes big-endian fields into a buffer that grows. */
export class Writer {
  #buffer: Buffer;
  #at = 0;

  constructor(capacity = 512) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16BE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  u64(value: number): this {
    const at = this.#reserve(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32), at);
    this.#buffer.writeUInt32BE(value % 2 ** 32, at + 4);
    return this;
  }

  root(value: Root): this {
    const at = this.#reserve(32);
    this.#buffer.write(value.slice(2), at, 32, 'hex');
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  done(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at));
  }

  #reserve(length: number): number {
    const at = this.#at;
    const needed = at + length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    this.#at = needed;
    return at;
  }
}
