import { BadRequestError } from '../errors.ts';
import { decode } from './decode.ts';
import {
  anyBytes,
  at,
  bytes,
  fieldsOf,
  list,
  malformed,
  missing,
  optionalFieldsOf,
  shapeOf,
  text,
  uint64,
} from './read.ts';
import { AltairBodyType, Phase0BodyType } from './schemas.ts';
import { type BlockHeader, FORKS, type Fork, type PropertyProof } from './types.ts';

const BLOCK = shapeOf('slot', 'proposer_index', 'parent_root', 'state_root', 'body');
const HEADER = shapeOf('slot', 'proposer_index', 'parent_root', 'state_root', 'body_root');
const VERSIONED = shapeOf('version', 'block', 'block_header');
const PROOF = shapeOf('index', 'proof', 'value');

/** No property lies deeper: the proposer's fee recipient is 9 levels below the body. */
const PROOF_DEPTH_MAX = 48;
const PROOFS_MAX = 32;
const VALUE_BYTES_MAX = 1024;

/** The type BLOCK: a whole phase 0 block. */
export const parseBlock = (value: unknown, path: string): BlockHeader => fullBlock(Phase0BodyType, value, path);

/** `beacon_block` of BLOCK_V2: whole blocks up to Altair, headers from Bellatrix on. */
export function parseVersionedBlock(value: unknown, path: string): { version: Fork; header: BlockHeader } {
  const [name, block, header] = optionalFieldsOf(VERSIONED, value, path, 'refuse');
  const version = parseFork(name, at(path, 'version'));
  const full = version === 'phase0' || version === 'altair';
  if ((full ? header : block) !== undefined) {
    const [wrong, right] = full ? ['block_header', 'block'] : ['block', 'block_header'];
    throw new BadRequestError(`${at(path, wrong)} does not belong to a block of ${version}`, {
      data: { path: at(path, wrong), version },
      fix: `Send ${right}, as the Web3Signer API does for this version`,
    });
  }
  if (!full) return { version, header: parseHeader(header, at(path, 'block_header')) };
  const body = version === 'phase0' ? Phase0BodyType : AltairBodyType;
  return { version, header: fullBlock(body, block, at(path, 'block')) };
}

export function parseFork(value: unknown, path: string): Fork {
  if (value === undefined) throw missing(path);
  const fork = FORKS.find((known) => known === text(value, path).toLowerCase());
  if (!fork) throw malformed(path, `one of ${FORKS.join(', ').toUpperCase()}`, value);
  return fork;
}

function parseHeader(value: unknown, path: string): BlockHeader {
  if (value === undefined) throw missing(path);
  const [slot, proposerIndex, parentRoot, stateRoot, bodyRoot] = fieldsOf(HEADER, value, path);
  return {
    ...common([slot, proposerIndex, parentRoot, stateRoot], path),
    bodyRoot: bytes(bodyRoot, `${path}.body_root`, 32),
  };
}

function fullBlock(bodyType: typeof Phase0BodyType | typeof AltairBodyType, value: unknown, path: string): BlockHeader {
  if (value === undefined) throw missing(path);
  const [slot, proposerIndex, parentRoot, stateRoot, body] = fieldsOf(BLOCK, value, path);
  const header = common([slot, proposerIndex, parentRoot, stateRoot], path);
  const bodyRoot =
    bodyType === AltairBodyType
      ? AltairBodyType.hashTreeRoot(decode(AltairBodyType, body, `${path}.body`))
      : Phase0BodyType.hashTreeRoot(decode(Phase0BodyType, body, `${path}.body`));
  return { ...header, bodyRoot };
}

function common([slot, proposerIndex, parentRoot, stateRoot]: readonly unknown[], path: string) {
  return {
    slot: uint64(slot, `${path}.slot`),
    proposerIndex: uint64(proposerIndex, `${path}.proposer_index`),
    parentRoot: bytes(parentRoot, `${path}.parent_root`, 32),
    stateRoot: bytes(stateRoot, `${path}.state_root`, 32),
  };
}

/** `proofs` of BLOCK_V2, an extension of Nimbus' "verifying Web3Signer": properties of the body, proven. */
export function parseProofs(value: unknown, path: string): PropertyProof[] {
  return Array.from(list(value, path, PROOFS_MAX), (item, place) => {
    const here = `${path}[${place}]`;
    const [index, proof, property] = optionalFieldsOf(PROOF, item, here, 'refuse');
    if (index === undefined) throw missing(`${here}.index`);
    return {
      index: uint64(index, `${here}.index`),
      branch: Array.from(list(proof, `${here}.proof`, PROOF_DEPTH_MAX), (node, depth) =>
        bytes(node, `${here}.proof[${depth}]`, 32),
      ),
      value: property === undefined ? null : anyBytes(property, `${here}.value`, VALUE_BYTES_MAX),
    };
  });
}
