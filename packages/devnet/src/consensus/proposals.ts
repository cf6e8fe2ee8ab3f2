import { fromHex, type Hex } from '@holdfast/units';
import { ForkSeq } from '@lodestar/params';
import type { gloas } from '@lodestar/types';
import type { BlockAttributes, ExecutionPort, SealedBlock } from '../execution/port.ts';
import { DutyFailedError } from '../signing/port.ts';
import { randaoRequest } from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import type { AttestationPool } from './attestation-pool.ts';
import { GRAFFITI, type ProposalContext } from './body.ts';
import type { FaultBook } from './faults.ts';
import { signEnvelope } from './gloas.ts';
import { requireSigned } from './intake-votes.ts';
import type { OperationPool } from './op-pool.ts';
import type { OpenSlot } from './open-slot.ts';
import { buildBlock, headerOf, signHeader, type UnsignedBlock, verifyBlock } from './propose.ts';
import type { StoredBlock } from './store.ts';
import { type SyncPool, syncAggregate } from './sync-pool.ts';
import type { DevnetBlock, DevnetState } from './types.ts';

/** What a proposal draws on. */
export interface ProposalSources {
  readonly head: StoredBlock;
  readonly roster: DutyRoster;
  readonly faults: FaultBook;
  readonly operations: OperationPool;
  readonly attestations: AttestationPool;
  readonly sync: SyncPool;
  readonly execution: ExecutionPort;
  /** Of the slot's proposer. */
  readonly feeRecipient: Hex;
}

/** A signed block that passed the whole state transition, and what follows from it. */
export interface Proposal {
  readonly block: DevnetBlock;
  readonly postState: DevnetState;
  readonly executionBlockHash: Hex;
  /** Gloas: the payload, released apart from the block that bids for it. */
  readonly envelope: gloas.SignedExecutionPayloadEnvelope | null;
}

type Seal = (attributes: BlockAttributes) => Promise<SealedBlock>;

/**
 * The block of a validator whose duties the devnet performs. When its signer does not sign, nothing has happened.
 *
 * @throws DutyFailedError
 */
export async function proposeHere(sources: ProposalSources, open: OpenSlot): Promise<Proposal> {
  const { roster, execution } = sources;
  const { pubkey } = open.proposer;
  const { config, slot } = open.preState;
  const randao = randaoRequest(config, slot);
  const isRemote = roster.performerOf(pubkey) === 'remote';
  const isGloas = config.getForkSeq(slot) >= ForkSeq.gloas;
  if (isRemote && isGloas) {
    // The signing API has no type for the payload's envelope, without which a Gloas proposal is half of one.
    const signer = 'the remote signing API';
    throw new DutyFailedError('unable', {
      signer,
      pubkey,
      type: 'BLOCK_V2',
      reason: 'it cannot sign a payload envelope',
    });
  }
  const reveal = isRemote ? await roster.sign(pubkey, randao) : null;
  const unsigned = await buildBlock(
    contextOf(sources, open, {
      randaoReveal: () => reveal ?? roster.keys.sign(pubkey, randao.signingRoot),
      graffiti: GRAFFITI,
      // With the key at hand nothing can come between the payload and its block.
      seal: isRemote ? (attributes) => open.draft(execution, attributes) : (attributes) => execution.seal(attributes),
    }),
  );
  const header = headerOf(open.preState, unsigned.message);
  const { signature } = await signHeader(open.preState, roster, pubkey, header);
  const block = { message: unsigned.message, signature } as DevnetBlock;
  const postState = verifyBlock(open.preState, block);
  await open.adopt();
  const envelope = isGloas ? signEnvelope(sources, open, unsigned) : null;
  return { block, postState, executionBlockHash: unsigned.executionBlockHash, envelope };
}

export interface BlockWishes {
  readonly randaoReveal: Uint8Array;
  /** 32 bytes. */
  readonly graffiti?: Uint8Array;
  readonly skipRandaoVerification?: boolean;
}

/** A block for somebody else to sign. Throws an Error that says why there is none. */
export async function produceForOthers(
  sources: ProposalSources,
  open: OpenSlot,
  wishes: BlockWishes,
): Promise<UnsignedBlock> {
  const { config, slot } = open.preState;
  if (config.getForkSeq(slot) >= ForkSeq.gloas) throw Error('blocks of Gloas are only made by the devnet itself');
  if (!wishes.skipRandaoVerification) {
    const { signingRoot } = randaoRequest(config, slot);
    requireSigned('randao reveal', open.preState, open.proposer.index, signingRoot, wishes.randaoReveal);
  }
  return buildBlock(
    contextOf(sources, open, {
      randaoReveal: () => wishes.randaoReveal,
      graffiti: wishes.graffiti ?? GRAFFITI,
      seal: (attributes) => open.draft(sources.execution, attributes),
    }),
  );
}

/** Somebody else's signed block, verified in full. Throws an Error that says why it is refused. */
export async function acceptFromOthers(open: OpenSlot, block: DevnetBlock): Promise<Proposal> {
  const { payload } = open.requirePayloadOf(block);
  const postState = verifyBlock(open.preState, block);
  await open.adopt();
  return { block, postState, executionBlockHash: payload.blockHash, envelope: null };
}

function contextOf(
  sources: ProposalSources,
  { preState, proposer }: OpenSlot,
  own: { readonly randaoReveal: () => Uint8Array; readonly graffiti: Uint8Array; readonly seal: Seal },
): ProposalContext {
  const { head, roster, faults, sync } = sources;
  const headRoot = fromHex(head.root, 32);
  const slot = preState.slot - 1;
  return {
    ...own,
    preState,
    headRoot,
    headEnvelope: head.envelope,
    proposerIndex: proposer.index,
    attestations: () => sources.attestations.forBlock(preState),
    syncAggregate: () => syncAggregate({ state: preState, slot, headRoot, roster, faults, pool: sync }),
    feeRecipient: sources.feeRecipient,
    roster,
    faults,
    operations: sources.operations,
  };
}
