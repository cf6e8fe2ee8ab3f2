import { createHash } from 'node:crypto';
import { blockTypeOf, type ProducedBlock } from '@holdfast/beacon';
import type { AttestContext, Chain, ProposeContext } from '@holdfast/node';
import { fromHex, type Hex } from '@holdfast/units';
import type { VirtualTime } from './time.ts';

export type Vote = Awaited<ReturnType<AttestContext['beacon']['validatorApi']['attestationData']>>;
export type ValidatorApi = AttestContext['beacon']['validatorApi'] & ProposeContext['beacon']['validatorApi'];
type Attestation = Parameters<ValidatorApi['submitAttestations']>[1][number];
type BlockToPublish = Parameters<ValidatorApi['publishBlock']>[0];

export const FEE_RECIPIENT = `0x${'fe'.repeat(20)}` as Hex;
/** The state root of all blocks here; a traitor that wants another block changes it. */
export const STATE_ROOT: Uint8Array = new Uint8Array(32).fill(0x5a);

/** How one node's beacon node sees the chain, and how long it takes to say so. */
export interface View {
  readonly chain: Chain;
  readonly time: VirtualTime;
  /** Milliseconds until an answer. */
  delayMs(slot: number): number;
  /** Of the head that it votes for in a slot. */
  head(slot: number): string;
  /** What a traitor makes of the truth. */
  vote?(truth: Vote): Vote;
  readonly published: (what: Publication) => void;
}

export type Publication =
  | { readonly duty: 'attester'; readonly data: Vote; readonly attesterIndex: number; readonly signature: Uint8Array }
  | { readonly duty: 'proposer'; readonly block: ProducedBlock['block']; readonly signature: Uint8Array };

/** The Beacon API as far as attestations and proposals need it. */
export function beaconOf(view: View): ValidatorApi {
  const { chain, time, published } = view;
  return {
    async attestationData(slot: number): Promise<Vote> {
      await time.after(view.delayMs(slot));
      const truth = voteAt(slot, chain, view.head(slot));
      return view.vote?.(truth) ?? truth;
    },
    async submitAttestations(_fork: unknown, list: readonly Attestation[]): Promise<void> {
      for (const { data, attesterIndex, signature } of list)
        published({ duty: 'attester', data, attesterIndex, signature });
    },
    async produceBlock({ slot, randaoReveal }: { readonly slot: number; readonly randaoReveal: Uint8Array }) {
      await time.after(view.delayMs(slot));
      return blockAt(slot, randaoReveal, view.head(slot));
    },
    async publishBlock({ signedBlock }: BlockToPublish): Promise<void> {
      published({ duty: 'proposer', block: signedBlock.message, signature: signedBlock.signature });
    },
  };
}

/** A chain that justifies each epoch at its end. */
function voteAt(slot: number, chain: Chain, head: string): Vote {
  const epoch = chain.epochOf(slot);
  const checkpoint = (at: number): Vote['source'] => ({ epoch: at, root: rootOf(`checkpoint ${at}`) });
  return { slot, index: 0, beaconBlockRoot: rootOf(head), source: checkpoint(epoch - 1), target: checkpoint(epoch) };
}

function blockAt(slot: number, randaoReveal: Uint8Array, head: string): ProducedBlock {
  const block = blockTypeOf('fulu').defaultValue() as ProducedBlock['block'];
  block.slot = slot;
  block.proposerIndex = proposerAt(slot);
  block.parentRoot = rootOf(head);
  block.stateRoot = STATE_ROOT;
  block.body.randaoReveal = randaoReveal;
  Object.assign((block.body as { readonly executionPayload?: object }).executionPayload!, {
    feeRecipient: fromHex(FEE_RECIPIENT),
  });
  return { fork: 'fulu', block, kzgProofs: [], blobs: [], executionPayloadValue: 0n, consensusBlockValue: 0n };
}

/** Which validator proposes in a slot, by the number it has in the cluster and on the chain. */
export const proposerAt = (slot: number): number => slot % 8;

const rootOf = (of: string): Uint8Array => new Uint8Array(createHash('sha256').update(of).digest());
