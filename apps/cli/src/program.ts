import { Command } from 'commander';
import { addCluster } from './commands/cluster/command.ts';
import { addDeploy } from './commands/deploy/command.ts';
import { addDevnet } from './commands/devnet/command.ts';
import { addDkg } from './commands/dkg/command.ts';
import { addFault } from './commands/fault/command.ts';
import { addKeeper } from './commands/keeper/command.ts';
import { addKeys } from './commands/keys/command.ts';
import { addNode } from './commands/node/command.ts';
import { addOperator } from './commands/operator/command.ts';
import { addProtection } from './commands/protection/command.ts';
import { addSigner } from './commands/signer/command.ts';
import { addSim } from './commands/sim/command.ts';
import { addStatus } from './commands/status/command.ts';
import { addUp } from './commands/up/command.ts';
import { addVerify } from './commands/verify/command.ts';
import { type Context, makeContext } from './context.ts';
import { EXIT_HELP, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import type { CommonOptions } from './options/common.ts';
import { applySettings } from './options/settings.ts';

const VERSION = '0.1.0';

const COMMANDS = [
  addUp,
  addDevnet,
  addDeploy,
  addKeeper,
  addVerify,
  addStatus,
  addOperator,
  addFault,
  addSigner,
  addKeys,
  addProtection,
  addCluster,
  addDkg,
  addNode,
  addSim,
];

/** What a command does once its options are settled. */
export type Action<Options> = (options: Options, context: Context) => Promise<ExitCode>;

/** What commands are declared on. */
export interface Host {
  readonly program: Command;
  /** Declares what `command` does. It is told `argument`s as `options.arguments`. */
  does<Options>(command: Command, action: Action<Options>): void;
}

/**
 * Every command with its options and help. Declaring them loads nothing heavy: each imports what it runs when it is
 * run, after the preset is decided.
 */
export function makeProgram(io: Io, signal: AbortSignal, finish: (code: ExitCode) => void): Command {
  const program = new Command('holdfast')
    .description('A non-custodial Ethereum staking pool: run it, deploy it, keep it, check it.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => undefined })
    // What stands behind a command's name is its own.
    .enablePositionalOptions()
    .allowExcessArguments(false)
    .addHelpText('after', HELP);
  const host: Host = {
    program,
    does: (command, action) => {
      command.allowExcessArguments(false).action(async () => {
        applySettings(command, io);
        const given = { ...command.opts(), arguments: command.processedArgs };
        finish(await action(given as never, makeContext(io, given as CommonOptions, signal)));
      });
    },
  };
  for (const add of COMMANDS) add(host);
  return program;
}

const HELP = `
Begin with:
  holdfast up                     an Ethereum in a box, a pool living on it, and its dashboard
  holdfast <command> --help       what a command takes, with examples

Settings come from flags, then the environment (HOLDFAST_RPC_URL, HOLDFAST_BEACON_URL, …), then a settings file
(holdfast.config.json, or --config FILE), then defaults. Keys and passwords come from files or the environment only.

${EXIT_HELP}
`;
