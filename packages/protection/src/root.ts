import { type Root, toHex } from '@holdfast/units';
import { ProtectionInputError } from './errors.ts';
import type { RootBytes } from './logic/exact.ts';

/** A signing root's bytes; null is an unknown one. */
export function rootBytes(root: Root | null): RootBytes {
  if (root === null) return null;
  if (typeof root !== 'string' || root.length !== 66 || !root.startsWith('0x')) throw notARoot(root);
  const bytes = Buffer.from(root.slice(2), 'hex');
  // Digits that are none end the decoding early.
  if (bytes.length !== 32) throw notARoot(root);
  return bytes;
}

const notARoot = (root: unknown): ProtectionInputError =>
  new ProtectionInputError('not a signing root', { data: { signingRoot: root }, fix: 'Give 32 bytes as hex, or null' });

/** As databases keep it: no bytes for an unknown root. */
const NONE = new Uint8Array(0);
export const storedRoot = (root: RootBytes): Uint8Array => root ?? NONE;
export const rootFromStored = (bytes: Uint8Array): RootBytes => (bytes.length === 0 ? null : bytes);

export const rootText = (root: Uint8Array): Root => toHex(root) as Root;
