import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { CliFileError, CliUsageError } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { writeDurably } from '../../secrets/files.ts';
import { NETWORKS, parseNetwork, type SignerNetwork } from './networks.ts';

/** Where a signer keeps what it must not lose. */
export const DEFAULT_DIRECTORY = 'holdfast-signer';
const RECORD_FILE = 'signer.json';

/** What commands on a signer's directory take. */
export interface HomeOptions {
  readonly dataDir?: string | undefined;
  readonly init?: boolean | undefined;
  readonly network?: string | undefined;
  readonly beaconUrl?: readonly string[] | undefined;
  readonly protectionUrl?: string | undefined;
  readonly protectionUrlFile?: string | undefined;
  readonly pkcs11Module?: string | undefined;
  readonly pkcs11Token?: string | undefined;
  readonly pkcs11Key?: string | undefined;
}

/** What the validator keys rest sealed under. */
export type Seal =
  | { readonly kind: 'passphrase' }
  | { readonly kind: 'pkcs11'; readonly module: string; readonly token: string; readonly key: string };

/** Decided once, when the directory is made: each of these changed by mistake could cost a slashing. */
export interface HomeRecord {
  readonly version: 1;
  readonly network: SignerNetwork;
  readonly protection: 'sqlite' | 'postgres';
  readonly seal: Seal;
}

export interface Home extends HomeRecord {
  readonly directory: string;
  readonly keysDirectory: string;
  readonly protectionPath: string;
  /** Made with `--init` when no other secret to seal with was named. */
  readonly passphrasePath: string;
  /** The bearer token for managing keys over HTTP. */
  readonly tokenPath: string;
  /** Keys that must be watched for a second owner before their first signature. */
  readonly watchFirstPath: string;
  /** Whether this call made it. */
  readonly made: boolean;
}

/**
 * The signer's directory as it was made; or made now, with `--init`. Loads nothing heavy: the network tells the preset,
 * which must be known before anything that knows Ethereum's types is loaded.
 *
 * @throws CliUsageError, CliFileError
 */
export async function openHome(options: HomeOptions, io: Io): Promise<Home> {
  const directory = resolve(io.cwd, options.dataDir ?? DEFAULT_DIRECTORY);
  const path = join(directory, RECORD_FILE);
  if (existsSync(path)) {
    const record = readRecord(path);
    await requireSame(record, options, io, directory);
    return homeOf(directory, record, false);
  }
  if (!options.init) {
    throw new CliUsageError('this is no directory of a signer', {
      data: { directory },
      fix: 'Give --data-dir, or make one with --init and --network (or --beacon-url)',
    });
  }
  const record: HomeRecord = {
    version: 1,
    network: await networkOf(options, io),
    protection: usesPostgres(options, io) ? 'postgres' : 'sqlite',
    seal: sealOf(options) ?? { kind: 'passphrase' },
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CliFileError('the directory cannot be made', { data: { directory }, cause });
  }
  writeDurably(path, `${JSON.stringify(record, null, 2)}\n`);
  return homeOf(directory, record, true);
}

/** Writes down that the keys are sealed under something else now. */
export function recordSeal({ directory, version, network, protection }: Home, seal: Seal): void {
  const record: HomeRecord = { version, network, protection, seal };
  writeDurably(join(directory, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

const homeOf = (directory: string, record: HomeRecord, made: boolean): Home => ({
  ...record,
  directory,
  keysDirectory: join(directory, 'keys'),
  protectionPath: join(directory, 'protection.sqlite'),
  passphrasePath: join(directory, 'passphrase'),
  tokenPath: join(directory, 'admin-token'),
  watchFirstPath: join(directory, 'watch-first.json'),
  made,
});

function readRecord(path: string): HomeRecord {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Partial<HomeRecord> | null;
    const { version, protection, seal } = record ?? {};
    const known = seal?.kind === 'passphrase' || (seal?.kind === 'pkcs11' && typeof seal.module === 'string');
    if (version === 1 && (protection === 'sqlite' || protection === 'postgres') && known) {
      return { version, protection, seal, network: parseNetwork(record?.network, path) };
    }
  } catch (cause) {
    if (cause instanceof CliFileError) throw cause;
    throw new CliFileError("the signer's record cannot be read", { data: { path }, cause });
  }
  throw new CliFileError("the signer's record is not one that this version wrote", { data: { path } });
}

const DEFAULT_KEY_LABEL = 'holdfast';

/** The HSM that the command line names; null when it names none. */
export function sealOf({ pkcs11Module, pkcs11Token, pkcs11Key }: HomeOptions): Seal | null {
  if (pkcs11Module === undefined) return null;
  if (pkcs11Token === undefined) {
    throw new CliUsageError('--pkcs11-module needs --pkcs11-token', {
      fix: 'Give the label of the token; `softhsm2-util --show-slots` or `pkcs11-tool -L` lists them',
    });
  }
  return { kind: 'pkcs11', module: pkcs11Module, token: pkcs11Token, key: pkcs11Key ?? DEFAULT_KEY_LABEL };
}

export const usesPostgres = (options: HomeOptions, io: Io): boolean =>
  (options.protectionUrl ?? options.protectionUrlFile ?? io.env.HOLDFAST_PROTECTION_URL) !== undefined;

/** A signer that finds another memory or another chain than before must not sign. */
async function requireSame(record: HomeRecord, options: HomeOptions, io: Io, directory: string): Promise<void> {
  const protection = usesPostgres(options, io) ? 'postgres' : 'sqlite';
  if (protection !== record.protection) {
    throw new CliUsageError(`this signer keeps its slashing protection in ${record.protection}`, {
      data: { directory, given: protection },
      fix:
        record.protection === 'postgres'
          ? 'Give --protection-url as before: with an empty store it could sign twice'
          : 'To move to PostgreSQL, export from here, make a new directory with --init, and import there',
    });
  }
  if (options.network === undefined) return;
  const asked = networkNamed(options.network, io);
  if (asked.genesisValidatorsRoot !== record.network.genesisValidatorsRoot) {
    throw new CliUsageError(`this signer was made for ${record.network.name}`, {
      data: { directory, asked: asked.name },
      fix: 'Each network needs a directory of its own: give another --data-dir',
    });
  }
}

async function networkOf(options: HomeOptions, io: Io): Promise<SignerNetwork> {
  if (options.network !== undefined) return networkNamed(options.network, io);
  if (options.beaconUrl !== undefined) {
    const { networkOfNode } = await import('./beacon.ts');
    return networkOfNode(options.beaconUrl);
  }
  throw new CliUsageError('--init needs to know the network', {
    fix: `Give --network (${Object.keys(NETWORKS).join(', ')}, or a file), or --beacon-url to ask a node for it`,
  });
}

/** A network by its name, or by the path of a file that describes it. */
export function networkNamed(name: string, io: Io): SignerNetwork {
  const known = NETWORKS[name];
  if (known) return known;
  const path = isAbsolute(name) ? name : resolve(io.cwd, name);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliUsageError('no such network', {
      data: { network: name },
      fix: `Name one of ${Object.keys(NETWORKS).join(', ')}, or a file with "genesisValidatorsRoot" and the rest`,
      cause,
    });
  }
  try {
    return parseNetwork(JSON.parse(text), path);
  } catch (cause) {
    if (cause instanceof CliFileError) throw cause;
    throw new CliFileError('the file of the network is not JSON', { data: { path }, cause });
  }
}
