import type { Pubkey } from '@holdfast/units';
import { Batch, type KeptAttestation, type KeptBlock, type KeyedDuty, NOTHING_FOUND } from '../decide.ts';
import { ProtectionStorageError } from '../errors.ts';
import { refusalMessage } from '../message.ts';
import type { Duty, Verdict } from '../port.ts';
import { rootBytes } from '../root.ts';
import type { Rules } from '../rules.ts';
import { findAttestations, findBlocks, type Lookup } from './history.ts';
import { lockKeys, readKeys, storingStates } from './keys.ts';
import type { Transaction } from './transaction.ts';
import { integers, roots, u64s } from './values.ts';

export interface ClaimSettings {
  readonly rules: Rules;
  /** Tests leave the lock out, and see that two signers then both get what one may have. */
  readonly locksKeys: boolean;
}

/**
 * Judges a batch and stores what is allowed, within a transaction. The keys' rows are locked first and everything is read
 * after that, so whoever else wants one of these keys waits and then sees what was decided here. Nothing is remembered from
 * one batch to the next: other signers write too.
 * The caller must commit even where nothing was stored: with the lock taken, the commit waits until all that was read here
 * is durable, so that "repeated" is never said of a record that could still be lost.
 */
export async function claimBatch(
  transaction: Transaction,
  { rules, locksKeys }: ClaimSettings,
  duties: readonly Duty[],
): Promise<readonly Verdict[]> {
  const pubkeys = [...new Set(duties.map(({ pubkey }) => pubkey))];
  const rows = await (locksKeys ? lockKeys : readKeys)(transaction, pubkeys);
  const numbers = new Map(rows.map(({ pubkey, id }) => [pubkey, id]));
  const states = new Map(rows.map(({ id, state }) => [id, state]));
  const batch = new Batch(rules, transaction.ceiling, (key) => states.get(key));
  const keyed = duties.map((duty) => keyedDuty(duty, numbers));
  const blocks: Lookup<KeptBlock>[] = [];
  const attestations: Lookup<KeptAttestation>[] = [];
  for (const [at, duty] of keyed.entries()) {
    if (!batch.needsHistory(duty)) continue;
    const { key } = duty;
    const state = states.get(key)!;
    if (duty.kind === 'block') blocks.push({ at, key, state, duty: duty.block });
    else attestations.push({ at, key, state, duty: duty.attestation });
  }
  const blockFindings = await findBlocks(transaction, rules, blocks);
  const attestationFindings = await findAttestations(transaction, rules, attestations);
  const verdicts = keyed.map((duty, at): Verdict => {
    const found = (duty.kind === 'block' ? blockFindings : attestationFindings).get(at) ?? NOTHING_FOUND;
    const judgement = batch.judge(duty, found);
    if (judgement.allowed) return judgement;
    const { rule, record } = judgement;
    return { allowed: false, rule, message: refusalMessage(duties[at]!, rule, record) };
  });
  await store(transaction, batch);
  return verdicts;
}

function keyedDuty(duty: Duty, numbers: ReadonlyMap<Pubkey, number>): KeyedDuty {
  // Numbers begin at 1, so an unknown key has a number that no key has.
  const key = numbers.get(duty.pubkey) ?? 0;
  const root = rootBytes(duty.signingRoot);
  return duty.kind === 'block'
    ? { kind: 'block', key, block: { slot: duty.slot, root } }
    : { kind: 'attestation', key, attestation: { source: duty.sourceEpoch, target: duty.targetEpoch, root } };
}

/** Writes the new records and the keys' new frontiers in one statement, and counts what the database says it wrote. */
async function store(transaction: Transaction, { additions, states }: Batch): Promise<void> {
  if (additions.length === 0) return;
  const { schema, shown } = transaction.settings;
  const blocks = additions.filter((duty) => duty.kind === 'block');
  const attestations = additions.filter((duty) => duty.kind === 'attestation');
  const keys = storingStates(schema, states, 8);
  const [row] = await transaction.rows<readonly [bigint, bigint, bigint]>(
    `WITH b AS (
       INSERT INTO ${schema}.blocks (key, slot, root)
       SELECT key, slot, decode(root, 'hex') FROM unnest($1::integer[], $2::bigint[], $3::text[]) AS u (key, slot, root)
       RETURNING 1
     ), a AS (
       INSERT INTO ${schema}.attestations (target, key, source, root)
       SELECT target, key, source, decode(root, 'hex')
       FROM unnest($4::bigint[], $5::integer[], $6::bigint[], $7::text[]) AS u (target, key, source, root)
       RETURNING 1
     ), s AS (${keys.text} RETURNING 1)
     SELECT (SELECT count(*) FROM b), (SELECT count(*) FROM a), (SELECT count(*) FROM s)`,
    [
      integers(blocks.map(({ key }) => key)),
      u64s(blocks.map(({ block }) => block.slot)),
      roots(blocks.map(({ block }) => block.root)),
      u64s(attestations.map(({ attestation }) => attestation.target)),
      integers(attestations.map(({ key }) => key)),
      u64s(attestations.map(({ attestation }) => attestation.source)),
      roots(attestations.map(({ attestation }) => attestation.root)),
      ...keys.values,
    ],
  );
  // A trigger or a rule on the server can swallow rows without a word.
  const wrote = row!.map(Number);
  const expected = [blocks.length, attestations.length, states.size];
  if (wrote.some((count, at) => count !== expected[at]))
    throw new ProtectionStorageError('the protection database did not store what it was given', {
      data: { ...shown, expected: expected.join('/'), wrote: wrote.join('/') },
      fix: 'Remove whatever was added to its tables (triggers, rules)',
    });
}
