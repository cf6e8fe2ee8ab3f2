import { type Hex, toHex } from '@holdfast/units';
import { computeTimeAtSlot, getExpectedWithdrawals, getRandaoMix } from '@lodestar/state-transition';
import type { altair, capella, electra, gloas } from '@lodestar/types';
import type { BlockAttributes, SealedBlock } from '../execution/port.ts';
import type { DutyRoster } from '../signing/roster.ts';
import type { FaultBook } from './faults.ts';
import type { OperationPool } from './op-pool.ts';
import { toExecutionPayload, toExecutionRequests, toPortWithdrawals } from './payload.ts';
import { asElectra, type DevnetState } from './types.ts';

/** Everything a block is made of beside the state. What is asked for by function is made while the payload is. */
export interface ProposalContext {
  /** The head's state, advanced to the slot of the proposal. */
  readonly preState: DevnetState;
  readonly headRoot: Uint8Array;
  /** Gloas: the head's released payload, whose requests this block applies. */
  readonly headEnvelope: gloas.SignedExecutionPayloadEnvelope | null;
  readonly proposerIndex: number;
  readonly randaoReveal: () => Uint8Array;
  /** 32 bytes. */
  readonly graffiti: Uint8Array;
  readonly attestations: () => electra.Attestation[];
  readonly syncAggregate: () => altair.SyncAggregate;
  readonly feeRecipient: Hex;
  readonly seal: (attributes: BlockAttributes) => Promise<SealedBlock>;
  readonly roster: DutyRoster;
  readonly faults: FaultBook;
  readonly operations: OperationPool;
}

/** What the devnet's own proposers write. */
export const GRAFFITI = Buffer.from('holdfast devnet'.padEnd(32, '\0'));

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
  const { preState, headRoot, seal, feeRecipient } = context;
  return seal({
    timestamp: computeTimeAtSlot(preState.config, preState.slot, preState.genesisTime),
    prevRandao: toHex(getRandaoMix(preState, preState.epochCtx.epoch)),
    feeRecipient,
    parentBeaconBlockRoot: toHex(headRoot),
    withdrawals: toPortWithdrawals(withdrawals),
  });
}

/** The fields that a body has had since Electra and keeps in Gloas. `state` is the one that its operations meet. */
export function commonBody(context: ProposalContext, state: DevnetState) {
  const { preState, operations, graffiti } = context;
  return {
    randaoReveal: context.randaoReveal(),
    eth1Data: preState.eth1Data.toValue(),
    graffiti,
    ...operations.forBlock(state),
    attestations: context.attestations(),
    deposits: [],
    syncAggregate: context.syncAggregate(),
    blsToExecutionChanges: [],
  };
}
