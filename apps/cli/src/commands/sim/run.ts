import { setImmediate } from 'node:timers/promises';
import {
  ADVERSARIES,
  type AdversaryKind,
  type Exploration,
  explore,
  type Failure,
  faultyMax,
  MUTANT_NAMES,
  MUTANTS,
  type MutantName,
  type SimulateOptions,
  simulate,
} from '@holdfast/consensus';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { pairs } from '../../ui/table.ts';
import type { SimConsensusOptions } from './command.ts';

/** Between two looks at the clock and at Ctrl-C. */
const CHUNK = 50;
/** Of a trace that nobody asked for, as much as tells how it ended. */
const TRACE_TAIL = 30;
const FAILURES_SHOWN = 3;

export async function runSimConsensus(options: SimConsensusOptions, context: Context): Promise<ExitCode> {
  const { seed, runs, nodes } = options;
  const schedule = { nodes, adversaries: adversariesOf(options, nodes), mutant: mutantOf(options) };
  const started = performance.now();
  const sum = await context.progress.step(`Simulating seeds ${seed} to ${seed + runs - 1}`, async (detail) => {
    let last: Exploration | undefined;
    for (const so of explore({ ...schedule, seed, runs })) {
      last = so;
      if (so.runs % CHUNK !== 0) continue;
      detail(`${so.runs} of ${runs}, ${so.failed} failed`);
      await setImmediate();
      if (context.signal.aborted) break;
    }
    return last!;
  });
  const schedulesPerSecond = Math.round((sum.runs / (performance.now() - started)) * 1000);
  const traced = options.trace || sum.failed > 0 ? traceOf(sum, { ...schedule, seed }) : undefined;
  context.tell({ ...sum, schedulesPerSecond, ...(options.trace && traced ? { trace: traced } : {}) });
  if (traced) context.say(`\n${(options.trace ? traced : traced.slice(-TRACE_TAIL)).join('\n')}\n`);
  context.say(`\n${told(sum, schedulesPerSecond)}\n${verdict(sum, schedule.mutant, context)}`);
  return sum.failed > 0 ? EXIT.refuted : EXIT.ok;
}

/** The first schedule that failed, else the first, played once more with everything written down. */
function traceOf({ failures }: Exploration, options: SimulateOptions): readonly string[] {
  return simulate({ ...options, seed: failures[0]?.seed ?? options.seed, trace: true }).trace;
}

function told(sum: Exploration, schedulesPerSecond: number): string {
  return pairs([
    ['schedules', `${sum.runs}, ${schedulesPerSecond} a second`],
    ['decisions', `${sum.decisions}, up to round ${sum.roundMax}`],
    ['messages', String(sum.messages)],
    ['crashes', String(sum.crashes)],
    ['traitors named', `in ${sum.withAccused} schedules`],
    ['fingerprint', sum.fingerprint.toString(16).padStart(8, '0')],
  ]);
}

function verdict({ failed, failures }: Exploration, mutant: MutantName | undefined, { style }: Context): string {
  const about = mutant ? `${mutant} (${MUTANTS[mutant].lacks}): ` : '';
  if (failed === 0) return `${style.green('HOLDS')}: ${about}no schedule broke anything\n`;
  const shown = failures.slice(0, FAILURES_SHOWN).map((failure) => failureText(failure));
  return `${style.red('BROKEN')}: ${about}${failed} schedules failed\n\n${shown.join('\n')}`;
}

function failureText({ seed, violations, replay }: Failure): string {
  const lines = violations.slice(0, FAILURES_SHOWN).map(({ check, detail }) => `    ${check}: ${detail}\n`);
  return `  seed ${seed}\n${lines.join('')}    again: ${replay}\n`;
}

function adversariesOf({ adversary }: SimConsensusOptions, nodes: number | undefined): AdversaryKind[] | undefined {
  if (adversary === undefined) return undefined;
  const kinds = adversary === 'none' ? [] : adversary.split(',').map((kind) => kind.trim());
  for (const kind of kinds) requireOneOf(kind, ADVERSARIES, '--adversary');
  // A schedule that draws its size may draw four nodes, of which one may lie.
  const faulty = faultyMax(nodes ?? 4);
  if (kinds.length > faulty)
    throw new CliUsageError(`${kinds.length} traitors are more than ${faulty}, the f of ${nodes ?? 4} nodes`, {
      fix: `Give --nodes ${3 * kinds.length + 1} or more`,
    });
  return kinds as AdversaryKind[];
}

function mutantOf({ mutant }: SimConsensusOptions): MutantName | undefined {
  if (mutant !== undefined) requireOneOf(mutant, MUTANT_NAMES, '--mutant');
  return mutant as MutantName | undefined;
}

function requireOneOf(given: string, known: readonly string[], option: string): void {
  if (!known.includes(given))
    throw new CliUsageError(`${option} knows no '${given}'`, { fix: `Choose of: ${known.join(', ')}` });
}
