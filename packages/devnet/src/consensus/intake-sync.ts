import { PublicKey, Signature, verify } from '@chainsafe/blst';
import { DOMAIN_APPLICATION_BUILDER, SYNC_COMMITTEE_SUBNET_COUNT, SYNC_COMMITTEE_SUBNET_SIZE } from '@lodestar/params';
import { computeDomain, computeSigningRoot, isSyncCommitteeAggregator } from '@lodestar/state-transition';
import { type altair, type bellatrix, ssz } from '@lodestar/types';
import { contributionRequest, syncMessageRequest, syncSelectionRequest } from '../signing/requests.ts';
import { requireSigned, requireSignedByAll } from './intake-votes.ts';
import { type ChainStore, rootOf } from './store.ts';
import { type SyncPool, subcommitteesOf } from './sync-pool.ts';
import type { DevnetState } from './types.ts';

/** Where sync committee messages from outside go. */
export interface SyncIntake {
  readonly state: DevnetState;
  readonly store: ChainStore;
  readonly pool: SyncPool;
}

/** Takes one member's message. Throws an Error that says why not. */
export function takeSyncMessage({ state, store, pool }: SyncIntake, message: altair.SyncCommitteeMessage): void {
  const { slot, beaconBlockRoot, validatorIndex, signature } = message;
  requireNow(state, store, slot, beaconBlockRoot);
  if (!state.epochCtx.getIndexedSyncCommittee(slot).validatorIndexMap.has(validatorIndex)) {
    throw Error(`validator ${validatorIndex} is not in the sync committee`);
  }
  const { signingRoot } = syncMessageRequest(state.config, slot, beaconBlockRoot);
  requireSigned('sync committee message', state, validatorIndex, signingRoot, signature);
  pool.addMessage(message);
}

/** Takes a subcommittee's contribution with its aggregator's proof. Throws an Error that says why not. */
export function takeContribution(intake: SyncIntake, signed: altair.SignedContributionAndProof): void {
  const { state, store, pool } = intake;
  const { config, epochCtx } = state;
  const { aggregatorIndex, contribution, selectionProof } = signed.message;
  const { slot, beaconBlockRoot, subcommitteeIndex, aggregationBits } = contribution;
  requireNow(state, store, slot, beaconBlockRoot);
  if (subcommitteeIndex >= SYNC_COMMITTEE_SUBNET_COUNT) throw Error(`there is no subcommittee ${subcommitteeIndex}`);
  if (!subcommitteesOf(state, slot, aggregatorIndex).includes(subcommitteeIndex)) {
    throw Error(`aggregator ${aggregatorIndex} is not in subcommittee ${subcommitteeIndex}`);
  }
  const selection = syncSelectionRequest(config, slot, subcommitteeIndex).signingRoot;
  requireSigned('selection proof', state, aggregatorIndex, selection, selectionProof);
  if (!isSyncCommitteeAggregator(selectionProof))
    throw Error(`validator ${aggregatorIndex} is not chosen to aggregate`);
  const outer = contributionRequest(config, signed.message).signingRoot;
  requireSigned('contribution and proof', state, aggregatorIndex, outer, signed.signature);
  const { validatorIndices } = epochCtx.getIndexedSyncCommittee(slot);
  const first = subcommitteeIndex * SYNC_COMMITTEE_SUBNET_SIZE;
  const signers = aggregationBits.getTrueBitIndexes().map((offset) => validatorIndices[first + offset]!);
  if (signers.length === 0) throw Error('the contribution has no signature');
  const { signingRoot } = syncMessageRequest(config, slot, beaconBlockRoot);
  requireSignedByAll('contribution', state, signers, signingRoot, contribution.signature);
  pool.addContribution(contribution);
}

/** A builder registration. There is no builder here: it is verified and that is all. Throws when the signature is bad. */
export function checkRegistration(state: DevnetState, signed: bellatrix.SignedValidatorRegistrationV1): void {
  const domain = computeDomain(DOMAIN_APPLICATION_BUILDER, state.config.GENESIS_FORK_VERSION, new Uint8Array(32));
  const signingRoot = computeSigningRoot(ssz.bellatrix.ValidatorRegistrationV1, signed.message, domain);
  const key = PublicKey.fromBytes(signed.message.pubkey, true);
  if (verify(signingRoot, key, Signature.fromBytes(signed.signature, true))) return;
  throw Error('the signature of the registration is not that of its validator');
}

/** The next block takes messages of the slot before it, about its parent, and no others. */
function requireNow(state: DevnetState, store: ChainStore, slot: number, beaconBlockRoot: Uint8Array): void {
  if (slot !== state.slot) throw Error(`it is slot ${state.slot}, the message is of slot ${slot}`);
  if (!store.byRoot(rootOf(beaconBlockRoot))) throw Error(`the block ${rootOf(beaconBlockRoot)} is not known`);
}
