import { CliUsageError } from '../../errors.ts';
import type { Draft, DraftOperator, DraftSignatures } from './draft.ts';

/**
 * Two copies of one definition, each with what other operators have added, as one. What was signed over the whole holds
 * only if the copies agree about all entries; `refuseForged` looks at that.
 *
 * @throws CliUsageError when they are copies of different definitions, or disagree about an operator's node
 */
export function merge(ours: Draft, theirs: Draft, path: string): Draft {
  const terms = ({ definition }: Draft): string =>
    JSON.stringify({ ...definition, operators: definition.operators.map(({ address }) => address) });
  if (terms(ours) !== terms(theirs)) {
    throw new CliUsageError('that is a copy of another definition', { data: { path } });
  }
  const operators = ours.definition.operators.map((own, i): DraftOperator => {
    const other = theirs.definition.operators[i]!;
    if (own.identity === null) return other;
    if (other.identity === null || JSON.stringify(own) === JSON.stringify(other)) return own;
    throw new CliUsageError(`the copies disagree about the node of operator ${i + 1}`, {
      data: { path, address: own.address },
      fix: 'Ask that operator which one is right, and take that copy',
    });
  });
  const operatorSignatures = ours.operatorSignatures.map(
    (own, i): DraftSignatures => ({
      entry: own.entry ?? theirs.operatorSignatures[i]!.entry,
      definition: own.definition ?? theirs.operatorSignatures[i]!.definition,
    }),
  );
  return { definition: { ...ours.definition, operators }, operatorSignatures };
}
