// `npm start` as somebody who installed it sees it: when the first dashboard page shows a living pool, when the clusters
// have taken its validators over, and what their node processes take.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRow } from './row.ts';

export const names = ['start.firstPageSeconds', 'start.clustersSeconds', 'start.nodeMegabytes'];

const ROOT = join(import.meta.dirname, '../..');
const GIVE_UP_MS = 180_000;
const POLL_MS = 50;
/** How long the nodes work before they are weighed: some epochs. */
const WORK_MS = 60_000;

interface Told {
  readonly event: string;
  readonly dashboardUrl: string;
  readonly clusters: readonly { readonly nodes: readonly { readonly pid: number }[] }[];
}

export async function run(): Promise<BenchRow[]> {
  const args = ['start', '--', '--json', '--port', '0', '--rpc-port', '0', '--beacon-port', '0'];
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  // A group of its own: npm has children, and all of them have to go.
  const child = spawn('npm', args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 2] });
  const told = listenTo(child.stdout!);
  try {
    await firstPage((await told('ready')).dashboardUrl, start);
    const firstPageSeconds = seconds();
    const { clusters } = await told('clusters');
    const clustersSeconds = seconds();
    await sleep(WORK_MS);
    const sizes = clusters.flatMap(({ nodes }) => nodes).flatMap(({ pid }) => megabytesOf(pid) ?? []);
    const nodeMegabytes = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    const better = 'lower' as const;
    return [
      { name: 'start.firstPageSeconds', value: firstPageSeconds, unit: 's', target: 30, better },
      { name: 'start.clustersSeconds', value: clustersSeconds, unit: 's', target: 120, better },
      ...(sizes.length > 0
        ? [{ name: 'start.nodeMegabytes', value: nodeMegabytes, unit: 'MB', target: 160, better }]
        : []),
    ];
  } finally {
    const ended = new Promise((resolve) => child.once('close', resolve));
    process.kill(-child.pid!, 'SIGTERM');
    await ended;
  }
}

/** What `up --json` prints, line by line: gives the line of an event when it has come. */
function listenTo(output: NodeJS.ReadableStream): (event: string) => Promise<Told> {
  const heard: Told[] = [];
  let ended = false;
  let wake = (): void => undefined;
  createInterface({ input: output })
    .on('line', (line) => {
      if (line.startsWith('{')) heard.push(JSON.parse(line) as Told);
      wake();
    })
    .on('close', () => {
      ended = true;
      wake();
    });
  return async (event) => {
    for (;;) {
      const found = heard.find((one) => one.event === event);
      if (found) return found;
      if (ended) throw new Error(`npm start ended without "${event}": ${JSON.stringify(heard)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

async function firstPage(url: string, start: number): Promise<void> {
  while (performance.now() - start < GIVE_UP_MS) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok && (await response.text()).includes('<html')) return;
    await sleep(POLL_MS);
  }
  throw new Error('no page came');
}

/** What a process takes for itself, with its part of what it shares (PSS); null where the system does not tell. */
function megabytesOf(pid: number): number | null {
  try {
    const found = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    return found ? Number(found[1]) / 1000 : null;
  } catch {
    return null;
  }
}
