import { type Root, toHex } from '@holdfast/units';
import { ProtectionInputError } from './errors.ts';
import type { RootBytes } from './logic/exact.ts';

const ZERO = Buffer.alloc(32);

/**
 * A signing root's bytes. A root of zeros is how some clients write "unknown": no message has it, so it counts as unknown,
 * and a record with it never passes as a repeat.
 */
export function rootBytes(root: Root | null): RootBytes {
  if (root === null) return null;
  const bytes = typeof root === 'string' && root.length === 66 ? Buffer.from(root.slice(2), 'hex') : ZERO.subarray(1);
  if (bytes.length !== 32)
    throw new ProtectionInputError('not a signing root', {
      data: { signingRoot: root },
      fix: 'Give 32 bytes as hex, or null',
    });
  return bytes.equals(ZERO) ? null : bytes;
}

/** As databases keep it: no bytes for an unknown root. */
const NONE = new Uint8Array(0);
export const storedRoot = (root: RootBytes): Uint8Array => root ?? NONE;
export const rootFromStored = (bytes: Uint8Array): RootBytes => (bytes.length === 0 ? null : bytes);

export const rootText = (root: Uint8Array): Root => toHex(root) as Root;
