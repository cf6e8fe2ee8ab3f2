import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { asPubkey, type Hex, type Pubkey } from '@holdfast/units';
import { SignerSettingsError } from './errors.ts';

/** What an operator set for one key through the Keymanager API. */
export interface KeySettings {
  readonly feeRecipient?: Hex;
  /** Gas, decimal. */
  readonly gasLimit?: string;
  readonly graffiti?: string;
}
export type SettingName = keyof KeySettings;

/** Where settings are kept. `set` resolves when the setting is on disk. */
export interface SettingsPort {
  get(pubkey: Pubkey): KeySettings;
  /** Undefined removes the setting. */
  set(pubkey: Pubkey, name: SettingName, value: string | undefined): Promise<void>;
  /** Drops all that was set for these keys. */
  forget(pubkeys: readonly Pubkey[]): Promise<void>;
}

const PATTERNS: Readonly<Record<SettingName, RegExp>> = {
  feeRecipient: /^0x[0-9a-f]{40}$/,
  gasLimit: /^(?:0|[1-9][0-9]{0,19})$/,
  graffiti: /^[\s\S]{0,32}$/,
};

/** Settings in one small JSON file of mode 0600: written to a temporary name, fsynced, renamed. */
export class SettingsFile implements SettingsPort {
  readonly #path: string;
  #settings: ReadonlyMap<Pubkey, KeySettings>;

  /** @throws SignerSettingsError when the file is there and cannot be read. */
  constructor(path: string) {
    this.#path = path;
    this.#settings = readSettings(path);
  }

  get(pubkey: Pubkey): KeySettings {
    return this.#settings.get(pubkey) ?? {};
  }

  async set(pubkey: Pubkey, name: SettingName, value: string | undefined): Promise<void> {
    const { [name]: _old, ...others } = this.get(pubkey);
    const next = new Map(this.#settings);
    const settings: KeySettings = value === undefined ? others : { ...others, [name]: value };
    if (Object.keys(settings).length === 0) next.delete(pubkey);
    else next.set(pubkey, settings);
    this.#write(next);
  }

  async forget(pubkeys: readonly Pubkey[]): Promise<void> {
    const next = new Map(this.#settings);
    const known = pubkeys.filter((pubkey) => next.delete(pubkey));
    if (known.length > 0) this.#write(next);
  }

  /** Memory follows the disk: what could not be written does not count. */
  #write(next: ReadonlyMap<Pubkey, KeySettings>): void {
    const temporary = `${this.#path}.tmp`;
    try {
      const file = openSync(temporary, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify({ version: 1, keys: Object.fromEntries(next) }, null, 1)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, this.#path);
      syncDirectory(dirname(this.#path));
    } catch (cause) {
      throw new SignerSettingsError('the settings of the keys cannot be written', {
        data: { path: this.#path },
        cause,
      });
    }
    this.#settings = next;
  }
}

function readSettings(path: string): Map<Pubkey, KeySettings> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw new SignerSettingsError('the settings of the keys cannot be read', { data: { path }, cause });
  }
  try {
    const { version, keys } = JSON.parse(text) as { version: unknown; keys: Record<string, Record<string, unknown>> };
    if (version !== 1) throw new Error('another version');
    return new Map(Object.entries(keys).map(([pubkey, settings]) => [asPubkey(pubkey), checkSettings(settings)]));
  } catch (cause) {
    throw new SignerSettingsError('the settings of the keys are damaged', {
      data: { path },
      fix: 'Restore the file, or remove it and set fee recipients, gas limits and graffiti again',
      cause,
    });
  }
}

function checkSettings(settings: Record<string, unknown>): KeySettings {
  for (const [name, value] of Object.entries(settings)) {
    const pattern = PATTERNS[name as SettingName];
    if (typeof value !== 'string' || !pattern?.test(value)) throw new Error('not a setting');
  }
  return settings as KeySettings;
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
