import { BitArray } from '@chainsafe/ssz';
import { type Hex, toHex } from '@holdfast/units';
import { DOMAIN_BEACON_PROPOSER, DOMAIN_RANDAO, DOMAIN_SYNC_COMMITTEE, SYNC_COMMITTEE_SIZE } from '@lodestar/params';
import {
  computeEpochAtSlot,
  computeSigningRoot,
  computeTimeAtSlot,
  DataAvailabilityStatus,
  ExecutionPayloadStatus,
  G2_POINT_AT_INFINITY,
  getExpectedWithdrawals,
  getRandaoMix,
  stateTransition,
} from '@lodestar/state-transition';
import { type altair, type electra, type phase0, ssz } from '@lodestar/types';
import type { ExecutionPort } from '../execution/port.ts';
import type { FaultBook } from './faults.ts';
import type { ValidatorKeys } from './keys.ts';
import type { OperationPool } from './op-pool.ts';
import { toExecutionPayload, toExecutionRequests, toPortWithdrawals } from './payload.ts';
import { asDevnetState, asElectra, type DevnetBlock, type DevnetState, edited } from './types.ts';

export interface ProposalContext {
  /** The head's state, advanced to the slot of the proposal. */
  readonly preState: DevnetState;
  readonly headRoot: Uint8Array;
  readonly proposer: { readonly index: number; readonly pubkey: Hex };
  readonly attestations: electra.Attestation[];
  readonly feeRecipient: Hex;
  readonly execution: ExecutionPort;
  readonly keys: ValidatorKeys;
  readonly faults: FaultBook;
  readonly operations: OperationPool;
}

export interface Proposal {
  readonly block: DevnetBlock;
  readonly postState: DevnetState;
  readonly executionBlockHash: Hex;
}

const GRAFFITI = Buffer.from('holdfast devnet'.padEnd(32, '\0'));

const TRUSTED = {
  executionPayloadStatus: ExecutionPayloadStatus.valid,
  dataAvailabilityStatus: DataAvailabilityStatus.Available,
};

/**
 * A signed block and its post-state. The block is built on a state transition without checks, which yields the state
 * root, then signed, then put through the whole transition with every signature and root verified.
 */
export async function propose(context: ProposalContext): Promise<Proposal> {
  const { preState, headRoot, proposer, keys } = context;
  const message: electra.BeaconBlock = {
    slot: preState.slot,
    proposerIndex: proposer.index,
    parentRoot: headRoot,
    stateRoot: new Uint8Array(32),
    body: await buildBody(context),
  };
  const draft = { message, signature: new Uint8Array(96) };
  const unchecked = { verifyProposer: false, verifySignatures: false, verifyStateRoot: false };
  message.stateRoot = stateTransition(preState, draft, {
    ...TRUSTED,
    ...unchecked,
    dontTransferCache: true,
  }).hashTreeRoot();
  const { BeaconBlock } = preState.config.getForkTypes(message.slot);
  const domain = preState.config.getDomain(message.slot, DOMAIN_BEACON_PROPOSER);
  const block = { message, signature: keys.sign(proposer.pubkey, computeSigningRoot(BeaconBlock, message, domain)) };
  const checked = { verifyProposer: true, verifySignatures: true, verifyStateRoot: true };
  const postState = asDevnetState(stateTransition(preState, block, { ...TRUSTED, ...checked }));
  return { block, postState, executionBlockHash: toHex(message.body.executionPayload.blockHash) };
}

/** A second, different header for the same slot by the same proposer: the equivocation of `doubleProposal`. */
export function conflictingHeader(
  state: DevnetState,
  keys: ValidatorKeys,
  pubkey: Hex,
  header: phase0.BeaconBlockHeader,
): phase0.SignedBeaconBlockHeader {
  // Another body, as of a block with other transactions.
  const bodyRoot = ssz.phase0.BeaconBlockHeader.hashTreeRoot(header);
  return signHeader(state, keys, pubkey, edited(header, { bodyRoot }));
}

export function signHeader(
  state: DevnetState,
  keys: ValidatorKeys,
  pubkey: Hex,
  message: phase0.BeaconBlockHeader,
): phase0.SignedBeaconBlockHeader {
  const domain = state.config.getDomain(state.slot, DOMAIN_BEACON_PROPOSER, message.slot);
  return { message, signature: keys.sign(pubkey, computeSigningRoot(ssz.phase0.BeaconBlockHeader, message, domain)) };
}

async function buildBody(context: ProposalContext): Promise<electra.BeaconBlockBody> {
  const { preState, headRoot, execution, operations, attestations, feeRecipient } = context;
  const { config, slot } = preState;
  const { expectedWithdrawals } = getExpectedWithdrawals(config.getForkSeq(slot), asElectra(preState));
  const { payload, requests } = await execution.seal({
    timestamp: computeTimeAtSlot(config, slot, preState.genesisTime),
    prevRandao: toHex(getRandaoMix(preState, preState.epochCtx.epoch)),
    feeRecipient,
    parentBeaconBlockRoot: toHex(headRoot),
    withdrawals: toPortWithdrawals(expectedWithdrawals),
  });
  return {
    randaoReveal: randaoReveal(context),
    eth1Data: preState.eth1Data.toValue(),
    graffiti: GRAFFITI,
    ...operations.forBlock(preState),
    attestations,
    deposits: [],
    syncAggregate: syncAggregate(context),
    executionPayload: toExecutionPayload(payload),
    blsToExecutionChanges: [],
    blobKzgCommitments: [],
    executionRequests: toExecutionRequests(requests),
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
