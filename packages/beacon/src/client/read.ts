import { fromHex, type Hex, HoldfastError, toHex } from '@holdfast/units';
import { BeaconAnswerError } from '../errors.ts';

/** A JSON value from a node, with the path to it for errors. Every reader throws BeaconAnswerError on another shape. */
export class Answer {
  readonly value: unknown;
  readonly at: string;
  private readonly node: string;

  constructor(value: unknown, at: string, node: string) {
    this.value = value;
    this.at = at;
    this.node = node;
  }

  /** Bytes of JSON, strictly UTF-8. */
  static parse(bytes: Uint8Array, node: string): Answer {
    try {
      return new Answer(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'answer', node);
    } catch (cause) {
      const start = new TextDecoder().decode(bytes.subarray(0, 80));
      throw new BeaconAnswerError('not JSON', { data: { node, start }, cause });
    }
  }

  fail(expected: string): BeaconAnswerError {
    return new BeaconAnswerError(`${this.at} is not ${expected}`, { data: { node: this.node, value: this.value } });
  }

  /** A member that must be there. */
  get(name: string): Answer {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.fail('an object');
    if (!Object.hasOwn(value, name)) throw this.fail(`complete: ${name} is missing`);
    return new Answer((value as Record<string, unknown>)[name], `${this.at}.${name}`, this.node);
  }

  has(name: string): boolean {
    return typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, name);
  }

  items(): Answer[] {
    if (!Array.isArray(this.value)) throw this.fail('a list');
    return this.value.map((item, i) => new Answer(item, `${this.at}[${i}]`, this.node));
  }

  entries(): [string, unknown][] {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      throw this.fail('an object');
    return Object.entries(this.value);
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.fail('a string');
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') throw this.fail('a boolean');
    return this.value;
  }

  /** uint64, which the Beacon API writes as a decimal string. */
  uint64(): bigint {
    if (typeof this.value !== 'string' || !/^(?:0|[1-9]\d{0,19})$/.test(this.value)) throw this.fail('a uint64');
    const number = BigInt(this.value);
    if (number >= 2n ** 64n) throw this.fail('a uint64');
    return number;
  }

  /** A decimal number of any length, as the Beacon API writes amounts of wei. */
  decimal(): string {
    const text = this.text();
    if (!/^\d{1,78}$/.test(text)) throw this.fail('a decimal number');
    return text;
  }

  /** A uint64 that JavaScript counts exactly: slots, epochs, indices. */
  count(): number {
    const number = Number(this.uint64());
    if (!Number.isSafeInteger(number)) throw this.fail('a number below 2^53');
    return number;
  }

  hex<T extends Hex>(bytes: number): T {
    const text = this.text();
    try {
      return toHex(fromHex(text, bytes)) as T;
    } catch (error) {
      if (error instanceof HoldfastError) throw this.fail(`${bytes} bytes of hex`);
      throw error;
    }
  }
}
