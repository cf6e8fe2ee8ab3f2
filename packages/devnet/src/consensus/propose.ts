import type { Hex } from '@holdfast/units';
import { DOMAIN_BEACON_PROPOSER, ForkSeq } from '@lodestar/params';
import {
  computeSigningRoot,
  DataAvailabilityStatus,
  ExecutionPayloadStatus,
  stateTransition,
} from '@lodestar/state-transition';
import { type gloas, type phase0, ssz } from '@lodestar/types';
import { electraBody, type ProposalContext } from './body.ts';
import { gloasBody, signEnvelope } from './gloas.ts';
import type { ValidatorKeys } from './keys.ts';
import { asDevnetState, type DevnetBlock, type DevnetState, edited } from './types.ts';

export interface Proposal {
  readonly block: DevnetBlock;
  readonly postState: DevnetState;
  readonly executionBlockHash: Hex;
  /** Gloas: the payload, released apart from the block that bids for it. */
  readonly envelope: gloas.SignedExecutionPayloadEnvelope | null;
}

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
  const { config, slot } = preState;
  const isGloas = config.getForkSeq(slot) >= ForkSeq.gloas;
  const { body, executionBlockHash, sealed } = isGloas ? await gloasBody(context) : await electraBody(context);
  const message = { slot, proposerIndex: proposer.index, parentRoot: headRoot, stateRoot: new Uint8Array(32), body };
  const draft = { message, signature: new Uint8Array(96) } as DevnetBlock;
  const unchecked = { verifyProposer: false, verifySignatures: false, verifyStateRoot: false };
  draft.message.stateRoot = stateTransition(preState, draft, {
    ...TRUSTED,
    ...unchecked,
    dontTransferCache: true,
  }).hashTreeRoot();
  const { BeaconBlock } = config.getForkTypes(slot);
  const domain = config.getDomain(slot, DOMAIN_BEACON_PROPOSER);
  const signature = keys.sign(proposer.pubkey, computeSigningRoot(BeaconBlock, draft.message, domain));
  const block = { message: draft.message, signature } as DevnetBlock;
  const checked = { verifyProposer: true, verifySignatures: true, verifyStateRoot: true };
  const postState = asDevnetState(stateTransition(preState, block, { ...TRUSTED, ...checked }));
  const envelope = isGloas ? signEnvelope(context, sealed, BeaconBlock.hashTreeRoot(block.message)) : null;
  return { block, postState, executionBlockHash, envelope };
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
