// A signer under load, over HTTP, with durable protection, beside the same cores at nothing but signing.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './row.ts';
import { keyPairs } from './signer/keys.ts';
import { attestationRequest, load, percentile } from './signer/load.ts';
import { rawSignaturesPerSecond } from './signer/raw.ts';

export const names = [
  'signer.throughputRatio',
  'signer.p50Ms.1',
  'signer.p99Ms.1',
  'signer.p50Ms.1000',
  'signer.p99Ms.1000',
  'signer.p50Ms.10000',
  'signer.p99Ms.10000',
  'signer.burst3125Ms',
];

const SERVER = join(import.meta.dirname, 'signer/server.ts');
/** A slot's attesters of 100,000 validators: 100,000 / 32. */
const BURST = 3125;
const ROUNDS = 5;
/** Short turns of both sides, so that a machine whose speed changes slows both. */
const TURNS = 15;
const TURN_MS = 800;
const TURN_REQUESTS = 1500;

export async function run(): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    return [
      ...(await throughput(dir)),
      ...(await latencies(dir, 1)),
      ...(await latencies(dir, 1000)),
      ...(await latencies(dir, 10_000)),
      await burst(dir),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * As many as the signer takes, in turns with the limit: each as signatures a second of the cores' time. The load generator
 * is not the signer, so the time that it takes from the same cores is taken off.
 */
async function throughput(dir: string): Promise<BenchRow[]> {
  const keys = keyPairs(1000);
  const server = await start(dir, 'throughput', keys.length);
  try {
    const ratios: number[] = [];
    let [target, at] = [10, 0];
    const next = (): Buffer => {
      if (at === keys.length) [target, at] = [target + 1, 0];
      return attestationRequest(keys[at++]!.pubkey, target);
    };
    await load(server.url, 32, bounded(next, 2000));
    for (let turn = 0; turn < TURNS; turn += 1) {
      const before = await rawSignaturesPerSecond(TURN_MS);
      const cpu = process.cpuUsage();
      const { latencies, wallMs } = await load(server.url, 64, bounded(next, TURN_REQUESTS));
      const { user, system } = process.cpuUsage(cpu);
      const raw = (before + (await rawSignaturesPerSecond(TURN_MS))) / 2;
      const signerMs = wallMs - (user + system) / 1000 / availableParallelism();
      ratios.push(latencies.length / (signerMs / 1000) / raw);
    }
    const value = percentile(
      ratios.sort((a, b) => a - b),
      0.5,
    );
    return [{ name: 'signer.throughputRatio', value, unit: '× raw blst', target: 0.8, better: 'higher' }];
  } finally {
    server.stop();
  }
}

/** A quiet signer: one connection, one request after the other. */
async function latencies(dir: string, count: number): Promise<BenchRow[]> {
  const keys = keyPairs(count);
  const server = await start(dir, `latency-${count}`, count);
  try {
    let turn = 0;
    const next = (): Buffer => {
      const at = turn++;
      return attestationRequest(keys[at % count]!.pubkey, 10 + Math.floor(at / count));
    };
    await load(server.url, 1, bounded(next, 200));
    const { latencies: all } = await load(server.url, 1, bounded(next, 2000));
    const row = (name: string, share: number, target: number): BenchRow => ({
      name: `signer.${name}.${count}`,
      value: percentile(all, share),
      unit: 'ms',
      target,
      better: 'lower',
    });
    return [row('p50Ms', 0.5, 5), row('p99Ms', 0.99, 20)];
  } finally {
    server.stop();
  }
}

/** A whole slot's attestations of 100,000 validators at once. */
async function burst(dir: string): Promise<BenchRow> {
  const keys = keyPairs(BURST);
  const server = await start(dir, 'burst', BURST);
  try {
    const samples: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      let at = 0;
      const next = (): Buffer | null => (at === BURST ? null : attestationRequest(keys[at++]!.pubkey, 10 + round));
      samples.push((await load(server.url, 128, next)).wallMs);
    }
    const value = percentile(
      samples.sort((a, b) => a - b),
      0.5,
    );
    return { name: 'signer.burst3125Ms', value, unit: 'ms', target: 4000, better: 'lower' };
  } finally {
    server.stop();
  }
}

const bounded = (next: () => Buffer, count: number) => {
  let left = count;
  return (): Buffer | null => (left-- > 0 ? next() : null);
};

async function start(dir: string, name: string, keys: number): Promise<{ url: string; stop(): void }> {
  const child: ChildProcess = fork(SERVER, [String(keys), join(dir, `${name}.sqlite`)]);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { url, stop: () => void child.kill('SIGKILL') };
}
