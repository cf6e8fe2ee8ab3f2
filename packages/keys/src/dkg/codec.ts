/** Bytes in and out, strictly: nothing is read beyond the end, and nothing may be left over. Numbers are big-endian. */

/** A message is not well formed. Its sender is at fault; it never leaves this folder. */
export class MalformedError extends Error {}

export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new MalformedError('cut short');
    const slice = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    return slice;
  }

  u8(min: number, max: number): number {
    return this.#within(this.bytes(1)[0]!, min, max);
  }

  u16(min: number, max: number): number {
    const [high, low] = this.bytes(2);
    return this.#within(high! * 2 ** 8 + low!, min, max);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  end(): void {
    if (this.left !== 0) throw new MalformedError('bytes left over');
  }

  #within(value: number, min: number, max: number): number {
    if (value < min || value > max) throw new MalformedError('number out of range');
    return value;
  }
}

export class Writer {
  readonly #parts: Uint8Array[] = [];

  bytes(...parts: readonly Uint8Array[]): this {
    this.#parts.push(...parts);
    return this;
  }

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u16(value: number): this {
    return this.bytes(Uint8Array.of(value >> 8, value & 0xff));
  }

  done(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }
}

/** Values that must come in ascending order without repetition, so that a set has one encoding. */
export function strictlyAscending(values: readonly number[]): void {
  if (values.some((value, i) => i > 0 && value <= values[i - 1]!)) throw new MalformedError('not ascending');
}
