import { resolve } from 'node:path';
import { byzantineThreshold } from '@holdfast/keys';
import type { Hex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import type { ReshareOptions } from './command.ts';
import { lower, newNonce, newOperator, requireMajority } from './create.ts';
import { type Draft, type DraftOperator, draftText, unsigned } from './draft.ts';
import { readVerifiedLock, writeNew } from './files.ts';
import { tellDraft } from './tell.ts';

/** The definition of the cluster's next generation: the same validators under another set of nodes. */
export async function runReshare(options: ReshareOptions, context: Context): Promise<ExitCode> {
  const at = (path: string): string => resolve(context.io.cwd, path);
  const { lock } = await readVerifiedLock(at(options.arguments[0]));
  const { definition } = lock;
  const operators = successors(definition.operators, options);
  const threshold = options.threshold ?? byzantineThreshold(operators.length);
  requireMajority(threshold, operators.length);
  const draft: Draft = {
    definition: {
      ...definition,
      nonce: newNonce(),
      feeRecipient: lower(options.feeRecipient ?? definition.feeRecipient),
      threshold,
      operators,
      generation: definition.generation + 1,
      previousLockHash: lock.lockHash,
    },
    operatorSignatures: operators.map(() => unsigned),
  };
  const path = at(options.out);
  writeNew(path, draftText(draft));
  tellDraft(draft, path, context);
  context.say(
    '\nEach operator of the new set joins it (`holdfast cluster join`, a new --data-dir for each node). Then stop the old\n' +
      'nodes and run, at the same time: `holdfast dkg … --previous OLD-DIR` by those who hold shares, members or leaving,\n' +
      '`holdfast dkg … --previous-lock OLD-LOCK` by those who come.\n',
  );
  return EXIT.ok;
}

function successors(before: readonly DraftOperator[], { remove, replace, add }: ReshareOptions): DraftOperator[] {
  const replaced = new Map((replace ?? []).map(({ node, address }) => [node, address]));
  const removed = new Set(remove ?? []);
  for (const node of [...removed, ...replaced.keys()]) {
    if (node <= before.length) continue;
    throw new CliUsageError('the cluster has no such node', { data: { node, nodes: before.length } });
  }
  const kept = before.flatMap((operator, i): DraftOperator[] => {
    const successor = replaced.get(i + 1);
    if (successor !== undefined) return [newOperator(successor)];
    return removed.has(i + 1) ? [] : [operator];
  });
  return [...kept, ...(add ?? []).map((address: Hex) => newOperator(address))];
}
