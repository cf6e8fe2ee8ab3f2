import type { Pubkey, Root } from '@holdfast/units';

/** What a beacon node says of itself. */
export interface NodeStatus {
  readonly genesisValidatorsRoot: Root;
  readonly headSlot: number;
  /** Behind, following blocks that nobody executed, or without its execution client: its view is not to be used. */
  readonly syncing: boolean;
}

/** One beacon node, as far as watching for a second owner needs it. Not trusted: its answers are checked by who uses them. */
export interface LivenessPort {
  /** For logs: no path, user or key. */
  readonly name: string;
  status(): Promise<NodeStatus>;
  /** The validators that the head state has, by key. `active`: may attest now, or could until lately. */
  validators(
    pubkeys: readonly Pubkey[],
  ): Promise<ReadonlyMap<Pubkey, { readonly index: number; readonly active: boolean }>>;
  /** Who was seen at work in `epoch` (`POST /eth/v1/validator/liveness/{epoch}`); nodes know this epoch and the last. */
  liveness(epoch: number, indices: readonly number[]): Promise<ReadonlyMap<number, boolean>>;
}

/** The slashing protection's memory of what this signer, or one that shares the store, has signed. */
export interface OwnHistory {
  /** The latest epoch in which each key may have signed a block or an attestation; none for a key without a history. */
  lastEpochs(pubkeys: readonly Pubkey[]): Promise<ReadonlyMap<Pubkey, bigint>>;
}

/** The network's time. */
export interface SlotClock {
  /** Seconds since 1970. */
  readonly genesisTime: number;
  readonly secondsPerSlot: number;
  readonly slotsPerEpoch: number;
}

export interface DoppelgangerPorts {
  /** Milliseconds since 1970; may jump. */
  readonly wallMs: () => number;
  /** Milliseconds; never jumps. */
  readonly steadyMs: () => number;
}

export const systemPorts: DoppelgangerPorts = { wallMs: () => Date.now(), steadyMs: () => performance.now() };
