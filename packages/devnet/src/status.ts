import type { Root } from '@holdfast/units';
import { computeTimeAtSlot } from '@lodestar/state-transition';
import type { Tamper } from './beacon-api/tamper.ts';
import type { BeaconChain } from './consensus/chain.ts';
import type { ActiveFault } from './consensus/faults.ts';
import type { Devnet } from './devnet.ts';

/** Where the chain stands. */
export interface DevnetStatus {
  /** The last slot that is over. */
  readonly slot: number;
  readonly epoch: number;
  readonly headSlot: number;
  readonly headRoot: Root;
  readonly justifiedEpoch: number;
  readonly finalizedEpoch: number;
  readonly validators: number;
  /** Keys that the devnet holds itself. */
  readonly keys: number;
  /** Validators that a validator client drives through the Beacon API. */
  readonly external: number;
  /** Validators that sign through signers, and the signers. */
  readonly remote: number;
  readonly signers: readonly string[];
  /** Duties that signers did not sign since the start. */
  readonly dutiesMissed: number;
  readonly genesisTime: number;
  readonly secondsPerSlot: number;
  readonly chainId: number;
  /** Whether the timer advances the chain. */
  readonly running: boolean;
  readonly faults: readonly ActiveFault[];
  readonly tamper: Tamper | null;
}

/** @param dutiesMissed duties that signers did not sign since the start */
export function statusOf(devnet: Devnet, dutiesMissed: number): DevnetStatus {
  const { chain, roster, state, slot } = devnet;
  return {
    slot,
    epoch: devnet.epoch,
    headSlot: chain.head.slot,
    headRoot: chain.head.root,
    justifiedEpoch: state.currentJustifiedCheckpoint.epoch,
    finalizedEpoch: state.finalizedCheckpoint.epoch,
    validators: state.validators.length,
    keys: roster.keys.size,
    external: roster.externalCount,
    remote: roster.remoteCount,
    signers: roster.signerNames(),
    dutiesMissed,
    genesisTime: devnet.genesisTime,
    secondsPerSlot: devnet.config.SLOT_DURATION_MS / 1000,
    chainId: devnet.execution.chainId,
    running: devnet.running,
    faults: chain.faults.list(slot),
    tamper: devnet.tampered,
  };
}

/** When the next part of a slot is due, or the next slot when none is under way, in milliseconds since 1970. */
export function nextDueMs({ open, slot, config }: BeaconChain, genesisTime: number): number {
  const startMs = (at: number) => computeTimeAtSlot(config, at, genesisTime) * 1000;
  if (!open || open.phase === 'aggregate') return startMs(slot + 1);
  return startMs(open.slot) + config.SLOT_DURATION_MS * (open.phase === 'propose' ? 1 / 3 : 2 / 3);
}
