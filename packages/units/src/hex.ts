import type { Brand } from './brand.ts';
import { HoldfastError } from './errors.ts';

export type Hex = `0x${string}`;
/** 32 bytes, `0x` and 64 lower-case digits. */
export type Root = Brand<Hex, 'Root'>;
/** A compressed BLS12-381 G1 point: 48 bytes, `0x` and 96 lower-case digits. */
export type Pubkey = Brand<Hex, 'Pubkey'>;

/** Bytes as lower-case hex with `0x`. */
export const toHex = (bytes: Uint8Array): Hex =>
  `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;

/** Strict: `0x`, an even number of digits, nothing else; `length` in bytes when it is known. */
export function fromHex(text: string, length?: number): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) {
    throw new HoldfastError('UNITS_BAD_HEX', 'not hex', {
      data: { value: text },
      fix: 'Write 0x and an even number of digits',
    });
  }
  if (length !== undefined && text.length !== 2 + 2 * length) {
    throw new HoldfastError('UNITS_BAD_LENGTH', 'hex of the wrong length', {
      data: { value: text, bytes: text.length / 2 - 1, expected: length },
    });
  }
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

export const asRoot = (text: string): Root => toHex(fromHex(text, 32)) as Root;
export const asPubkey = (text: string): Pubkey => toHex(fromHex(text, 48)) as Pubkey;
export const sameHex = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
