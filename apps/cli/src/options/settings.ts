import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, CommanderError, type Option } from 'commander';
import { CliFileError, CliUsageError } from '../errors.ts';
import type { Io } from '../io.ts';

export const SETTINGS_FILE = 'holdfast.config.json';

/**
 * Fills in what neither the command line nor the environment says from a settings file: an object whose keys are option
 * names in camel case, for all commands, or the name of a command with an object of its own.
 *
 * @example { "rpcUrl": "http://127.0.0.1:8545", "beaconUrl": ["http://127.0.0.1:5052"], "keeper": { "metricsPort": 9090 } }
 */
export function applySettings(command: Command, io: Io): void {
  const found = readSettings(command, io);
  if (!found) return;
  const { path, settings } = found;
  const siblings = command.parent?.commands ?? [command];
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    if (siblings.some((sibling) => sibling.name() === key)) continue;
    if (optionOf(command, key) && !OWN_ONLY.has(`${command.name()}.${key}`)) shared[key] = value;
    else if (!siblings.some((sibling) => optionOf(sibling, key))) throw unknownKey(path, key, command);
  }
  const own = settings[command.name()];
  if (own !== undefined && !isRecord(own)) {
    throw new CliFileError(`"${command.name()}" in the settings file must be an object`, { data: { path } });
  }
  for (const key of Object.keys(own ?? {})) if (!optionOf(command, key)) throw unknownKey(path, key, command);
  for (const [key, value] of Object.entries({ ...shared, ...own })) apply(command, key, value, path);
}

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
const NOT_SETTABLE = new Set(['config', 'debug', 'resume', 'dryRun', 'printConfig', 'printGenesis']);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unknownKey = (path: string, key: string, command: Command): CliUsageError =>
  new CliUsageError(`"${key}" in the settings file is no setting`, {
    data: { path },
    fix: `\`holdfast ${command.name()} --help\` lists the options; a setting is an option's name in camel case`,
  });
