// A signer of 10,000 keys as its operator has it: `holdfast signer` on a directory, started anew, reloaded.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPassphraseKek, SealedStore } from '@holdfast/keys';
import { openSqliteProtection } from '@holdfast/protection';
import type { BenchRow } from './row.ts';
import { GENESIS_VALIDATORS_ROOT, keyPairs } from './signer/keys.ts';
import { attestationRequest, load } from './signer/load.ts';

const CLI = join(import.meta.dirname, '../../apps/cli/src/main.ts');
const KEYS = 10_000;
const RELOADS = 1000;

export const names = ['signer.restart10kSeconds', 'signer.rss10kMiB', 'signer.rssGrowth1000ReloadsMiB'];

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    return await figures(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function figures(folder: string): Promise<BenchRow[]> {
  const directory = join(folder, 'signer-10k');
  await prepare(folder, directory);
  const pairs = keyPairs(1);
  const started = performance.now();
  const { child, url } = await startSigner(directory);
  try {
    let left = 1;
    const next = (): Buffer | null => (left-- > 0 ? attestationRequest(pairs[0]!.pubkey, 10) : null);
    await load(url, 1, next);
    const seconds = (performance.now() - started) / 1000;
    const rss = residentMiB(child);
    const token = readFileSync(join(directory, 'admin-token'), 'utf8').trim();
    for (let reload = 0; reload < RELOADS / 5; reload += 1) await reloadOnce(url, token);
    const warm = residentMiB(child);
    for (let reload = RELOADS / 5; reload < RELOADS; reload += 1) await reloadOnce(url, token);
    const growth = residentMiB(child) - warm;
    return [
      { name: 'signer.restart10kSeconds', value: seconds, unit: 's', target: 10, better: 'lower' },
      { name: 'signer.rss10kMiB', value: rss, unit: 'MiB', target: 512, better: 'lower' },
      { name: 'signer.rssGrowth1000ReloadsMiB', value: growth, unit: 'MiB', target: 32, better: 'lower' },
    ];
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** Makes the directory with the command itself, then puts the keys in as an import does, without ten thousand KDFs. */
async function prepare(folder: string, directory: string): Promise<void> {
  const network = join(folder, 'network.json');
  writeFileSync(
    network,
    JSON.stringify({
      name: 'bench',
      preset: 'mainnet',
      genesisValidatorsRoot: GENESIS_VALIDATORS_ROOT,
      genesisForkVersion: '0x00000000',
      capellaForkVersion: '0x00000000',
      genesisTime: 1_606_824_023,
      secondsPerSlot: 12,
      slotsPerEpoch: 32,
    }),
  );
  const { child } = await startSigner(directory, ['--init', '--network', network]);
  child.kill('SIGTERM');
  await once(child, 'exit');
  const passphrase = readFileSync(join(directory, 'passphrase'), 'utf8').trim();
  const kek = await openPassphraseKek({ passphrase });
  const store = await SealedStore.open(join(directory, 'keys'), kek);
  const pairs = keyPairs(KEYS);
  await store.add(pairs);
  await store.close();
  kek.close();
  const genesisValidatorsRoot = GENESIS_VALIDATORS_ROOT;
  const protection = await openSqliteProtection({ path: join(directory, 'protection.sqlite'), genesisValidatorsRoot });
  await protection.register(pairs.map(({ pubkey }) => pubkey));
  await protection.close();
}

async function startSigner(
  directory: string,
  more: readonly string[] = [],
): Promise<{ child: ChildProcess; url: string }> {
  const args = [
    '--no-warnings',
    CLI,
    'signer',
    '--data-dir',
    directory,
    '--port',
    '0',
    '--log-level',
    'error',
    '--json',
    ...more,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as { event?: string; url?: string };
    if (event.event === 'ready') return { child, url: event.url! };
  }
  throw new Error('the signer ended before it was ready');
}

const residentMiB = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** A reload is taken (202) and then runs by itself; the next is refused (409) until it is over. */
async function reloadOnce(url: string, token: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${url}/reload`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    if (status === 202) return;
    if (status !== 409) throw new Error(`POST /reload gave ${status}`);
    await sleep(20);
  }
}
