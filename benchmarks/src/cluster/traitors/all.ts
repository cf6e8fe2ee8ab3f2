import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { KINDS, type TraitorKind } from './kinds.ts';
import type { Verdict } from './trial.ts';
import type { Trial } from './world.ts';

const CHILD = join(import.meta.dirname, 'child.ts');

/** A trial of each kind, as many at a time as there are cores. */
export async function tryAll(trial: Omit<Trial, 'kind'>): Promise<Map<TraitorKind, Verdict>> {
  const verdicts = new Map<TraitorKind, Verdict>();
  const left = [...KINDS];
  const work = async (): Promise<void> => {
    for (let kind = left.shift(); kind !== undefined; kind = left.shift())
      verdicts.set(kind, await inProcess({ ...trial, kind }));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return verdicts;
}

async function inProcess(trial: Trial): Promise<Verdict> {
  const child = fork(CHILD, [JSON.stringify(trial)], { execArgv: ['--no-warnings'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the trial of ${trial.kind} ended with code ${String(code)} and no verdict`);
  });
  ended.catch(() => undefined);
  const [verdict] = (await Promise.race([once(child, 'message'), ended])) as [Verdict];
  return verdict;
}
