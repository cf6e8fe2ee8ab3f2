import type { Hex, Pubkey } from '@holdfast/units';
import { ForkSeq } from '@lodestar/params';
import {
  blockToHeader,
  DataAvailabilityStatus,
  ExecutionPayloadStatus,
  stateTransition,
} from '@lodestar/state-transition';
import { type phase0, ssz } from '@lodestar/types';
import type { SealedBlock } from '../execution/port.ts';
import { blockRequest } from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import { electraBody, type ProposalContext } from './body.ts';
import { gloasBody } from './gloas.ts';
import { asDevnetState, type DevnetBlock, type DevnetState, edited } from './types.ts';

/** A block that only lacks its signature. */
export interface UnsignedBlock {
  readonly message: DevnetBlock['message'];
  readonly executionBlockHash: Hex;
  readonly sealed: SealedBlock;
  /** What including attestations, sync signatures and slashings pays its proposer, in gwei. */
  readonly consensusBlockGwei: number;
}

const TRUSTED = {
  executionPayloadStatus: ExecutionPayloadStatus.valid,
  dataAvailabilityStatus: DataAvailabilityStatus.Available,
};

/** A block built on a state transition without checks, which yields its state root. */
export async function buildBlock(context: ProposalContext): Promise<UnsignedBlock> {
  const { preState, headRoot, proposerIndex } = context;
  const { config, slot } = preState;
  const isGloas = config.getForkSeq(slot) >= ForkSeq.gloas;
  const { body, executionBlockHash, sealed } = isGloas ? await gloasBody(context) : await electraBody(context);
  const message = { slot, proposerIndex, parentRoot: headRoot, stateRoot: new Uint8Array(32), body };
  const draft = { message, signature: new Uint8Array(96) } as DevnetBlock;
  const unchecked = { verifyProposer: false, verifySignatures: false, verifyStateRoot: false };
  const after = stateTransition(preState, draft, { ...TRUSTED, ...unchecked, dontTransferCache: true });
  draft.message.stateRoot = after.hashTreeRoot();
  const { attestations, syncAggregate, slashing } = after.proposerRewards;
  const consensusBlockGwei = attestations + syncAggregate + slashing;
  return { message: draft.message, executionBlockHash, sealed, consensusBlockGwei };
}

/** The post-state of a signed block, after the whole transition with every signature and root verified. */
export function verifyBlock(preState: DevnetState, block: DevnetBlock): DevnetState {
  const checked = { verifyProposer: true, verifySignatures: true, verifyStateRoot: true };
  return asDevnetState(stateTransition(preState, block, { ...TRUSTED, ...checked }));
}

/** What is signed of a block: its header, which has the same root. */
export const headerOf = ({ config }: DevnetState, message: DevnetBlock['message']): phase0.BeaconBlockHeader =>
  blockToHeader(config, message);

/** A second, different header for the same slot by the same proposer: the equivocation of `doubleProposal`. */
export function conflictingHeader(
  state: DevnetState,
  roster: DutyRoster,
  pubkey: Pubkey,
  header: phase0.BeaconBlockHeader,
): Promise<phase0.SignedBeaconBlockHeader> {
  return signHeader(state, roster, pubkey, otherBody(header));
}

/** The same but for its body, as of a block with other transactions. */
export const otherBody = (header: phase0.BeaconBlockHeader): phase0.BeaconBlockHeader =>
  edited(header, { bodyRoot: ssz.phase0.BeaconBlockHeader.hashTreeRoot(header) });

/** Rejects with `DutyFailedError` when the proposer's signer does not sign. */
export async function signHeader(
  { config }: DevnetState,
  roster: DutyRoster,
  pubkey: Pubkey,
  message: phase0.BeaconBlockHeader,
): Promise<phase0.SignedBeaconBlockHeader> {
  return { message, signature: await roster.sign(pubkey, blockRequest(config, message)) };
}
