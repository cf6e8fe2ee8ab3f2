// From `npm start` to the first dashboard page that shows a living pool, as somebody who installed it sees it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRow } from './row.ts';

export const names = ['start.firstPageSeconds'];

const ROOT = join(import.meta.dirname, '../..');
const GIVE_UP_MS = 180_000;
const POLL_MS = 50;

export async function run(): Promise<BenchRow[]> {
  const args = ['start', '--', '--json', '--port', '0', '--rpc-port', '0', '--beacon-port', '0'];
  const start = performance.now();
  // A group of its own: npm has children, and all of them have to go.
  const child = spawn('npm', args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 2] });
  try {
    const url = await dashboardUrl(child.stdout!);
    await firstPage(url, start);
    const seconds = (performance.now() - start) / 1000;
    return [{ name: 'start.firstPageSeconds', value: seconds, unit: 's', target: 30, better: 'lower' }];
  } finally {
    const ended = new Promise((resolve) => child.once('close', resolve));
    process.kill(-child.pid!, 'SIGTERM');
    await ended;
  }
}

/** The URL in the line that `up --json` prints when it is ready. */
async function dashboardUrl(output: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of output) {
    text += String(chunk);
    const line = text.split('\n').find((candidate) => candidate.startsWith('{') && candidate.endsWith('}'));
    if (line !== undefined) return (JSON.parse(line) as { dashboardUrl: string }).dashboardUrl;
  }
  throw new Error(`npm start ended without being ready: ${text}`);
}

async function firstPage(url: string, start: number): Promise<void> {
  while (performance.now() - start < GIVE_UP_MS) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok && (await response.text()).includes('<html')) return;
    await sleep(POLL_MS);
  }
  throw new Error('no page came');
}
