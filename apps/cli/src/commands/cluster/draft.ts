/**
 * A definition in the making: operators join one after the other, so identities and signatures may still be missing.
 * Complete, it is what `holdfast dkg` runs on.
 */
import { readFileSync } from 'node:fs';
import { type ClusterDefinition, type ClusterOperator, type OperatorSignatures, parseDefinition } from '@holdfast/keys';
import type { Hex } from '@holdfast/units';
import { CliFileError, CliUsageError } from '../../errors.ts';

const DRAFT_VERSION = 'holdfast/definition/1';
/** 10,000 validators need no more: a definition names operators, not keys. */
const BYTES_MAX = 256 * 1024;

/** An operator who may not have joined yet. */
export interface DraftOperator extends Omit<ClusterOperator, 'identity'> {
  readonly identity: Hex | null;
}

export interface DraftSignatures {
  readonly entry: Hex | null;
  readonly definition: Hex | null;
}

export interface Draft {
  readonly definition: Omit<ClusterDefinition, 'operators'> & { readonly operators: readonly DraftOperator[] };
  readonly operatorSignatures: readonly DraftSignatures[];
}

/** A definition that every operator has signed. */
export interface CompleteDraft {
  readonly definition: ClusterDefinition;
  readonly operatorSignatures: readonly OperatorSignatures[];
}

export const unsigned: DraftSignatures = { entry: null, definition: null };

export const draftText = ({ definition, operatorSignatures }: Draft): string =>
  `${JSON.stringify({ version: DRAFT_VERSION, definition, operatorSignatures }, null, 2)}\n`;

/** @throws CliFileError, LockError naming the field */
export function readDraft(path: string): Draft {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the definition cannot be read', { data: { path }, cause });
  }
  let value: unknown;
  try {
    value = text.length > BYTES_MAX ? null : JSON.parse(text);
  } catch (cause) {
    throw new CliFileError('the definition is not JSON', { data: { path }, cause });
  }
  const { version, definition, operatorSignatures } = (value ?? {}) as Record<string, unknown>;
  if (version !== DRAFT_VERSION || !isRecord(definition) || !Array.isArray(definition.operators)) {
    throw new CliFileError('this is no definition of a cluster', {
      data: { path },
      fix: '`holdfast cluster create` makes one; a lock is made of it by `holdfast dkg`',
    });
  }
  return checked(definition as unknown as Draft['definition'], operatorSignatures, path);
}

/** The whole definition checked field by field, with stand-ins where an identity is still missing. */
function checked(given: Draft['definition'], signatures: unknown, path: string): Draft {
  const missing = given.operators.map((operator) => isRecord(operator) && operator.identity === null);
  const filled = given.operators.map((operator, i) =>
    missing[i] ? { ...operator, identity: `0x${'00'.repeat(31)}${(i + 1).toString(16).padStart(2, '0')}` } : operator,
  );
  const definition = parseDefinition(JSON.stringify({ ...given, operators: filled }));
  const operators = definition.operators.map((operator, i) =>
    missing[i] ? { ...operator, identity: null } : operator,
  );
  if (!Array.isArray(signatures) || signatures.length !== operators.length) {
    throw new CliFileError('the definition has not one pair of signatures for each operator', { data: { path } });
  }
  return { definition: { ...definition, operators }, operatorSignatures: signatures.map((each) => pairOf(each, path)) };
}

function pairOf(value: unknown, path: string): DraftSignatures {
  const signature = (name: 'entry' | 'definition'): Hex | null => {
    const text = isRecord(value) ? value[name] : undefined;
    if (text === null || (typeof text === 'string' && /^0x[0-9a-f]{130}$/.test(text))) return text as Hex | null;
    throw new CliFileError('a signature in the definition is not 65 bytes of lower-case hex', { data: { path, name } });
  };
  return { entry: signature('entry'), definition: signature('definition') };
}

/** The definition with every identity in it; null while operators are missing. */
export function fullDefinition({ definition }: Draft): ClusterDefinition | null {
  const operators = definition.operators.flatMap(({ identity, ...operator }) =>
    identity === null ? [] : [{ ...operator, identity }],
  );
  return operators.length === definition.operators.length ? { ...definition, operators } : null;
}

/** @throws CliUsageError naming who has still to do what */
export function complete(draft: Draft): CompleteDraft {
  const definition = fullDefinition(draft);
  const signatures = draft.operatorSignatures.flatMap(({ entry, definition: whole }) =>
    entry !== null && whole !== null ? [{ entry, definition: whole }] : [],
  );
  if (definition && signatures.length === definition.operators.length) {
    return { definition, operatorSignatures: signatures };
  }
  const waiting = draft.definition.operators.flatMap(({ address, identity }, i) => {
    const { entry, definition: whole } = draft.operatorSignatures[i]!;
    if (identity === null || entry === null) return [`operator ${i + 1} (${address}) has not joined`];
    return whole === null ? [`operator ${i + 1} (${address}) has not signed the whole`] : [];
  });
  throw new CliUsageError(`the definition is not complete: ${waiting.join('; ')}`, {
    data: { waiting },
    fix: 'Each runs `holdfast cluster join` on it: once to enter its node, and once more when all have entered',
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
