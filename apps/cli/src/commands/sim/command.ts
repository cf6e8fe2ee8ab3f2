import { Option } from 'commander';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer } from '../../options/parsers.ts';
import type { Host } from '../../program.ts';

export interface SimConsensusOptions extends CommonOptions {
  readonly seed: number;
  readonly runs: number;
  readonly nodes?: number | undefined;
  /** Kinds separated by commas, or `none`. */
  readonly adversary?: string | undefined;
  readonly mutant?: string | undefined;
  readonly trace?: boolean | undefined;
}

export function addSim({ program, does }: Host): void {
  const sim = program
    .command('sim')
    .summary('torture a protocol in virtual time')
    .description('Simulators: everything that can go wrong, from a seed, in virtual time.')
    .addHelpText('after', '\nExample:\n  holdfast sim consensus --runs 10000\n');
  const consensus = sim
    .command('consensus')
    .summary('the agreement of distributed validators')
    .description(
      'Plays schedules of the agreement against lost, late and doubled messages, partitions, crashes, wrong clocks and up ' +
        'to f traitors, and checks agreement, validity, accountability, that no honest node signs against itself, and ' +
        'liveness after the network heals. The same seed is the same schedule, on every machine.',
    )
    .addOption(new Option('--seed <n>', 'the first seed').default(1).argParser(integer(0, 2 ** 32 - 1)))
    .addOption(
      new Option('--runs <n>', 'how many schedules, of as many seeds').default(1000).argParser(integer(1, 1e9)),
    )
    .option('--nodes <n>', 'how many nodes (default: drawn, 4 to 10)', integer(1, 31))
    .option('--adversary <kinds>', 'what traitors there are, by commas, or none (default: drawn, up to f)')
    .option('--mutant <name>', 'take one safeguard away, to see it missed')
    .option('--trace', 'show all that happens in the first schedule that fails, or in the only one')
    .addHelpText('after', HELP);
  addCommon(consensus);
  does<SimConsensusOptions>(consensus, async (options, context) => {
    const { runSimConsensus } = await import('./run.ts');
    return runSimConsensus(options, context);
  });
}

const HELP = `
Adversaries: dead, silentLeader, selectiveSender, equivocator, replayer, conflictingJustifier, forger, twins
Mutants:     quorumOneSmaller, unjustifiedProposals, preparedIgnored, preparedUntold, persistSkipped,
             votesCountedTwice, signaturesUnchecked, instanceUnbound, quotesUncompared, roundsNeverLeft

Examples:
  holdfast sim consensus --runs 100000                        a hundred thousand schedules
  holdfast sim consensus --nodes 7 --adversary twins,forger   with these traitors in each
  holdfast sim consensus --seed 412 --runs 1 --trace          one schedule, event by event
  holdfast sim consensus --mutant persistSkipped              see a missing safeguard caught (ends with 1)
`;
