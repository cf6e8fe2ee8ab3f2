// Agreement, partial signatures and recovery of an attestation between processes on loopback, beside the BLS work alone
// that every node must do, with as many processes at it at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { Group } from './cluster/group.ts';
import { pathMs } from './cluster/physical.ts';
import { tryAll } from './cluster/traitors/all.ts';
import type { BenchRow } from './row.ts';

export const names = [
  'cluster.p50RatioToFloor.4',
  'cluster.p50Ms.4',
  'cluster.p99Ms.4',
  'cluster.p50RatioToFloor.7',
  'cluster.p50Ms.7',
  'cluster.p99Ms.7',
  'cluster.p50RatioToFloor.10',
  'cluster.p50Ms.10',
  'cluster.p99Ms.10',
  'cluster.dutyRateCrash',
  'cluster.proposalP99Ms',
  'cluster.dutyRateTraitor',
  'cluster.slashable',
];

const DUTIES = 300;
/** A node that has run for an hour has compiled what it runs. */
const WARM_UP = 300;
/** Each so many duties, what the machine can do at all is measured anew. */
const PHYSICAL_EVERY = 10;
const CRASH_SLOTS = 1000;
const PROPOSALS = 8;
const TRAITOR_SLOTS = 1000;
const TRAITOR_SEED = 1;

export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const n of [4, 7, 10]) rows.push(...(await latency(n)));
  rows.push(await dutyRateCrash(), await proposals(), ...(await traitors()));
  return rows;
}

/** A slot that begins in an hour: no timer fires, what is measured is the path. */
const later = (): number => Math.floor(Date.now() / 1000) + 3600;

async function latency(n: number): Promise<BenchRow[]> {
  const group = await Group.start(n, 12_000, later());
  try {
    const [agreements, floors, paths]: [number[], number[], number[]] = [[], [], []];
    for (let slot = 1; slot <= WARM_UP + DUTIES; slot += 1) {
      const done = await group.all({ do: 'agree', slot, duty: 'attester', valueBytes: 128 });
      const floor = await group.all({ do: 'floor' });
      const path = slot % PHYSICAL_EVERY === 0 ? await physical(group, n) : undefined;
      if (slot <= WARM_UP) continue;
      // A duty is done when the first node can publish it.
      agreements.push(Math.min(...done.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY)));
      floors.push(Math.min(...floor.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY)));
      if (path !== undefined) paths.push(path);
    }
    const [p50, floor, path] = [percentile(agreements, 0.5), percentile(floors, 0.5), percentile(paths, 0.5)];
    const baseline = { name: 'BLS, 3 fsyncs, 4 hops, Ed25519, nothing else', value: (floor + path) / floor };
    return [
      {
        name: `cluster.p50RatioToFloor.${n}`,
        value: p50 / floor,
        unit: '× BLS alone',
        target: 2,
        better: 'lower',
        baseline,
      },
      { name: `cluster.p50Ms.${n}`, value: p50, unit: 'ms', target: 50, better: 'lower' },
      { name: `cluster.p99Ms.${n}`, value: percentile(agreements, 0.99), unit: 'ms', target: 200, better: 'lower' },
    ];
  } finally {
    group.close();
  }
}

/** What the way through an agreement takes of the disk, the network and Ed25519, with as many processes at it at once. */
async function physical(group: Group, n: number): Promise<number> {
  const measured = (await group.all({ do: 'physical' })).map(({ physical }) => physical!);
  const [echo] = await group.all({ do: 'echo' });
  const middle = (of: (one: (typeof measured)[number]) => number): number => percentile(measured.map(of), 0.5);
  return pathMs(
    {
      fsyncMs: middle(({ fsyncMs }) => fsyncMs),
      signMs: middle(({ signMs }) => signMs),
      verifyMs: middle(({ verifyMs }) => verifyMs),
      roundTripMs: echo!.ms!,
    },
    n,
  );
}

/** One of four dead, in its turns the first leader: how many of a thousand slots' duties are done all the same. */
async function dutyRateCrash(): Promise<BenchRow> {
  const group = await Group.start(4, 12_000, later());
  try {
    let done = 0;
    for (let slot = 1; slot <= CRASH_SLOTS; slot += 1) {
      if (slot === 2) group.kill(2);
      const results = await group.all({ do: 'agree', slot, duty: 'attester', valueBytes: 128 });
      if (results.some(({ ms }) => ms !== null)) done += 1;
    }
    return {
      name: 'cluster.dutyRateCrash',
      value: (100 * done) / CRASH_SLOTS,
      unit: '%',
      target: 99.9,
      better: 'higher',
    };
  } finally {
    group.close();
  }
}

/** Proposals on a real clock, 12 s slots, a quarter of them led by a dead node: when they are agreed. */
async function proposals(): Promise<BenchRow> {
  const genesis = Math.ceil(Date.now() / 1000) + 8;
  const group = await Group.start(4, 12_000, genesis);
  try {
    group.kill(3);
    const agreedAt: number[] = [];
    for (let slot = 0; slot < PROPOSALS; slot += 1) {
      await sleep(Math.max(0, (genesis + 12 * slot) * 1000 - Date.now()));
      const results = await group.all({ do: 'agree', slot, duty: 'proposer', valueBytes: 200_000 });
      agreedAt.push(Math.min(...results.map(({ agreedAtMs }) => agreedAtMs ?? Number.POSITIVE_INFINITY)));
    }
    return {
      name: 'cluster.proposalP99Ms',
      value: percentile(agreedAt, 0.99),
      unit: 'ms',
      target: 3000,
      better: 'lower',
    };
  } finally {
    group.close();
  }
}

/** One of four a traitor, of each kind in turn, through a thousand slots of virtual time. The worst kind counts. */
async function traitors(): Promise<BenchRow[]> {
  const rates: number[] = [];
  let slashable = 0;
  for (const [kind, verdict] of await tryAll({ slots: TRAITOR_SLOTS, seed: TRAITOR_SEED })) {
    const rate = (100 * verdict.done) / verdict.duties;
    const { messages, refused, caught } = verdict;
    console.log(
      `${kind}: ${rate.toFixed(2)} % of ${verdict.duties} duties, ${messages} messages of honest shares, ` +
        `${verdict.slashable.length} slashable pairs, ${refused} refused by protection, traitor named ${caught} times`,
    );
    rates.push(rate);
    slashable += verdict.slashable.length;
  }
  return [
    {
      name: 'cluster.dutyRateTraitor',
      value: Math.min(...rates),
      unit: '%',
      target: 99,
      better: 'higher',
      baseline: { name: 'median kind', value: percentile(rates, 0.5) },
    },
    { name: 'cluster.slashable', value: slashable, unit: 'pairs', target: 0, better: 'lower' },
  ];
}

function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
