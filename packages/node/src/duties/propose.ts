import { asStateFork, type BeaconClient, blockTypeOf, type ProducedBlock, type ProposerDuty } from '@holdfast/beacon';
import { type Hex, toHex } from '@holdfast/units';
import type { BeaconBlock } from '@lodestar/types';
import { DutyError } from '../errors.ts';
import type { DutyContext } from './context.ts';
import { packList, unpackList } from './lists.ts';

/** What a proposal needs of the context. */
export type ProposeContext = Pick<DutyContext, 'chain' | 'tasks' | 'observer' | 'graffiti' | 'feeRecipient'> & {
  readonly cluster: Pick<DutyContext['cluster'], 'agree' | 'sign'>;
  readonly beacon: { readonly validatorApi: Pick<BeaconClient['validatorApi'], 'produceBlock' | 'publishBlock'> };
};

/**
 * One block: the cluster signs the randao reveal, agrees on a block that one of its beacon nodes made, signs it.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/validator.md#block-proposal
 */
export async function propose(
  context: ProposeContext,
  { pubkey, slot, validatorIndex }: ProposerDuty,
  signal: AbortSignal,
): Promise<void> {
  const { beacon, chain, cluster, tasks, observer, graffiti, feeRecipient } = context;
  const deadlineMs = chain.startMs(slot + 1);
  const [randaoReveal] = await cluster.sign([tasks.randaoReveal(pubkey, slot)], deadlineMs, signal);
  if (!randaoReveal) throw new DutyError('proposer', 'the randao reveal was not signed in time', { slot });
  const make = async (stop: AbortSignal): Promise<Uint8Array> => {
    const produced = await beacon.validatorApi.produceBlock({ slot, randaoReveal, graffiti }, { signal: stop });
    observer.stage('proposer', slot, 'fetched', 1);
    return encodeProduced(produced);
  };
  const check = (value: Uint8Array): void => {
    const { fork, block } = decodeProduced(value);
    checkBlock({ block, expected: { slot, validatorIndex, randaoReveal, feeRecipient } });
    if (fork !== chain.forkAt(slot)) throw new DutyError('proposer', 'the block is of another fork', { slot, fork });
  };
  const agreed = await cluster.agree({ duty: 'proposer', slot, propose: make, check, deadlineMs }, signal);
  const { fork, block, kzgProofs, blobs } = decodeProduced(agreed);
  observer.stage('proposer', slot, 'agreed', 1);
  const [signature] = await cluster.sign([tasks.block(pubkey, fork, block)], deadlineMs, signal);
  if (!signature) throw new DutyError('proposer', 'the block was not signed in time', { slot });
  observer.stage('proposer', slot, 'recovered', 1);
  await beacon.validatorApi.publishBlock(
    { fork, signedBlock: { message: block, signature }, kzgProofs, blobs },
    { signal },
  );
  observer.stage('proposer', slot, 'published', 1);
}

interface Expected {
  readonly slot: number;
  readonly validatorIndex: number;
  readonly randaoReveal: Uint8Array;
  readonly feeRecipient: Hex;
}

/** Whether this node may vote for a block: ours, of this slot, with our randao reveal, paying where the pool is paid. */
function checkBlock({ block, expected }: { readonly block: BeaconBlock; readonly expected: Expected }): void {
  const { slot } = expected;
  const wrong = (why: string): never => {
    throw new DutyError('proposer', `the proposed block ${why}`, { slot });
  };
  if (block.slot !== slot) wrong('is of another slot');
  if (block.proposerIndex !== expected.validatorIndex) wrong('has another proposer');
  if (toHex(block.body.randaoReveal) !== toHex(expected.randaoReveal)) wrong('has another randao reveal');
  if (!('executionPayload' in block.body)) return;
  const payload = block.body.executionPayload as { readonly feeRecipient: Uint8Array | string };
  const paid = typeof payload.feeRecipient === 'string' ? payload.feeRecipient : toHex(payload.feeRecipient);
  if (paid.toLowerCase() !== expected.feeRecipient.toLowerCase()) wrong(`pays its fees to ${paid}`);
}

type Contents = Pick<ProducedBlock, 'fork' | 'block' | 'kzgProofs' | 'blobs'>;

const encodeProduced = ({ fork, block, kzgProofs, blobs }: Contents): Uint8Array =>
  packList([Buffer.from(fork), blockTypeOf(fork).serialize(block), packList(kzgProofs), packList(blobs)]);

function decodeProduced(value: Uint8Array): Contents {
  const [fork, block, proofs, blobs, ...rest] = unpackList(value);
  if (!fork || !block || !proofs || !blobs || rest.length > 0) throw new DutyError('proposer', 'not a block');
  const name = asStateFork(Buffer.from(fork).toString());
  return {
    fork: name,
    block: blockTypeOf(name).deserialize(block) as BeaconBlock,
    kzgProofs: unpackList(proofs),
    blobs: unpackList(blobs),
  };
}
