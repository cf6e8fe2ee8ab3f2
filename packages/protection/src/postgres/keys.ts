import type { Pubkey } from '@holdfast/units';
import { type KeyState, NO_ATTESTATIONS, NO_BLOCKS } from '../decide.ts';
import type { Watermarks } from '../port.ts';
import { fromStored, toStored } from '../u64.ts';
import type { Transaction } from './transaction.ts';
import { integers, pubkeyTexts } from './values.ts';

/** A key as its row has it. */
export interface KeyRow {
  readonly id: number;
  readonly pubkey: Pubkey;
  readonly state: KeyState;
}

type Nullable = bigint | null;
type Columns = readonly [number, string, boolean, Nullable, Nullable, Nullable, Nullable, Nullable, Nullable];

const COLUMNS = `id, '0x' || encode(pubkey, 'hex'), disabled,
  line_slot, top_slot, line_source, line_target, top_source, top_target`;

/**
 * Reads the rows of these keys, or of all, and holds them until the transaction ends. Rows are locked in the order of their
 * numbers, everywhere, so that no two transactions ever wait for each other in a circle.
 */
export function lockKeys(transaction: Transaction, pubkeys: readonly Pubkey[] | undefined): Promise<readonly KeyRow[]> {
  return readKeys(transaction, pubkeys, 'FOR UPDATE');
}

export async function readKeys(
  transaction: Transaction,
  pubkeys: readonly Pubkey[] | undefined,
  lock: 'FOR UPDATE' | '' = '',
): Promise<readonly KeyRow[]> {
  const which = pubkeys === undefined ? '' : `WHERE pubkey = ANY (ARRAY(SELECT decode(unnest($1::text[]), 'hex')))`;
  const rows = await transaction.rows<Columns>(
    `SELECT ${COLUMNS} FROM ${transaction.settings.schema}.keys ${which} ORDER BY id ${lock}`,
    pubkeys === undefined ? [] : [pubkeyTexts(pubkeys)],
  );
  return rows.map(keyOf);
}

/** The same by numbers. */
export async function lockKeysById(transaction: Transaction, ids: readonly number[]): Promise<readonly KeyRow[]> {
  const rows = await transaction.rows<Columns>(
    `SELECT ${COLUMNS} FROM ${transaction.settings.schema}.keys WHERE id = ANY ($1::integer[]) ORDER BY id FOR UPDATE`,
    [integers(ids)],
  );
  return rows.map(keyOf);
}

function keyOf([
  id,
  pubkey,
  disabled,
  lineSlot,
  topSlot,
  lineSource,
  lineTarget,
  topSource,
  topTarget,
]: Columns): KeyRow {
  const drawn = lineSource !== null && lineTarget !== null && topSource !== null && topTarget !== null;
  return {
    id,
    pubkey: pubkey as Pubkey,
    state: {
      enabled: !disabled,
      blocks:
        lineSlot === null || topSlot === null
          ? NO_BLOCKS
          : { drawn: true, line: fromStored(lineSlot), top: fromStored(topSlot) },
      attestations: drawn
        ? {
            drawn,
            lineSource: fromStored(lineSource),
            lineTarget: fromStored(lineTarget),
            topSource: fromStored(topSource),
            topTarget: fromStored(topTarget),
          }
        : NO_ATTESTATIONS,
    },
  };
}

/** The SQL for new values of key rows, and its parameters. The rows must be locked. */
export function storingStates(
  schema: string,
  states: ReadonlyMap<number, KeyState>,
  first: number,
): { readonly text: string; readonly values: readonly string[] } {
  const all = [...states.values()];
  const blocks = (of: (frontier: KeyState['blocks']) => bigint) =>
    integers(all.map(({ blocks: frontier }) => (frontier.drawn ? toStored(of(frontier)) : null)));
  const attestations = (of: (frontier: KeyState['attestations']) => bigint) =>
    integers(all.map(({ attestations: frontier }) => (frontier.drawn ? toStored(of(frontier)) : null)));
  const parameters = Array.from({ length: 7 }, (_, at) => `$${first + at}::${at === 0 ? 'integer' : 'bigint'}[]`);
  return {
    text: `UPDATE ${schema}.keys k SET line_slot = s.line_slot, top_slot = s.top_slot, line_source = s.line_source,
        line_target = s.line_target, top_source = s.top_source, top_target = s.top_target
      FROM unnest(${parameters.join(', ')})
        AS s (id, line_slot, top_slot, line_source, line_target, top_source, top_target)
      WHERE k.id = s.id`,
    values: [
      integers([...states.keys()]),
      blocks(({ line }) => line),
      blocks(({ top }) => top),
      attestations(({ lineSource }) => lineSource),
      attestations(({ lineTarget }) => lineTarget),
      attestations(({ topSource }) => topSource),
      attestations(({ topTarget }) => topTarget),
    ],
  };
}

/** Adds the keys that are not known and gives how many they were. */
export async function addKeys(transaction: Transaction, pubkeys: readonly Pubkey[]): Promise<number> {
  // In order, so that two signers that add the same keys do not wait for each other in a circle.
  return transaction.count(
    `INSERT INTO ${transaction.settings.schema}.keys (pubkey)
     SELECT decode(t, 'hex') FROM unnest($1::text[]) AS t ORDER BY t ON CONFLICT DO NOTHING`,
    [pubkeyTexts(pubkeys)],
  );
}

/** Locked keys: may they claim? */
export async function setDisabled(transaction: Transaction, keys: readonly KeyRow[], disabled: boolean): Promise<void> {
  await transaction.count(
    `UPDATE ${transaction.settings.schema}.keys SET disabled = $2 WHERE id = ANY ($1::integer[])`,
    [integers(keys.map(({ id }) => id)), disabled],
  );
}

export const watermarksOf = ({ pubkey, state: { enabled, blocks, attestations } }: KeyRow): Watermarks => ({
  pubkey,
  enabled,
  slot: blocks.drawn ? blocks.line : null,
  sourceEpoch: attestations.drawn ? attestations.lineSource : null,
  targetEpoch: attestations.drawn ? attestations.lineTarget : null,
});
