/** Reads definitions and locks as they come from a file or a peer: every field checked, none unknown, one way to write each. */
import type { Hex, Pubkey, Root } from '@holdfast/units';
import { byzantineThreshold, NODES_MAX } from '../threshold/scheme.ts';
import { LockError } from './errors.ts';
import {
  type ClusterDefinition,
  type ClusterLock,
  type ClusterNetwork,
  type ClusterOperator,
  LOCK_VERSION,
  type LockDeposit,
  type LockValidator,
  type OperatorSignatures,
} from './types.ts';

export const VALIDATORS_MAX = 10_000;
const AMOUNTS_MAX = 4;
const MULTIADDRS_MAX = 8;
const TEXT_MAX = 256;
const GWEI_MAX = 2n ** 64n;
/** Longer texts are not even parsed: 10,000 validators of 31 nodes come to this. */
export const LOCK_TEXT_MAX = 48 * 2 ** 20;

type Fields = Readonly<Record<string, unknown>>;

/** A lock from its JSON text. Says nothing yet about its truth: see `verifyLock`. @throws LockError */
export function parseLock(text: string): ClusterLock {
  return readLock(parseJson(text));
}

/** A definition from its JSON text. @throws LockError */
export function parseDefinition(text: string): ClusterDefinition {
  return readDefinition(parseJson(text), 'definition');
}

/** A lock as the file holds it. */
export function formatLock(lock: ClusterLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

function parseJson(text: string): unknown {
  if (text.length > LOCK_TEXT_MAX) throw new LockError('the file', `is longer than ${LOCK_TEXT_MAX} characters`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LockError('the file', 'is not JSON', { cause });
  }
}

/** A lock from an already parsed JSON value. @throws LockError */
export function readLock(value: unknown): ClusterLock {
  const fields = object(value, '', [
    'version',
    'definition',
    'operatorSignatures',
    'validators',
    'transcriptHash',
    'lockHash',
    'fieldDigests',
    'signers',
    'aggregateSignature',
  ]);
  if (fields.version !== LOCK_VERSION) throw new LockError('version', `is not ${LOCK_VERSION}`);
  const definition = readDefinition(fields.definition, 'definition');
  const nodes = definition.operators.length;
  return {
    version: LOCK_VERSION,
    definition,
    operatorSignatures: list(fields.operatorSignatures, 'operatorSignatures', nodes, nodes, readSignatures),
    validators: list(fields.validators, 'validators', definition.validators, definition.validators, (item, path) =>
      readValidator(item, path, definition),
    ),
    transcriptHash: hex(fields.transcriptHash, 'transcriptHash', 32) as Root,
    lockHash: hex(fields.lockHash, 'lockHash', 32) as Root,
    fieldDigests: hex(fields.fieldDigests, 'fieldDigests'),
    signers: ascending(
      list(fields.signers, 'signers', definition.threshold, nodes, (item, path) => whole(item, path, 1, nodes)),
    ),
    aggregateSignature: hex(fields.aggregateSignature, 'aggregateSignature', 96),
  };
}

/** A definition from an already parsed JSON value. @throws LockError */
export function readDefinition(value: unknown, path: string): ClusterDefinition {
  const fields = object(value, path, [
    'name',
    'nonce',
    'network',
    'withdrawalCredentials',
    'feeRecipient',
    'threshold',
    'validators',
    'depositAmounts',
    'operators',
    'generation',
    'previousLockHash',
  ]);
  const operators = list(fields.operators, `${path}.operators`, 1, NODES_MAX, readOperator);
  refuseTwins(operators, `${path}.operators`);
  return {
    name: text(fields.name, `${path}.name`),
    nonce: hex(fields.nonce, `${path}.nonce`, 32) as Root,
    network: readNetwork(fields.network, `${path}.network`),
    withdrawalCredentials: hex(fields.withdrawalCredentials, `${path}.withdrawalCredentials`, 32),
    feeRecipient: hex(fields.feeRecipient, `${path}.feeRecipient`, 20),
    threshold: readThreshold(fields.threshold, `${path}.threshold`, operators.length),
    validators: whole(fields.validators, `${path}.validators`, 1, VALIDATORS_MAX),
    depositAmounts: list(fields.depositAmounts, `${path}.depositAmounts`, 0, AMOUNTS_MAX, gweiText),
    operators,
    generation: whole(fields.generation, `${path}.generation`, 0, 2 ** 31),
    previousLockHash: hex(fields.previousLockHash, `${path}.previousLockHash`, 32) as Root,
  };
}

function readThreshold(value: unknown, path: string, nodes: number): number {
  const threshold = whole(value, path, 1, nodes);
  if (2 * threshold <= nodes) {
    throw new LockError(path, `is not more than half of ${nodes} nodes`, { fix: `Take ${byzantineThreshold(nodes)}` });
  }
  return threshold;
}

function readNetwork(value: unknown, path: string): ClusterNetwork {
  const fields = object(value, path, ['name', 'genesisForkVersion', 'genesisValidatorsRoot']);
  return {
    name: text(fields.name, `${path}.name`),
    genesisForkVersion: hex(fields.genesisForkVersion, `${path}.genesisForkVersion`, 4),
    genesisValidatorsRoot: hex(fields.genesisValidatorsRoot, `${path}.genesisValidatorsRoot`, 32) as Root,
  };
}

function readOperator(value: unknown, path: string): ClusterOperator {
  const fields = object(value, path, ['address', 'identity', 'multiaddrs']);
  return {
    address: hex(fields.address, `${path}.address`, 20),
    identity: hex(fields.identity, `${path}.identity`, 32),
    multiaddrs: list(fields.multiaddrs, `${path}.multiaddrs`, 0, MULTIADDRS_MAX, text),
  };
}

function readSignatures(value: unknown, path: string): OperatorSignatures {
  const fields = object(value, path, ['entry', 'definition']);
  return {
    entry: hex(fields.entry, `${path}.entry`, 65),
    definition: hex(fields.definition, `${path}.definition`, 65),
  };
}

function readValidator(value: unknown, path: string, definition: ClusterDefinition): LockValidator {
  const fields = object(value, path, ['pubkey', 'sharePubkeys', 'deposits']);
  const nodes = definition.operators.length;
  const amounts = definition.depositAmounts.length;
  return {
    pubkey: hex(fields.pubkey, `${path}.pubkey`, 48) as Pubkey,
    sharePubkeys: list(
      fields.sharePubkeys,
      `${path}.sharePubkeys`,
      nodes,
      nodes,
      (item, at) => hex(item, at, 48) as Pubkey,
    ),
    deposits: list(fields.deposits, `${path}.deposits`, amounts, amounts, readDeposit),
  };
}

function readDeposit(value: unknown, path: string): LockDeposit {
  const fields = object(value, path, ['amount', 'signature']);
  return {
    amount: gweiText(fields.amount, `${path}.amount`),
    signature: hex(fields.signature, `${path}.signature`, 96),
  };
}

function object(value: unknown, path: string, keys: readonly string[]): Fields {
  const where = path === '' ? 'the file' : path;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LockError(where, 'is not an object');
  const fields = value as Fields;
  for (const key of Object.keys(fields))
    if (!keys.includes(key)) throw new LockError(join(path, key), 'is not a known field');
  for (const key of keys) if (!Object.hasOwn(fields, key)) throw new LockError(join(path, key), 'is missing');
  return fields;
}

function list<T>(
  value: unknown,
  path: string,
  min: number,
  max: number,
  read: (item: unknown, path: string) => T,
): T[] {
  if (!Array.isArray(value)) throw new LockError(path, 'is not a list');
  if (value.length < min || value.length > max) {
    throw new LockError(path, `has ${value.length} entries instead of ${min === max ? min : `${min} to ${max}`}`);
  }
  return value.map((item, i) => read(item, `${path}[${i}]`));
}

function hex(value: unknown, path: string, bytes?: number): Hex {
  const size = bytes === undefined ? '' : ` of ${bytes} bytes`;
  const good = typeof value === 'string' && /^0x(?:[0-9a-f]{2})*$/.test(value);
  if (!good || (bytes !== undefined && value.length !== 2 + 2 * bytes)) {
    throw new LockError(path, `is not lower-case hex${size}`);
  }
  return value as Hex;
}

function whole(value: unknown, path: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max && !Object.is(value, -0))
    return value;
  throw new LockError(path, `is not a whole number from ${min} to ${max}`);
}

function text(value: unknown, path: string): string {
  // Control characters would let a name write over the terminal that shows it; lone surrogates have no UTF-8.
  const good = typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX && value.isWellFormed();
  if (good && !/\p{Cc}|\p{Cf}/u.test(value)) return value;
  throw new LockError(path, `is not a printable text of 1 to ${TEXT_MAX} characters`);
}

function gweiText(value: unknown, path: string): string {
  if (typeof value === 'string' && /^[1-9]\d{0,19}$/.test(value) && BigInt(value) < GWEI_MAX) return value;
  throw new LockError(path, 'is not a decimal amount of gwei');
}

function ascending(values: readonly number[]): readonly number[] {
  if (values.some((value, i) => i > 0 && value <= values[i - 1]!)) throw new LockError('signers', 'is not ascending');
  return values;
}

/** Two nodes of one identity are one node to its peers. One operator may run several nodes. */
function refuseTwins(operators: readonly ClusterOperator[], path: string): void {
  for (const [i, { identity }] of operators.entries()) {
    if (operators.findIndex((other) => other.identity === identity) !== i) {
      throw new LockError(`${path}[${i}].identity`, 'is that of another node too', {
        fix: 'Give each node an identity key of its own',
      });
    }
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
