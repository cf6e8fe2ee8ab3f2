import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Pubkey, type Root, sameHex } from '@holdfast/units';
import type { KeptAttestation, KeptBlock } from '../decide.ts';
import { ProtectionGenesisError, ProtectionInterchangeError } from '../errors.ts';
import type { RootBytes } from '../logic/exact.ts';
import { rootBytes } from '../root.ts';
import { U64_MAX } from '../u64.ts';
import { INTERCHANGE_VERSION } from './format.ts';

/** One key's part of a file; a key that the file names twice is put together. */
export interface KeyHistory {
  readonly pubkey: Pubkey;
  readonly blocks: KeptBlock[];
  readonly attestations: KeptAttestation[];
}

/** Records between two turns of the event loop, so that a huge file does not hold up the signer that reads it. */
const RECORDS_PER_TURN = 20_000;

/**
 * Reads an interchange file strictly (EIP-3076): every field that is needed, numbers as decimal strings within uint64, hex of
 * the right length, the network that is expected. Errors name the path, as `data[3].signed_blocks[0].slot`. Fields that the
 * EIP does not know are passed over. `input` is the file's JSON text, or what it parses to.
 */
export async function parseInterchange(input: unknown, genesisValidatorsRoot: Root): Promise<KeyHistory[]> {
  const file = objectAt(typeof input === 'string' ? parseJson(input) : input, '');
  checkMetadata(objectAt(file.metadata, 'metadata'), genesisValidatorsRoot);
  const keys = new Map<Pubkey, KeyHistory>();
  let untilTurn = RECORDS_PER_TURN;
  const breathe = async (): Promise<void> => {
    untilTurn -= 1;
    if (untilTurn > 0) return;
    untilTurn = RECORDS_PER_TURN;
    await nextTurn();
  };
  for (const [index, value] of arrayAt(file.data, 'data').entries()) {
    const path = `data[${index}]`;
    const entry = objectAt(value, path);
    const pubkey = hexAt(entry.pubkey, 48, `${path}.pubkey`) as Pubkey;
    const history = keys.get(pubkey) ?? { pubkey, blocks: [], attestations: [] };
    keys.set(pubkey, history);
    await breathe();
    for (const [at, block] of arrayAt(entry.signed_blocks, `${path}.signed_blocks`).entries()) {
      history.blocks.push(blockAt(block, `${path}.signed_blocks[${at}]`));
      await breathe();
    }
    for (const [at, attestation] of arrayAt(entry.signed_attestations, `${path}.signed_attestations`).entries()) {
      history.attestations.push(attestationAt(attestation, `${path}.signed_attestations[${at}]`));
      await breathe();
    }
  }
  return [...keys.values()];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's message quotes the text, which may be any file at all: only its cause chain keeps it.
    throw new ProtectionInterchangeError('the interchange file is not JSON', { data: { length: text.length }, cause });
  }
}

function checkMetadata(metadata: Record<string, unknown>, expected: Root): void {
  if (metadata.interchange_format_version !== INTERCHANGE_VERSION)
    bad('metadata.interchange_format_version', metadata.interchange_format_version, `"${INTERCHANGE_VERSION}"`);
  const root = hexAt(metadata.genesis_validators_root, 32, 'metadata.genesis_validators_root');
  if (!sameHex(root, expected))
    throw new ProtectionGenesisError('the interchange file is of another network', { data: { root, expected } });
}

function blockAt(value: unknown, path: string): KeptBlock {
  const block = objectAt(value, path);
  return { slot: u64At(block.slot, `${path}.slot`), root: signingRootAt(block.signing_root, `${path}.signing_root`) };
}

function attestationAt(value: unknown, path: string): KeptAttestation {
  const attestation = objectAt(value, path);
  return {
    source: u64At(attestation.source_epoch, `${path}.source_epoch`),
    target: u64At(attestation.target_epoch, `${path}.target_epoch`),
    root: signingRootAt(attestation.signing_root, `${path}.signing_root`),
  };
}

/** Absent and null are the same: unknown. */
function signingRootAt(value: unknown, path: string): RootBytes {
  return value === undefined || value === null ? null : rootBytes(hexAt(value, 32, path) as Root);
}

function objectAt(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(path || 'file', value, 'an object');
  return value as Record<string, unknown>;
}

function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) bad(path, value, 'a list');
  return value;
}

function u64At(value: unknown, path: string): bigint {
  // 20 digits is the longest uint64: longer texts are refused before they are turned into numbers.
  if (typeof value !== 'string' || !/^(?:0|[1-9]\d{0,19})$/.test(value)) bad(path, value, 'a decimal string');
  const number = BigInt(value);
  if (number > U64_MAX) bad(path, value, 'below 2^64');
  return number;
}

function hexAt(value: unknown, length: number, path: string): string {
  if (typeof value !== 'string' || value.length !== 2 + 2 * length || !/^0x[0-9a-fA-F]*$/.test(value))
    bad(path, value, `0x and ${2 * length} hex digits`);
  return value.toLowerCase();
}

function bad(path: string, value: unknown, expected: string): never {
  throw new ProtectionInterchangeError(`the interchange file is malformed at ${path}`, {
    data: { path, value: typeof value === 'object' && value !== null ? kindOf(value) : value, expected },
    fix: 'Export the file anew; nothing of it was imported',
  });
}

const kindOf = (value: object): string => (Array.isArray(value) ? 'a list' : 'an object');
