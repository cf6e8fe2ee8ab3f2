import type { Logic, PairRules } from '../rules.ts';
import { sameAttestation, sameBlock } from '../rules.ts';

/**
 * The rules' logic as SQL text, for SQLite and PostgreSQL alike. An unknown root is stored as no bytes (a primary key
 * holds no NULL), so two roots are the same when they are equal and not empty.
 */
export const SQL: Logic<string, string, string> = {
  eq: (a, b) => `${a} = ${b}`,
  lt: (a, b) => `${a} < ${b}`,
  sameRoot: (a, b) => `(${a} = ${b} AND length(${a}) > 0)`,
  and: (a, b) => `(${a} AND ${b})`,
  or: (a, b) => `(${a} OR ${b})`,
  not: (a) => `NOT (${a})`,
};

type Columns<Name extends string> = Readonly<Record<Name, string>>;

/** The condition that a block stands in any relation to a record: one of the pair rules, or the same again. */
export function blockMatches(
  pairs: PairRules,
  duty: Columns<'slot' | 'root'>,
  record: Columns<'slot' | 'root'>,
): string {
  const rules = [...Object.values(pairs.block), sameBlock];
  return rules.map((rule) => rule(SQL, duty, record)).reduce(SQL.or);
}

/** The condition that an attestation stands in any relation to a record: one of the pair rules, or the same again. */
export function attestationMatches(
  pairs: PairRules,
  duty: Columns<'source' | 'target' | 'root'>,
  record: Columns<'source' | 'target' | 'root'>,
): string {
  const rules = [...Object.values(pairs.attestation), sameAttestation];
  return rules.map((rule) => rule(SQL, duty, record)).reduce(SQL.or);
}
