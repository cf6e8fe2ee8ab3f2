import { BitArray } from '@chainsafe/ssz';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { BUILDER_INDEX_SELF_BUILD, ForkSeq, PTC_SIZE } from '@lodestar/params';
import {
  type CachedBeaconStateAllForks,
  type CachedBeaconStateGloas,
  G2_POINT_AT_INFINITY,
  getExecutionPayloadEnvelopeSigningRoot,
  getPayloadAttestationDataSigningRoot,
  getRandaoMix,
} from '@lodestar/state-transition';
import { processParentExecutionPayload, processWithdrawals } from '@lodestar/state-transition/block';
import { type BeaconBlock, type gloas, ssz } from '@lodestar/types';
import type { SealedBlock } from '../execution/port.ts';
import type { DutyRoster } from '../signing/roster.ts';
import { type BuiltBody, commonBody, type ProposalContext, sealPayload } from './body.ts';
import type { OpenSlot } from './open-slot.ts';
import { toExecutionPayload, toExecutionRequests } from './payload.ts';
import type { UnsignedBlock } from './propose.ts';
import type { StoredBlock } from './store.ts';
import type { DevnetState } from './types.ts';

// EIP-7732: the block only bids for its payload; the payload follows in an envelope, and its requests are applied by
// the next block. The devnet's proposers build for themselves, which bids zero and needs no builder's signature.

const asGloas = (state: DevnetState): CachedBeaconStateGloas =>
  state as CachedBeaconStateAllForks as CachedBeaconStateGloas;

export async function gloasBody(context: ProposalContext): Promise<BuiltBody> {
  const { preState, headRoot, headEnvelope } = context;
  const parentExecutionRequests = headEnvelope?.message.executionRequests ?? ssz.gloas.ExecutionRequests.defaultValue();
  // The last bid that was made is the last payload that was released: nobody here withholds one.
  const parentBlockHash = asGloas(preState).latestExecutionPayloadBid.blockHash;
  const applied = applyParentPayload(preState, parentBlockHash, parentExecutionRequests);
  // Chosen before the withdrawals are taken, as pre-Gloas: `process_withdrawals` makes no operation invalid.
  const common = commonBody(context, applied as CachedBeaconStateAllForks as DevnetState);
  processWithdrawals(ForkSeq.gloas, applied);
  const sealed = await sealPayload(context, applied.payloadExpectedWithdrawals.toValue());
  const bid: gloas.ExecutionPayloadBid = {
    parentBlockHash,
    parentBlockRoot: headRoot,
    blockHash: fromHex(sealed.payload.blockHash, 32),
    prevRandao: getRandaoMix(preState, preState.epochCtx.epoch),
    feeRecipient: fromHex(context.feeRecipient, 20),
    gasLimit: sealed.payload.gasLimit,
    builderIndex: BUILDER_INDEX_SELF_BUILD,
    slot: preState.slot,
    value: 0,
    executionPayment: 0n,
    blobKzgCommitments: [],
    executionRequestsRoot: ssz.gloas.ExecutionRequests.hashTreeRoot(toGloasRequests(sealed)),
  };
  const body: gloas.BeaconBlockBody = {
    ...common,
    signedExecutionPayloadBid: { message: bid, signature: G2_POINT_AT_INFINITY },
    payloadAttestations: payloadAttestations(context),
    parentExecutionRequests,
  };
  return { body, executionBlockHash: sealed.payload.blockHash, sealed };
}

/** The payload of a block, signed by its proposer, as it is gossiped once the block is out. */
export function signEnvelope(
  { head, roster }: { readonly head: StoredBlock; readonly roster: DutyRoster },
  { preState, proposer }: OpenSlot,
  { message: block, sealed }: UnsignedBlock,
): gloas.SignedExecutionPayloadEnvelope {
  const { config, slot } = preState;
  const message: gloas.ExecutionPayloadEnvelope = {
    // Execution layers before Amsterdam make no block access list (EIP-7928).
    payload: { ...toExecutionPayload(sealed.payload), blockAccessList: new Uint8Array(), slotNumber: slot },
    executionRequests: toGloasRequests(sealed),
    builderIndex: BUILDER_INDEX_SELF_BUILD,
    beaconBlockRoot: config.getForkTypes(slot).BeaconBlock.hashTreeRoot(block),
    parentBeaconBlockRoot: fromHex(head.root, 32),
  };
  return {
    message,
    signature: roster.keys.sign(proposer.pubkey, getExecutionPayloadEnvelopeSigningRoot(config, message)),
  };
}

const toGloasRequests = ({ requests }: SealedBlock): gloas.ExecutionRequests => ({
  ...toExecutionRequests(requests),
  builderDeposits: [],
  builderExits: [],
});

/**
 * A copy of the state after the first step of the block, `process_parent_execution_payload`: what the block's operations
 * and withdrawals will meet. An exit requested by the parent's payload makes a voluntary exit in this block invalid.
 */
function applyParentPayload(
  preState: DevnetState,
  parentBlockHash: Uint8Array,
  parentExecutionRequests: gloas.ExecutionRequests,
): CachedBeaconStateGloas {
  const state = asGloas(preState).clone(true);
  const signedExecutionPayloadBid = { message: { parentBlockHash } };
  const block = { body: { signedExecutionPayloadBid, parentExecutionRequests } };
  processParentExecutionPayload(state, block as unknown as BeaconBlock<never>);
  return state;
}

/** The payload timeliness committee of the slot before says that the head's payload came in time. */
function payloadAttestations({ preState, headRoot, roster, faults }: ProposalContext): gloas.PayloadAttestation[] {
  const slot = preState.slot - 1;
  const { config, epochCtx, latestBlockHeader, validators } = preState;
  const hasBlock = latestBlockHeader.slot === slot;
  if (!hasBlock || slot === 0 || config.getForkSeq(slot) < ForkSeq.gloas) return [];
  const aggregationBits = BitArray.fromBitLen(PTC_SIZE);
  const signers: Hex[] = [];
  epochCtx.getPayloadTimelinessCommittee(slot).forEach((index, position) => {
    const validator = validators.getReadonly(index);
    const pubkey = toHex(validator.pubkey);
    if (validator.slashed || roster.performerOf(pubkey) !== 'local' || faults.isOffline(pubkey, slot)) return;
    aggregationBits.set(position, true);
    signers.push(pubkey);
  });
  if (signers.length === 0) return [];
  const data = { beaconBlockRoot: headRoot, slot, payloadPresent: true, blobDataAvailable: true };
  const signature = roster.keys.signAggregate(signers, getPayloadAttestationDataSigningRoot(config, data));
  return [{ aggregationBits, data, signature }];
}
