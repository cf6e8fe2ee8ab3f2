import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, CommanderError, type Option } from 'commander';
import { CliFileError, CliUsageError } from '../errors.ts';
import type { Io } from '../io.ts';

export const SETTINGS_FILE = 'holdfast.config.json';

/**
 * Fills in what neither the command line nor the environment says from a settings file: an object whose keys are option
 * names in camel case, for all commands, or the name of a command with an object of its own. The commands below another
 * (`keys import`) share that one's object.
 *
 * @example { "rpcUrl": "http://127.0.0.1:8545", "beaconUrl": ["http://127.0.0.1:5052"], "keeper": { "metricsPort": 9090 } }
 */
export function applySettings(command: Command, io: Io): void {
  const found = readSettings(command, io);
  if (!found) return;
  const { path, settings } = found;
  const [root, top] = lineOf(command);
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    if (root.commands.some((sibling) => sibling.name() === key)) continue;
    if (optionOf(command, key) && !OWN_ONLY.has(`${command.name()}.${key}`)) shared[key] = value;
    else if (!familyOf(root).some((other) => optionOf(other, key))) throw unknownKey(path, key, command);
  }
  const own = settings[top.name()];
  if (own !== undefined && !isRecord(own)) {
    throw new CliFileError(`"${top.name()}" in the settings file must be an object`, { data: { path } });
  }
  const taken: Record<string, unknown> = { ...shared };
  for (const [key, value] of Object.entries(own ?? {})) {
    if (optionOf(command, key)) taken[key] = value;
    else if (!familyOf(top).some((other) => optionOf(other, key))) throw unknownKey(path, key, command);
  }
  for (const [key, value] of Object.entries(taken)) apply(command, key, value, path);
}

/** The program, and the command right below it that this one is or belongs to. */
function lineOf(command: Command): [root: Command, top: Command] {
  let top = command;
  while (top.parent?.parent) top = top.parent;
  return [top.parent ?? top, top];
}

/** A command and all below it. */
const familyOf = (command: Command): Command[] => [command, ...command.commands.flatMap(familyOf)];

/** `deploy` has a `--config` of its own, the pool's, so there the variable or the default name has to do. */
function readSettings(command: Command, io: Io): { path: string; settings: Record<string, unknown> } | null {
  const flag = command.name() === 'deploy' ? undefined : (command.opts().config as string | undefined);
  const named = flag ?? io.env.HOLDFAST_CONFIG;
  const path = resolve(io.cwd, named ?? SETTINGS_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (named === undefined && (cause as { code?: unknown }).code === 'ENOENT') return null;
    throw new CliFileError('the settings file cannot be read', { data: { path }, cause });
  }
  try {
    const settings: unknown = JSON.parse(text);
    if (isRecord(settings)) return { path, settings };
  } catch (cause) {
    throw new CliFileError('the settings file is not JSON', { data: { path }, cause });
  }
  throw new CliFileError('the settings file must hold an object', { data: { path } });
}

function apply(command: Command, key: string, value: unknown, path: string): void {
  const source = command.getOptionValueSource(key);
  if (source !== undefined && source !== 'default') return;
  const option = optionOf(command, key)!;
  command.setOptionValueWithSource(key, parsed(option, value, `${key} in ${path}`), 'config');
}

/** The value as if it had been given on the command line, once for each item of a list. */
function parsed(option: Option, value: unknown, where: string): unknown {
  if (option.isBoolean() || option.negate) {
    if (typeof value === 'boolean') return value;
    throw new CliUsageError(`${where} must be true or false`, { data: { value } });
  }
  const items = Array.isArray(value) ? value : [value];
  let result: unknown;
  for (const item of items) {
    if (typeof item !== 'string' && typeof item !== 'number') {
      throw new CliUsageError(`${where} must be a text or a number`, { data: { value } });
    }
    try {
      const text = String(item);
      if (option.argChoices && !option.argChoices.includes(text)) {
        throw new CommanderError(2, 'choice', `It must be one of ${option.argChoices.join(', ')}.`);
      }
      result = option.parseArg && !option.argChoices ? option.parseArg(text, result) : text;
    } catch (cause) {
      if (!(cause instanceof CommanderError)) throw cause;
      throw new CliUsageError(`${where} is invalid. ${cause.message}`);
    }
  }
  return result;
}

const optionOf = (command: Command, key: string): Option | undefined =>
  command.options.find((option) => option.attributeName() === key && !NOT_SETTABLE.has(key));

/** Options that mean another thing in this command than in the others: a setting for all does not reach them. */
const OWN_ONLY = new Set(['devnet.rpcUrl']);

/** Decisions of one call, which a file must not make for all. */
const NOT_SETTABLE = new Set([
  'config',
  'debug',
  'resume',
  'dryRun',
  'printConfig',
  'printGenesis',
  'init',
  'newKeys',
  'watchFirst',
  'slashingProtection',
  'validator',
  'epoch',
  'withdraw',
]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As it is typed: `keys import`. */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

const unknownKey = (path: string, key: string, command: Command): CliUsageError =>
  new CliUsageError(`"${key}" in the settings file is no setting`, {
    data: { path },
    fix: `\`holdfast ${nameOf(command)} --help\` lists the options; a setting is an option's name in camel case`,
  });
