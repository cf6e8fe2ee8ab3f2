import { SecretKey } from '@chainsafe/blst';
import { createBeaconConfig, createChainForkConfig } from '@lodestar/config';
import { ForkSeq } from '@lodestar/params';
import {
  type CachedBeaconStateFulu,
  createCachedBeaconState,
  createPubkeyCache,
  getNextSyncCommittee,
  processSlots,
} from '@lodestar/state-transition';
import { processOperations } from '@lodestar/state-transition/block';
import { ssz } from '@lodestar/types';
import '../src/index.ts';

export const ALL_FLAGS = 0b111;

export interface TransitionOptions {
  readonly balancesEth: readonly number[];
  /** 1 = 0x01, 2 = 0x02 compounding. */
  readonly prefix?: number;
  readonly slot?: number;
}

/** A Fulu state of the real state transition (Electra's accounting is the same), at the start of its epoch. */
export function transitionState({ balancesEth, prefix = 2, slot = 8 * 20 }: TransitionOptions): CachedBeaconStateFulu {
  const chain = createChainForkConfig({
    ALTAIR_FORK_EPOCH: 0,
    BELLATRIX_FORK_EPOCH: 0,
    CAPELLA_FORK_EPOCH: 0,
    DENEB_FORK_EPOCH: 0,
    ELECTRA_FORK_EPOCH: 0,
    FULU_FORK_EPOCH: 0,
    GLOAS_FORK_EPOCH: Number.POSITIVE_INFINITY,
    // As on mainnet, far below EPOCHS_PER_SLASHINGS_VECTOR (64 here): else the slashings are forgotten before they correlate.
    MIN_VALIDATOR_WITHDRAWABILITY_DELAY: 4,
  });
  const view = ssz.fulu.BeaconState.defaultViewDU();
  balancesEth.forEach((eth, i) => {
    const withdrawalCredentials = new Uint8Array(32).fill(0x11, 12);
    withdrawalCredentials[0] = prefix;
    view.validators.push(
      ssz.phase0.Validator.toViewDU({
        pubkey: SecretKey.fromKeygen(new Uint8Array(32).fill(i + 1))
          .toPublicKey()
          .toBytes(),
        withdrawalCredentials,
        effectiveBalance: eth * 1e9,
        slashed: false,
        activationEligibilityEpoch: 0,
        activationEpoch: 0,
        exitEpoch: Number.POSITIVE_INFINITY,
        withdrawableEpoch: Number.POSITIVE_INFINITY,
      }),
    );
    view.balances.push(eth * 1e9);
    view.previousEpochParticipation.push(ALL_FLAGS);
    view.currentEpochParticipation.push(ALL_FLAGS);
    view.inactivityScores.push(0);
  });
  view.slot = slot;
  view.genesisValidatorsRoot = view.validators.hashTreeRoot();
  view.eth1DepositIndex = balancesEth.length;
  view.depositRequestsStartIndex = BigInt(balancesEth.length);
  view.eth1Data = ssz.phase0.Eth1Data.toViewDU({
    depositRoot: new Uint8Array(32),
    depositCount: BigInt(balancesEth.length),
    blockHash: new Uint8Array(32),
  });
  view.proposerLookahead = ssz.fulu.BeaconState.fields.proposerLookahead.toViewDU(
    Array.from({ length: 16 }, (_, i) => (i * 3) % balancesEth.length),
  );
  view.commit();
  const increments = Uint16Array.from(balancesEth);
  const indices = Uint32Array.from(balancesEth.keys());
  const { syncCommittee } = getNextSyncCommittee(ForkSeq.fulu, view, indices, increments);
  view.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  view.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  view.commit();
  const config = createBeaconConfig(chain, view.genesisValidatorsRoot);
  const state = createCachedBeaconState(view, { config, pubkeyCache: createPubkeyCache() });
  finalizeRecently(state);
  return state as CachedBeaconStateFulu;
}

/** Stands in for the votes that would finalize: without recent finality the chain leaks. */
export function finalizeRecently(state: CachedBeaconStateFulu): void {
  const epoch = Math.max(state.epochCtx.epoch - 2, 0);
  state.finalizedCheckpoint = ssz.phase0.Checkpoint.toViewDU({ epoch, root: new Uint8Array(32) });
}

export interface EpochOptions {
  /** Participation in the epoch before the one that ends. Default: everybody timely in everything. */
  readonly flags?: (index: number) => number;
  readonly finality?: boolean;
}

/** Runs the rest of the current epoch, with the given participation, by the real `process_epoch`. */
export function nextEpoch(state: CachedBeaconStateFulu, options: EpochOptions = {}): CachedBeaconStateFulu {
  const { flags = () => ALL_FLAGS, finality = true } = options;
  // Anew, not by set(): the library's participation flags can only be added to.
  const participation = Array.from({ length: state.validators.length }, (_, i) => flags(i));
  state.previousEpochParticipation = ssz.altair.EpochParticipation.toViewDU(participation);
  state.currentEpochParticipation = ssz.altair.EpochParticipation.toViewDU(participation);
  if (finality) finalizeRecently(state);
  state.commit();
  return processSlots(state, (state.epochCtx.epoch + 1) * 8) as CachedBeaconStateFulu;
}

/** A block's operations with one double vote by these validators. Signatures are not what is tested here. */
export function doubleVote(state: CachedBeaconStateFulu, attestingIndices: readonly number[]): void {
  const body = ssz.fulu.BeaconBlockBody.defaultValue();
  const vote = (byte: number) => {
    const attestation = ssz.electra.IndexedAttestationBigint.defaultValue();
    attestation.attestingIndices = [...attestingIndices];
    attestation.data.target.epoch = BigInt(state.epochCtx.epoch);
    attestation.data.beaconBlockRoot = new Uint8Array(32).fill(byte);
    return attestation;
  };
  body.attesterSlashings = [{ attestation1: vote(1), attestation2: vote(2) }];
  processOperations(ForkSeq.fulu, state, body, state.slot - 1, { verifySignatures: false });
  state.commit();
}

export const balancesOf = (state: CachedBeaconStateFulu): bigint[] => state.balances.getAll().map(BigInt);
