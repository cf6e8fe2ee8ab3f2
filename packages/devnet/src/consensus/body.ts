import { BitArray } from '@chainsafe/ssz';
import { type Hex, toHex } from '@holdfast/units';
import { DOMAIN_RANDAO, DOMAIN_SYNC_COMMITTEE, SYNC_COMMITTEE_SIZE } from '@lodestar/params';
import {
  computeEpochAtSlot,
  computeSigningRoot,
  computeTimeAtSlot,
  G2_POINT_AT_INFINITY,
  getExpectedWithdrawals,
  getRandaoMix,
} from '@lodestar/state-transition';
import { type altair, type capella, type electra, type gloas, ssz } from '@lodestar/types';
import type { ExecutionPort, SealedBlock } from '../execution/port.ts';
import type { FaultBook } from './faults.ts';
import type { ValidatorKeys } from './keys.ts';
import type { OperationPool } from './op-pool.ts';
import { toExecutionPayload, toExecutionRequests, toPortWithdrawals } from './payload.ts';
import { asElectra, type DevnetState } from './types.ts';

export interface ProposalContext {
  /** The head's state, advanced to the slot of the proposal. */
  readonly preState: DevnetState;
  readonly headRoot: Uint8Array;
  /** Gloas: the head's released payload, whose requests this block applies. */
  readonly headEnvelope: gloas.SignedExecutionPayloadEnvelope | null;
  readonly proposer: { readonly index: number; readonly pubkey: Hex };
  readonly attestations: electra.Attestation[];
  readonly feeRecipient: Hex;
  readonly execution: ExecutionPort;
  readonly keys: ValidatorKeys;
  readonly faults: FaultBook;
  readonly operations: OperationPool;
}

const GRAFFITI = Buffer.from('holdfast devnet'.padEnd(32, '\0'));

/** What a body of some fork is made from, beside the fields that all of them have. */
export interface BuiltBody {
  readonly body: unknown;
  readonly executionBlockHash: Hex;
  readonly sealed: SealedBlock;
}

/** Electra and Fulu. */
export async function electraBody(context: ProposalContext): Promise<BuiltBody> {
  const { preState } = context;
  const fork = preState.config.getForkSeq(preState.slot);
  const { expectedWithdrawals } = getExpectedWithdrawals(fork, asElectra(preState));
  // The execution layer builds in a thread of its own while the rest is signed here.
  const sealing = sealPayload(context, expectedWithdrawals);
  const common = commonBody(context, preState);
  const sealed = await sealing;
  const body: electra.BeaconBlockBody = {
    ...common,
    executionPayload: toExecutionPayload(sealed.payload),
    blobKzgCommitments: [],
    executionRequests: toExecutionRequests(sealed.requests),
  };
  return { body, executionBlockHash: sealed.payload.blockHash, sealed };
}

export function sealPayload(
  context: ProposalContext,
  withdrawals: readonly capella.Withdrawal[],
): Promise<SealedBlock> {
  const { preState, headRoot, execution, feeRecipient } = context;
  return execution.seal({
    timestamp: computeTimeAtSlot(preState.config, preState.slot, preState.genesisTime),
    prevRandao: toHex(getRandaoMix(preState, preState.epochCtx.epoch)),
    feeRecipient,
    parentBeaconBlockRoot: toHex(headRoot),
    withdrawals: toPortWithdrawals(withdrawals),
  });
}

/** The fields that a body has had since Electra and keeps in Gloas. `state` is the one that its operations meet. */
export function commonBody(context: ProposalContext, state: DevnetState) {
  const { preState, operations, attestations } = context;
  return {
    randaoReveal: randaoReveal(context),
    eth1Data: preState.eth1Data.toValue(),
    graffiti: GRAFFITI,
    ...operations.forBlock(state),
    attestations,
    deposits: [],
    syncAggregate: syncAggregate(context),
    blsToExecutionChanges: [],
  };
}

function randaoReveal({ preState, keys, proposer }: ProposalContext): Uint8Array {
  const epoch = computeEpochAtSlot(preState.slot);
  const domain = preState.config.getDomain(preState.slot, DOMAIN_RANDAO);
  return keys.sign(proposer.pubkey, computeSigningRoot(ssz.Epoch, epoch, domain));
}

/** The sync committee signs the parent root in the slot before the block (Altair `process_sync_aggregate`). */
function syncAggregate({ preState, headRoot, keys, faults }: ProposalContext): altair.SyncAggregate {
  const { config, slot, validators } = preState;
  const previousSlot = Math.max(slot, 1) - 1;
  const syncCommitteeBits = BitArray.fromBitLen(SYNC_COMMITTEE_SIZE);
  const signers: Hex[] = [];
  preState.epochCtx.currentSyncCommitteeIndexed.validatorIndices.forEach((index, position) => {
    const validator = validators.getReadonly(index);
    const pubkey = toHex(validator.pubkey);
    if (validator.slashed || !keys.has(pubkey) || faults.isOffline(pubkey, previousSlot)) return;
    syncCommitteeBits.set(position, true);
    signers.push(pubkey);
  });
  if (signers.length === 0) return { syncCommitteeBits, syncCommitteeSignature: G2_POINT_AT_INFINITY };
  const domain = config.getDomain(slot, DOMAIN_SYNC_COMMITTEE, previousSlot);
  const signingRoot = computeSigningRoot(ssz.Root, headRoot, domain);
  return { syncCommitteeBits, syncCommitteeSignature: keys.signAggregate(signers, signingRoot) };
}
