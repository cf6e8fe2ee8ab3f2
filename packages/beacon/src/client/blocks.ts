import type { CompositeTypeAny } from '@chainsafe/ssz';
import { type BeaconBlock, ssz } from '@lodestar/types';
import { BeaconAnswerError, BeaconForkError, BeaconLieError } from '../errors.ts';
import { asStateFork, blockTypeOf, type StateFork, signedBlockTypeOf } from '../forks.ts';
import type { BeaconResponse } from './http.ts';
import { Answer } from './read.ts';

/** A block to sign, as a node made it, with the blobs that are published beside it. */
export interface ProducedBlock {
  readonly fork: StateFork;
  readonly block: BeaconBlock;
  readonly kzgProofs: readonly Uint8Array[];
  readonly blobs: readonly Uint8Array[];
  /** What the payload pays its fee recipient, in wei. The node's word. */
  readonly executionPayloadValue: bigint;
  /** What the block pays its proposer, in wei. The node's word. */
  readonly consensusBlockValue: bigint;
}

/** A block to publish: what `produceBlock` gave, with a signature. */
export interface BlockToPublish {
  readonly fork: StateFork;
  readonly signedBlock: { readonly message: BeaconBlock; readonly signature: Uint8Array };
  readonly kzgProofs?: readonly Uint8Array[];
  readonly blobs?: readonly Uint8Array[];
}

interface Contents {
  readonly block: BeaconBlock;
  readonly kzgProofs: Uint8Array[];
  readonly blobs: Uint8Array[];
}

/** From Deneb until Gloas a block travels with its blobs. */
const travelsWithBlobs = (fork: StateFork): boolean => fork !== 'capella' && fork !== 'gloas';

/** The answer of `produceBlockV3`: an unblinded block of the slot that was asked for. */
export function readProducedBlock(response: BeaconResponse, slot: number): ProducedBlock {
  const node = response.node.name;
  const meta = response.encoding === 'json' ? jsonMeta(response) : headerMeta(response);
  if (meta.blinded) {
    throw new BeaconAnswerError('a blinded block, which was not asked for', {
      data: { node },
      fix: "Turn the node's builder off, or give builderBoostFactor 0",
    });
  }
  const { fork, data } = meta;
  const contents = decode(fork, node, (type) =>
    data === undefined ? type.deserialize(response.bytes) : type.fromJson(data),
  );
  if (contents.block.slot !== slot) {
    throw new BeaconLieError('the slot of a block', { data: { node, expected: slot, actual: contents.block.slot } });
  }
  const { executionPayloadValue, consensusBlockValue } = meta;
  return { fork, ...contents, executionPayloadValue, consensusBlockValue };
}

function decode(fork: StateFork, node: string, read: (type: CompositeTypeAny) => unknown): Contents {
  try {
    if (!travelsWithBlobs(fork)) {
      return { block: read(blockTypeOf(fork)) as BeaconBlock, kzgProofs: [], blobs: [] };
    }
    return read(contentsTypeOf(fork).plain) as Contents;
  } catch (cause) {
    throw new BeaconAnswerError('not a block to sign', {
      data: { node, fork },
      fix: 'Check that LODESTAR_PRESET is the preset of the network',
      cause,
    });
  }
}

/** The SSZ bytes and the JSON of what `publishBlockV2` takes. */
export function encodeBlock(block: BlockToPublish): { readonly ssz: Uint8Array; readonly json: unknown } {
  const { fork, signedBlock, kzgProofs = [], blobs = [] } = block;
  const bare = !travelsWithBlobs(fork);
  const type = bare ? signedBlockTypeOf(fork) : contentsTypeOf(fork).signed;
  const value = bare ? signedBlock : { signedBlock, kzgProofs, blobs };
  return { ssz: type.serialize(value), json: type.toJson(value) };
}

function contentsTypeOf(fork: StateFork): { readonly plain: CompositeTypeAny; readonly signed: CompositeTypeAny } {
  switch (fork) {
    case 'deneb':
    case 'electra':
    case 'fulu':
      return { plain: ssz[fork].BlockContents, signed: ssz[fork].SignedBlockContents };
    default:
      throw new BeaconForkError({ data: { fork } });
  }
}

interface Meta {
  readonly fork: StateFork;
  readonly blinded: boolean;
  readonly executionPayloadValue: bigint;
  readonly consensusBlockValue: bigint;
  /** Of a JSON answer. */
  readonly data?: unknown;
}

function jsonMeta(response: BeaconResponse): Meta {
  const answer = Answer.parse(response.bytes, response.node.name);
  return {
    fork: asStateFork(answer.get('version').text()),
    blinded: answer.get('execution_payload_blinded').boolean(),
    executionPayloadValue: BigInt(answer.get('execution_payload_value').decimal()),
    consensusBlockValue: BigInt(answer.get('consensus_block_value').decimal()),
    data: answer.get('data').value,
  };
}

function headerMeta(response: BeaconResponse): Meta {
  const node = response.node.name;
  const header = (name: string): Answer => new Answer(response.header(name) ?? undefined, `header ${name}`, node);
  return {
    fork: asStateFork(header('eth-consensus-version').text()),
    blinded: header('eth-execution-payload-blinded').text() === 'true',
    executionPayloadValue: BigInt(header('eth-execution-payload-value').decimal()),
    consensusBlockValue: BigInt(header('eth-consensus-block-value').decimal()),
  };
}
