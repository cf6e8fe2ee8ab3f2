import { Argument, Option } from 'commander';
import { CliUsageError } from '../../errors.ts';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { address, integer, url, validators } from '../../options/parsers.ts';
import type { Host } from '../../program.ts';
import { FAULT_KINDS, type FaultKind } from './kinds.ts';

export interface FaultCommandOptions extends CommonOptions {
  readonly arguments: readonly [kind: FaultKind];
  readonly devnetUrl?: string | undefined;
  readonly validators?: readonly (number | `0x${string}`)[] | undefined;
  readonly atOnce?: boolean | undefined;
  readonly forSlots?: number | undefined;
  readonly feeRecipient?: `0x${string}` | undefined;
  readonly gwei?: number | undefined;
  readonly wei?: string | undefined;
  readonly address?: `0x${string}` | undefined;
  readonly slots?: number | undefined;
}

export function addFault({ program, does }: Host): void {
  const command = program
    .command('fault')
    .summary('break something on a running devnet')
    .description(
      'Makes validators of a running devnet fail, its Beacon API lie, or its pool short. Validators that a cluster runs ' +
        'sign nothing wrong: for them a copy of the key contradicts what the cluster signed.',
    )
    .addArgument(new Argument('<kind>', 'what to break').choices(FAULT_KINDS))
    .addOption(
      new Option('--devnet-url <url>', "the devnet's Beacon API (default: http://127.0.0.1:5052)")
        .env('HOLDFAST_DEVNET_URL')
        .argParser(url),
    )
    .option('--validators <list>', 'indices or public keys', validators)
    .option('--at-once', 'do not wait for a duty (equivocations)')
    .option('--for-slots <n>', 'for so many slots (offline, wrongFeeRecipient)', integer(1, 1_000_000))
    .option('--fee-recipient <address>', 'who gets the fees (wrongFeeRecipient)', address)
    .option('--gwei <n>', 'how much to add to balances (lyingBalances)', integer(1, 1_000_000_000_000))
    .option('--address <address>', 'the Vault (vaultShort)', address)
    .option('--wei <n>', 'how much to take (vaultShort; default 1)', (text) => {
      if (/^\d{1,30}$/.test(text)) return text;
      throw new CliUsageError('--wei must be a whole number');
    })
    .option('--slots <n>', 'how many slots to let pass at once (step)', integer(1, 10_000))
    .addHelpText('after', HELP);
  addCommon(command);
  does<FaultCommandOptions>(command, async (options, context) => {
    const { runFault } = await import('./run.ts');
    return runFault(options, context);
  });
}

const HELP = `
Examples:
  holdfast fault doubleVote --validators 64,65 --at-once   two validators really sign twice, and are slashed
  holdfast fault offline --validators 66 --for-slots 40
  holdfast fault lyingBalances --gwei 1                    the Beacon API lies; verify refutes it
  holdfast fault vaultShort --address 0x…                  a wei is gone from the Vault; verify refutes it
  holdfast fault none                                      the Beacon API is honest again
  holdfast fault step --slots 512                          let time pass: to the end of a slashing, say
`;
