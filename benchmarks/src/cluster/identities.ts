import { createHash } from 'node:crypto';
import { identityFromSeed, type NodeIdentity } from '@holdfast/node';
import type { Root } from '@holdfast/units';

/** The cluster of the benchmark. */
export const LOCK_HASH = `0x${'ab'.repeat(32)}` as Root;

/** The same identities in every process. */
export const identityOf = (at: number): Promise<NodeIdentity> =>
  identityFromSeed(new Uint8Array(createHash('sha256').update(`node ${at}`).digest()));
