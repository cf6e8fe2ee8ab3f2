import { poolEvents, verifyBacking } from '@holdfast/pool';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeeper, type Keeper, type LogEvent } from '../src/index.ts';
import { World } from './support/World.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
}, 60_000);
afterAll(() => world?.close());

const troubles: LogEvent[] = [];
const keeperOf = (account: number): Keeper =>
  createKeeper({
    ...{ manifest: world.manifest, publicClient: world.publicClient, beaconClient: world.beaconClient },
    walletClient: world.wallet(account),
    options: { checkpointEveryS: 960, evidenceGraceS: 600, scanBlocksPerRound: 64 },
    log: (event) => void (event.level === 'error' && troubles.push(event)),
  });

/** Rounds, and two slots after each, until the pool is as wanted. */
async function keepUntil(keeper: Keeper, reached: () => Promise<boolean>, roundsMax = 150): Promise<void> {
  for (let round = 0; round < roundsMax; round += 1) {
    await keeper.tick();
    await world.devnet.step(2);
    if (await reached()) return;
  }
  const { validators } = await world.snapshot();
  throw new Error(`not reached after ${roundsMax} rounds: ${validators.map(({ status }) => status)}`);
}

const statusOf = async (ordinal: number) => (await world.snapshot()).validators[ordinal - 1]!;

test('a slashing that nobody kept for long is proven through history, its operator exited, and settled', async () => {
  const { devnet, publicClient, beaconClient, manifest } = world;
  const guilty = await world.register(1);
  const other = await world.register(2);
  for (const seed of [1, 2]) await world.offer(1, guilty, seed);
  await world.offer(2, other, 3);
  await world.stake('100');
  const isActive = (index: number) =>
    index > 0 && devnet.state.validators.getReadonly(index).activationEpoch + 2 <= devnet.epoch;
  await keepUntil(keeperOf(15), async () =>
    (await world.snapshot()).validators.every(({ status, index }) => status === 'funded' && isActive(index)),
  );
  const { index } = await statusOf(1);
  await devnet.inject({ kind: 'doubleVote', validators: [index], atOnce: true });
  await devnet.stepUntil(() => devnet.state.validators.getReadonly(index).slashed, 4);
  const slashedInSlot = devnet.chain.head.slot;
  // More slots than block_roots reaches (64): the reference is shown through the historical summaries.
  await devnet.step(100);

  await keepUntil(keeperOf(15), async () => {
    const { slashing, status } = await statusOf(1);
    return status === 'slashed' && slashing!.referenceSlot > 0 && (await statusOf(2)).status === 'exiting';
  });
  const { slashing } = await statusOf(1);
  expect(slashing!.referenceSlot).toBe(slashedInSlot - 1);
  expect((await world.snapshot()).operators.map(({ frozen, barred }) => [frozen, barred])).toEqual([
    [true, true],
    [false, false],
  ]);

  // Nobody keeps while the balance comes back; what came back is found by looking through the blocks since.
  await devnet.stepUntil(() => devnet.state.balances.get(index) === 0, 700);
  await devnet.step(80);
  await keepUntil(keeperOf(16), async () => (await statusOf(1)).status === 'withdrawn');
  const { operators, validators, block } = await world.snapshot();
  expect(validators.map(({ status }) => status)).toEqual(['withdrawn', 'withdrawn', 'funded']);
  expect(operators.map(({ frozen }) => frozen)).toEqual([false, false]);
  const events = await poolEvents({ manifest, publicClient }, 0n, block.number);
  const settled = events.find((event) => event.part === 'enforcer' && event.name === 'SlashingSettled');
  const args = settled!.args as { lossGwei: bigint; paid: bigint };
  expect(args.lossGwei).toBeGreaterThan(0n);
  expect(args.paid).toBe(args.lossGwei * 1_000_000_000n); // the bond was enough: the stakers lost nothing
  expect(events.filter(({ name }) => name === 'RecoveryProven')).toHaveLength(1);
  const report = await verifyBacking({ publicClient, beaconClient, manifest });
  expect(report.rows.filter(({ ok }) => ok === false)).toEqual([]);
  expect(troubles).toEqual([]);
}, 180_000);
