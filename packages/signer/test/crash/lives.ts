import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Released, slashablePairs } from './audit.ts';
import { conflictingTraffic, seeded } from './traffic.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

export interface LivesOptions {
  /** What each signer of a round is started with; several share one store. */
  readonly signers: readonly (readonly string[])[];
  readonly rounds: number;
  readonly seed: number;
}

export interface Lives {
  readonly kills: number;
  readonly released: readonly Released[];
  readonly refused: number;
  readonly lost: number;
  readonly slashable: readonly [Released, Released][];
}

/**
 * Starts signers, asks them for what conflicts, kills them (SIGKILL) at a random instant of it; again and again on the same
 * store. All that ever left them is then compared, all with all.
 */
export async function killAgainAndAgain({ signers, rounds, seed }: LivesOptions): Promise<Lives> {
  const random = seeded(seed);
  const released: Released[] = [];
  let [kills, refused, lost] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const children = await Promise.all(signers.map(start));
    const urls = children.map(({ url }) => url);
    const stop = new AbortController();
    // The window moves on by one and is five wide: what earlier lives signed must be remembered.
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const traffic = conflictingTraffic(urls, 10 + round, random, stop.signal, answer);
    await Promise.all(
      children.map(async ({ child }) => {
        // Mostly in the midst of it, however slow the machine; sometimes before anything was answered.
        if (random() < 0.85) await answered;
        await sleep(random() * 60);
        await kill(child);
        kills += 1;
      }),
    );
    stop.abort();
    const outcome = await traffic;
    released.push(...outcome.released);
    refused += outcome.refused;
    lost += outcome.lost;
  }
  return { kills, released, refused, lost, slashable: slashablePairs(released) };
}

async function start(args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: await cached() });
  const failed = new Promise<never>((_, reject) => {
    const complaints: string[] = [];
    child.stderr!.on('data', (chunk) => complaints.push(String(chunk)));
    child.once('exit', (code) => reject(new Error(`a signer ended with ${code}: ${complaints.join('')}`)));
  });
  failed.catch(() => undefined);
  const line = once(createInterface({ input: child.stdout! }), 'line') as Promise<[string]>;
  const [url] = await Promise.race([line, failed]);
  return { child, url };
}

let cache: Promise<NodeJS.ProcessEnv> | undefined;

/**
 * Compiled code is kept between lives, which halves what a start costs. A process writes its part when it ends by itself,
 * and ours do not: so one does, before all others.
 */
function cached(): Promise<NodeJS.ProcessEnv> {
  cache ??= (async () => {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-crash-cache-'));
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    const env = { ...process.env, NODE_COMPILE_CACHE: dir };
    await once(spawn(process.execPath, [CHILD, 'warm', dir], { stdio: 'ignore', env }), 'exit');
    return env;
  })();
  return cache;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
