import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DevnetSnapshot } from '@holdfast/devnet';
import { stringifyManifest, verifyBacking } from '@holdfast/pool';
import { parseEth } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeeper, type Keeper, type KeeperOptions, type TickReport } from '../src/index.ts';
import { randomFrom } from './support/random.ts';
import { World } from './support/World.ts';

// Three validators of two operators; a request that calls for exits; a slashing. Every way of keeping must end the same.
const SEED = Number(process.env.KEEPER_SEED ?? 20_261);
const OPTIONS: KeeperOptions = { checkpointEveryS: 480, evidenceGraceS: 600 };
const SLOTS_MAX = 600;
const KILLS_MAX = 5;

let world: World;
let start: DevnetSnapshot;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-keeper-'));
  world = await World.start();
  const [first, second] = [await world.register(1), await world.register(2)];
  await world.offer(1, first, 1);
  await world.offer(1, first, 2);
  await world.offer(2, second, 3);
  await world.stake('100');
  // Asked for while a share is worth one ether: whoever keeps, and whenever, it is paid the same.
  await world.devnet.stepUntil(() => world.devnet.state.validators.length === 35, 100);
  writeFileSync(join(scratch, 'manifest.json'), stringifyManifest(world.manifest));
  start = await world.devnet.snapshot();
}, 60_000);

afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await world?.close();
});

const keeperOf = (account: number): Keeper =>
  createKeeper({
    ...{ manifest: world.manifest, publicClient: world.publicClient, beaconClient: world.beaconClient },
    walletClient: world.wallet(account),
    options: OPTIONS,
  });

interface Outcome {
  readonly statuses: readonly string[];
  readonly finalized: bigint;
  readonly paidWei: bigint;
  readonly shares: bigint;
  readonly cursors: readonly number[];
  readonly barred: readonly boolean[];
}

/** The pool's books at the end of a life, as far as they must not depend on who kept it, and when. */
async function outcome(): Promise<Outcome> {
  const { queue, totalShares, validators, ledger, operators } = await world.snapshot();
  return {
    statuses: validators.map(({ status }) => status),
    finalized: queue.finalizedId,
    paidWei: queue.balance,
    shares: totalShares,
    cursors: [ledger.fundCursor, ledger.exitCursor, ledger.liveCount],
    barred: operators.map(({ barred }) => barred),
  };
}

async function expectBacked(): Promise<void> {
  const { publicClient, beaconClient, manifest } = world;
  const report = await verifyBacking({ publicClient, beaconClient, manifest });
  expect(report.rows.filter(({ ok }) => ok === false)).toEqual([]);
  expect(report.backed).toBe(true);
  expect(report.rows.find(({ check }) => check.startsWith('NAV'))?.diffWei).toBe(0n);
}

/** Slots between two rounds of keeping, and between two looks of the world at the pool. */
const SLOTS_PER_ROUND = 2;
const SLOTS_PER_LOOK = 4;

/** Plays the world's part of the life, slot by slot. Ends when the pool has nothing left to do. */
async function live(keep: () => Promise<void>): Promise<void> {
  let asked = false;
  let slashed = false;
  for (let slots = 0; slots < SLOTS_MAX; slots += 1) {
    if (slots % SLOTS_PER_ROUND === 0) await keep();
    await world.devnet.step();
    if (slots % SLOTS_PER_LOOK !== 0) continue;
    const { validators, queue, checkpoint } = await world.snapshot();
    const [a, b, c] = validators.map(({ status }) => status);
    const funded = validators.every(({ status }) => status !== 'predeposited' && status !== 'proven');
    if (!asked && funded) await world.request('40');
    if (!slashed && funded && validators.every(({ index }) => isActive(index))) {
      await world.devnet.inject({ kind: 'doubleVote', validators: [validators[2]!.index], atOnce: true });
      slashed = true;
    }
    asked ||= funded;
    const gone = a === 'withdrawn' && b === 'withdrawn' && c === 'slashed';
    if (gone && queue.finalizedId === 1n && validators[2]!.slashing!.referenceSlot > 0 && !checkpoint.open) return;
  }
  throw new Error(`not over after ${SLOTS_MAX} slots: ${JSON.stringify(await outcome(), (_, v) => String(v))}`);
}

function isActive(index: number): boolean {
  const { devnet } = world;
  return index > 0 && devnet.state.validators.getReadonly(index).activationEpoch <= devnet.epoch;
}

let undisturbed: Outcome;

test('one keeper brings a pool through its life', async () => {
  await world.devnet.restore(start);
  const keeper = keeperOf(15);
  const reports: TickReport[] = [];
  await live(async () => void reports.push(await keeper.tick()));
  undisturbed = await outcome();
  expect(undisturbed).toEqual({
    statuses: ['withdrawn', 'withdrawn', 'slashed'],
    finalized: 1n,
    paidWei: parseEth('40'),
    shares: parseEth('63'),
    cursors: [4, 3, 1],
    barred: [false, true],
  });
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  expect(reports.flatMap(({ actions }) => actions).filter(({ outcome }) => outcome !== 'sent')).toEqual([]);
  expect(reports.flatMap(({ landed }) => landed).filter(({ outcome }) => outcome !== 'success')).toEqual([]);
  await expectBacked();
}, 300_000);

test('two keepers at once change nothing but who pays', async () => {
  await world.devnet.restore(start);
  const keepers = [keeperOf(15), keeperOf(16)];
  const reports: TickReport[] = [];
  await live(async () => void reports.push(...(await Promise.all(keepers.map((keeper) => keeper.tick())))));
  expect(await outcome()).toEqual(undisturbed);
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  expect(reports.flatMap(({ actions }) => actions).filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(reports.flatMap(({ landed }) => landed).some(({ outcome }) => outcome === 'reverted')).toBe(true);
  await expectBacked();
}, 300_000);

test('SIGKILL at any moment, again and again, changes nothing', async () => {
  await world.devnet.restore(start);
  const random = randomFrom(SEED);
  const child = new Child();
  let kills = 0;
  let roundsLeft = 0;
  const begin = async (): Promise<void> => {
    await child.begin();
    roundsLeft = kills < KILLS_MAX ? Math.floor(random() * 20) : Number.POSITIVE_INFINITY;
  };
  try {
    await begin();
    await live(async () => {
      await child.round();
      if (roundsLeft-- > 0) return;
      await new Promise((resolve) => setTimeout(resolve, random() * 100)); // somewhere in the next round
      await child.kill();
      kills += 1;
      await world.devnet.step(Math.floor(random() * 4)); // what it sent may be mined before its next life, or not
      await begin();
    });
  } finally {
    await child.kill();
    console.log(`KEEPER_SEED=${SEED}, ${kills} kills`);
  }
  expect(kills).toBe(KILLS_MAX);
  expect(await outcome()).toEqual(undisturbed);
  await expectBacked();
}, 300_000);

/** The keeper in a process of its own. */
class Child {
  private process: ChildProcess | null = null;
  private roundEnded: () => void = () => {};

  /** Resolves when it has ended one more round; or after a while, so that a slow one misses slots too. */
  round(): Promise<void> {
    return new Promise((resolve) => {
      this.roundEnded = resolve;
      setTimeout(resolve, 1_000);
    });
  }

  /** Resolves when it has begun to keep. */
  begin(): Promise<void> {
    const script = new URL('./support/keeper-child.ts', import.meta.url).pathname;
    const args = [script, world.rpcUrl, world.beaconUrl, join(scratch, 'manifest.json'), '15'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.process = child;
    return new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error('the keeper ended by itself')));
      child.stdout.on('data', (lines) => {
        resolve();
        if (String(lines).includes('"round.ended"')) this.roundEnded();
        if (process.env.KEEPER_LOG) process.stdout.write(lines);
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await over;
  }
}
