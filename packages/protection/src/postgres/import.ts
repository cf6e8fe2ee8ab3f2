import type { KeptAttestation, KeptBlock, KeyState } from '../decide.ts';
import { type Imported, mergeAttestations, mergeBlocks } from '../interchange/merge.ts';
import type { KeyHistory } from '../interchange/parse.ts';
import type { ImportOptions, ImportReport } from '../port.ts';
import { addKeys, lockKeys, storingStates } from './keys.ts';
import type { Transaction } from './transaction.ts';
import { integers, roots, u64s } from './values.ts';

const RECORDS_PER_STATEMENT = 20_000;

/** Merges histories within a transaction, which holds the keys from beginning to end. */
export async function importHistories(
  transaction: Transaction,
  histories: readonly KeyHistory[],
  gaps: NonNullable<ImportOptions['gaps']>,
): Promise<ImportReport> {
  const pubkeys = histories.map(({ pubkey }) => pubkey);
  const keysAdded = await addKeys(transaction, pubkeys);
  const rows = new Map((await lockKeys(transaction, pubkeys)).map((row) => [row.pubkey, row]));
  const states = new Map<number, KeyState>();
  const blocks: (Imported<KeptBlock> & { readonly key: number })[] = [];
  const attestations: (Imported<KeptAttestation> & { readonly key: number })[] = [];
  let records = 0;
  for (const history of histories) {
    const { id, state } = rows.get(history.pubkey)!;
    const mergedBlocks = mergeBlocks(state.blocks, history.blocks, gaps);
    const mergedAttestations = mergeAttestations(state.attestations, history.attestations, gaps);
    for (const block of mergedBlocks.records) blocks.push({ key: id, ...block });
    for (const attestation of mergedAttestations.records) attestations.push({ key: id, ...attestation });
    records += history.blocks.length + history.attestations.length;
    states.set(id, {
      enabled: state.enabled,
      blocks: mergedBlocks.frontier,
      attestations: mergedAttestations.frontier,
    });
  }
  const update = storingStates(transaction.settings.schema, states, 1);
  await transaction.count(update.text, update.values);
  const { schema } = transaction.settings;
  // Not if the record, as the file has it, is there already.
  const blocksAdded = await inPortions(blocks, (portion) =>
    transaction.count(
      `INSERT INTO ${schema}.blocks (key, slot, root)
       SELECT key, slot, decode(stored, 'hex')
       FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::text[]) AS u (key, slot, root, stored)
       WHERE NOT EXISTS (
         SELECT 1 FROM ${schema}.blocks b WHERE b.key = u.key AND b.slot = u.slot AND b.root = decode(u.root, 'hex'))
       ON CONFLICT DO NOTHING`,
      [
        integers(portion.map(({ key }) => key)),
        u64s(portion.map(({ record }) => record.slot)),
        roots(portion.map(({ record }) => record.root)),
        roots(portion.map(({ storedRoot }) => storedRoot)),
      ],
    ),
  );
  // By target, as the table lies.
  attestations.sort(({ record: a }, { record: b }) => (a.target < b.target ? -1 : a.target > b.target ? 1 : 0));
  const attestationsAdded = await inPortions(attestations, (portion) =>
    transaction.count(
      `INSERT INTO ${schema}.attestations (target, key, source, root)
       SELECT target, key, source, decode(stored, 'hex')
       FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::text[])
         AS u (target, key, source, root, stored)
       WHERE NOT EXISTS (
         SELECT 1 FROM ${schema}.attestations a
         WHERE a.target = u.target AND a.key = u.key AND a.source = u.source AND a.root = decode(u.root, 'hex'))
       ON CONFLICT DO NOTHING`,
      [
        u64s(portion.map(({ record }) => record.target)),
        integers(portion.map(({ key }) => key)),
        u64s(portion.map(({ record }) => record.source)),
        roots(portion.map(({ record }) => record.root)),
        roots(portion.map(({ storedRoot }) => storedRoot)),
      ],
    ),
  );
  return {
    keys: histories.length,
    keysAdded,
    blocks: blocksAdded,
    attestations: attestationsAdded,
    known: records - blocksAdded - attestationsAdded,
  };
}

async function inPortions<T>(
  records: readonly T[],
  write: (portion: readonly T[]) => Promise<number>,
): Promise<number> {
  let added = 0;
  for (let from = 0; from < records.length; from += RECORDS_PER_STATEMENT)
    added += await write(records.slice(from, from + RECORDS_PER_STATEMENT));
  return added;
}
