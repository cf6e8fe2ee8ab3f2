/** What `up` and its cluster nodes tell each other, over the channel between parent and child process. */
import type { DutyTrace } from '@holdfast/node';
import type { Interchange } from '@holdfast/protection';
import type { Hex } from '@holdfast/units';
import type { SignerNetwork } from '../../signer/networks.ts';

export const SETUP_FILE = 'setup.json';

/** What a node's directory says beside its lock, its identity and its shares. */
export interface NodeSetup {
  readonly beaconUrl: string;
  readonly network: SignerNetwork;
  /** The only one that may be paid. */
  readonly vault: Hex;
}

export type NodeOrder =
  /** Do duties from this slot on. `history`: what the keys signed before, elsewhere; not given to a node that comes back. */
  | { readonly order: 'run'; readonly fromSlot: number; readonly history: Interchange | null }
  /** Be out of the others' reach, or come back. */
  | { readonly order: 'cutOff'; readonly on: boolean }
  /** Send wrong partial signatures, or stop it. */
  | { readonly order: 'corrupt'; readonly on: boolean }
  | { readonly order: 'stop' };

/** What one node saw. */
export interface NodeDigest {
  /** Null when duties can be done, else why not. */
  readonly stopped: string | null;
  /** It stopped because a validator of the cluster was slashed, and does not go on. */
  readonly slashed: boolean;
  /** How many other nodes it reaches. */
  readonly reached: number;
  /** By position. */
  readonly faults: readonly number[];
  /** Of the last slots. */
  readonly duties: readonly DutyTrace[];
}

export type NodeReport =
  | { readonly report: 'ready'; readonly statusUrl: string }
  | { readonly report: 'digest'; readonly digest: NodeDigest };
