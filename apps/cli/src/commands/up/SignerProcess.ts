import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encryptKeystore, publicKeyOf } from '@holdfast/keys';
import { fromHex, type Hex, HoldfastError, type Pubkey } from '@holdfast/units';

const MAIN = join(import.meta.dirname, '../../main.ts');
/** How long a signer may take to finish what is in flight, in milliseconds. */
const STOP_MS = 10_000;
/** The keys of a devnet are known to everybody: what their keystores cost to open protects nothing. */
const KEYSTORE_KDF = { function: 'pbkdf2', c: 1 } as const;

/** A process of `up` that did not start, or does not do what it was asked for. Its log, named in `data`, says more. */
export class SignerProcessError extends HoldfastError {
  constructor(why: string, data: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('CLI_SIGNER_PROCESS', why, { data, fix: 'See its log', ...(cause === undefined ? {} : { cause }) });
  }
}

export interface SignerProcessOptions {
  readonly operator: string;
  /** Made when it is not there; holds the sealed keys and the slashing protection. */
  readonly directory: string;
  /** A file that describes the network. */
  readonly networkFile: string;
  /** Deposits and fees go there, or are refused. */
  readonly vault: Hex;
}

/** One operator's `holdfast signer`: a process, a directory and a memory of its own. */
export class SignerProcess {
  readonly operator: string;
  readonly directory: string;
  readonly url: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(options: SignerProcessOptions, child: ChildProcess, ended: Promise<void>, url: string) {
    this.operator = options.operator;
    this.directory = options.directory;
    this.url = url;
    this.pid = child.pid!;
    this.#child = child;
    this.#ended = ended;
  }

  /** @throws SignerProcessError */
  static async start(options: SignerProcessOptions): Promise<SignerProcess> {
    const { directory, networkFile, vault, operator } = options;
    const logPath = `${directory}.log`;
    const log = openSync(logPath, 'a', 0o600);
    const child = spawn(
      process.execPath,
      [
        ...[MAIN, 'signer', '--init', '--data-dir', directory, '--network', networkFile, '--vault', vault],
        ...['--port', '0', '--threads', '1', '--log-level', 'info', '--json'],
      ],
      // A process group of its own: a Ctrl-C in the terminal is for `up`, which stops it when nothing asks any more.
      { stdio: ['ignore', 'pipe', log], env: environment(), detached: true },
    );
    closeSync(log);
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    const told = await Promise.race([firstWord(child), ended.then((): FirstWord => ({}))]);
    // Whatever it tells later must not fill the pipe.
    child.stdout!.resume();
    if (told.url !== undefined) return new SignerProcess(options, child, ended, told.url);
    child.kill('SIGKILL');
    const reason = told.error?.message ?? '';
    throw new SignerProcessError('the signer did not start', { operator, reason, log: logPath });
  }

  /** Seals keys in it, through its Keymanager API. Returns their public keys. */
  async import(secretKeys: readonly Hex[]): Promise<Pubkey[]> {
    const password = 'devnet';
    const secrets = secretKeys.map((secretKey) => fromHex(secretKey, 32));
    const keystores = secrets.map((secret) =>
      JSON.stringify(encryptKeystore({ secret, password, kdf: KEYSTORE_KDF, description: this.operator })),
    );
    const token = readFileSync(join(this.directory, 'admin-token'), 'utf8').trim();
    const response = await fetch(`${this.url}/eth/v1/keystores`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ keystores, passwords: keystores.map(() => password) }),
    });
    const answer = (await response.json().catch(() => ({}))) as {
      data?: readonly { status: string; message?: string }[];
    };
    const refused = answer.data?.find(({ status }) => status !== 'imported');
    if (!response.ok || !answer.data || refused) {
      const data = { operator: this.operator, status: response.status, reason: refused?.message ?? '' };
      throw new SignerProcessError('the signer did not take the keys', data);
    }
    return secrets.map((secret) => publicKeyOf(secret));
  }

  /** Whether it still runs. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** It finishes what is in flight, has it on disk, and ends. */
  async stop(): Promise<void> {
    if (this.alive) this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(killer);
  }
}

/** Nothing that configures other signers on this machine; and what makes it end should this process vanish. */
function environment(): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(([name]) => !/^(?:HOLDFAST_|VITEST)/.test(name));
  // A command that npm started looks whether its parent is still there (stop.ts).
  return { ...Object.fromEntries(clean), npm_lifecycle_event: 'holdfast up' };
}

/** What a signer tells first: where it listens, or why it does not. */
interface FirstWord {
  readonly url?: string;
  readonly error?: { readonly message: string };
}

async function firstWord(child: ChildProcess): Promise<FirstWord> {
  for await (const line of createInterface({ input: child.stdout! })) {
    if (!line.startsWith('{')) continue;
    const told = JSON.parse(line) as FirstWord & { readonly event?: string };
    if (told.event !== 'ready' && told.error === undefined) continue;
    return told;
  }
  return {};
}
