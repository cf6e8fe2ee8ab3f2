import { hash } from 'node:crypto';
import type { Root } from '@holdfast/units';

/** SHA-256 of a value: what messages carry in its stead. */
export const hashValue = (value: Uint8Array): Root => `0x${hash('sha256', value, 'hex')}` as Root;
