import type { PoolSnapshot } from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import fc from 'fast-check';
import { zeroAddress } from 'viem';
import { describe, expect, test } from 'vitest';
import { backingOf } from '../src/server/model/backing.ts';
import { incidentRows } from '../src/server/model/incidentRows.ts';
import { pointsUntil, rateAt } from '../src/server/model/rateLine.ts';
import { requestsOf } from '../src/server/model/requests.ts';
import { LEDGER, Tape } from './support/events.ts';

const ETH = 10n ** 18n;
const GWEI = 10n ** 9n;
const ALICE: Hex = '0x00000000000000000000000000000000000000a1';
const BOB: Hex = '0x00000000000000000000000000000000000000b0';
const ROOT: Hex = `0x${'22'.repeat(32)}`;

const deposit = (tape: Tape, assets: bigint, sender: Hex = ALICE): Tape =>
  tape
    .add('token', 'Transfer', { from: zeroAddress, to: ALICE, value: assets })
    .add('vault', 'Deposit', { sender, owner: ALICE, assets, shares: assets }, true);

const finish = (tape: Tape, nav: bigint, outside: bigint, target = ETH): Tape =>
  tape
    .add('vault', 'Reported', { nav, current: ETH, target, reachedAt: BigInt(tape.now + 96), fee: 0n })
    .add('ledger', 'CheckpointFinished', { slot: BigInt(tape.now / 12), root: ROOT, nav, outside }, true);

function snapshotOf(over: { cash?: bigint; assets?: bigint; queuedShares?: bigint } = {}): PoolSnapshot {
  const { cash = 0n, assets = 0n, queuedShares = 0n } = over;
  return {
    block: { number: 9n, timestamp: 9_999n },
    rate: { current: ETH, target: ETH, reachedAt: 0n },
    highWater: ETH,
    totalShares: assets,
    totalAssets: assets,
    vault: { balance: cash, freeCash: cash, stakeableCash: cash, claimableNow: cash, reserve: 0n, feesOwed: 0n },
    queue: {
      ...{ balance: 0n, lastId: 9n, finalizedId: 0n, frozenId: 0n, payableId: 1n, queuedShares },
      ...{ lastBlock: 0n, earlierId: 0n },
    },
    checkpoint: {
      root: ROOT,
      stateRoot: ROOT,
      slot: 1,
      startSlot: 2,
      startedAt: 3n,
      remaining: 0,
      sumGwei: 0n,
      open: false,
    },
    ledger: { liveCount: 0, lastOrdinal: 0, fundCursor: 0, exitCursor: 0, leavingGwei: 0n, shortfall: 0n },
    operators: [],
    validators: [],
  };
}

const backing = (tape: Tape, snapshot: PoolSnapshot) =>
  backingOf({ history: tape.history, snapshot, timeOfSlot: (slot) => slot * 12 });

describe('backing', () => {
  test('before a checkpoint: the contracts’ own books, and no proof', () => {
    const tape = deposit(new Tape(), 40n * ETH);
    const shown = backing(tape, snapshotOf({ cash: 40n * ETH, assets: 40n * ETH }));
    expect(shown).toMatchObject({ total: String(40n * ETH), proof: null });
  });

  test('a checkpoint, then a stake, a claim and a deposit: each moves its own part', () => {
    const tape = deposit(new Tape(), 100n * ETH);
    tape.add('ledger', 'CheckpointStarted', { root: ROOT, startSlot: 1n, validators: 0n });
    finish(tape, 100n * ETH, 0n);
    const pubkey: Hex = `0x${'33'.repeat(48)}`;
    tape.add('ledger', 'Funded', { ordinal: 1, operatorId: 1, amountGwei: 31n * GWEI });
    tape.add('vault', 'Staked', { pubkeyHash: ROOT, pubkey, amountGwei: 31n * GWEI }, true);
    deposit(tape, ETH, LEDGER);
    deposit(tape, 5n * ETH).add('vault', 'ClaimsPaid', { assets: 2n * ETH });
    const shown = backing(tape, snapshotOf({ assets: 104n * ETH, queuedShares: 4n * ETH }));
    expect(shown).toMatchObject({
      total: String(104n * ETH),
      vaultCash: String(72n * ETH),
      inFlight: String(31n * ETH),
      validators: String(ETH),
      owedQueued: String(4n * ETH),
      owedHeld: String(100n * ETH),
    });
    // The next checkpoint proves the same, with the deposit landed in the balance.
    tape.add('ledger', 'CheckpointStarted', { root: ROOT, startSlot: 9n, validators: 1n });
    tape.add('ledger', 'DepositLanded', { ordinal: 1, amountGwei: 31n * GWEI, slot: 8n });
    finish(tape, 104n * ETH, 32n * ETH);
    expect(backing(tape, snapshotOf())).toMatchObject({
      total: String(104n * ETH),
      validators: String(32n * ETH),
      inFlight: '0',
    });
  });

  test('what happens while a checkpoint is in progress is counted once', () => {
    const amount = fc.bigInt({ min: 1n, max: 1_000n * ETH });
    fc.assert(
      fc.property(amount, fc.array(amount), fc.array(amount), (first, during, after) => {
        const tape = deposit(new Tape(), first);
        tape.add('ledger', 'CheckpointStarted', { root: ROOT, startSlot: 1n, validators: 0n });
        for (const assets of during) deposit(tape, assets);
        finish(tape, first, 0n);
        for (const assets of after) deposit(tape, assets);
        const sum = [first, ...during, ...after].reduce((total, each) => total + each, 0n);
        expect(backing(tape, snapshotOf({ assets: sum })).total).toBe(sum.toString());
      }),
      { seed: 20_261_121 },
    );
  });
});

describe('the rate', () => {
  test('bends at a checkpoint, is straight between, and flat when reached', () => {
    const tape = deposit(new Tape(), 10n * ETH);
    finish(tape.wait(3), 10n * ETH, 0n, ETH + 9_600n);
    const line = tape.history.line!;
    expect(rateAt(line, line.since)).toBe(ETH);
    expect(rateAt(line, line.since + (line.until - line.since) / 2)).toBe(ETH + 4_800n);
    expect(rateAt(line, line.until + 500)).toBe(ETH + 9_600n);
    const points = pointsUntil(tape.history, tape.now + 1_000, ETH + 9_600n);
    expect(points.map(({ kind }) => kind)).toEqual(['start', 'checkpoint', 'reached', 'reached']);
    expect(points.map(({ t }) => t)).toEqual([...points.map(({ t }) => t)].sort((a, b) => a - b));
  });

  test('a loss breaks it: what drips in pays first', () => {
    const tape = deposit(new Tape(), 10n * ETH);
    finish(tape, 10n * ETH, 0n, ETH + 1_000n);
    // 10 shares: a loss of 4,000 wei is 400 a share, less than what still drips in.
    tape.add('vault', 'LossRecorded', { amount: 4_000n, rateBefore: ETH, rateAfter: ETH });
    expect(tape.history.line).toMatchObject({ from: ETH, target: ETH + 600n });
    tape.add('vault', 'LossRecorded', { amount: 10_000n, rateBefore: ETH, rateAfter: ETH - 400n });
    expect(tape.history.line).toMatchObject({ from: ETH - 400n, target: ETH - 400n });
  });
});

test('a request is queued, proven, payable, claimed, and follows its receipt', () => {
  const tape = deposit(new Tape(), 10n * ETH);
  const queue = { ...snapshotOf().queue, payableId: 0n };
  tape.add('queue', 'WithdrawalRequested', { id: 1n, owner: ALICE, shares: 2n * ETH, assets: 2n * ETH });
  const stateNow = (owner: Hex, payableId: bigint) =>
    requestsOf(tape.history, owner, { ...queue, payableId })[0]?.state;
  expect(stateNow(ALICE, 0n)).toBe('queued');
  expect(stateNow(ALICE, 1n)).toBe('proven');
  tape.add('queue', 'Transfer', { from: ALICE, to: BOB, tokenId: 1n });
  expect(stateNow(ALICE, 1n)).toBeUndefined();
  tape.add('queue', 'WithdrawalsFinalized', { firstId: 1n, lastId: 1n, batch: 0n, assets: ETH, rate: ETH / 2n });
  expect(requestsOf(tape.history, BOB, queue)[0]).toMatchObject({ state: 'payable', payout: String(ETH) });
  tape.add('queue', 'Transfer', { from: BOB, to: zeroAddress, tokenId: 1n });
  tape.add('queue', 'WithdrawalClaimed', { id: 1n, owner: ALICE, assets: ETH }, true);
  expect(requestsOf(tape.history, BOB, queue)[0]).toMatchObject({ state: 'claimed', payout: String(ETH) });
});

test('an incident goes from the fault to the settlement', () => {
  const tape = new Tape();
  const validator = {
    ...{
      ordinal: 3,
      status: 'slashed' as const,
      operatorId: 2,
      pubkey: `0x${'44'.repeat(48)}` as Hex,
      pubkeyRoot: ROOT,
    },
    ...{ index: 36, balanceGwei: 32n * GWEI, balanceSlot: 5, inFlightGwei: 0n, depositSlot: 1 },
    ...{ exitRequest: null, slashing: null },
  };
  const sighting = { kind: 'double vote', what: 'two votes', faultSlot: 7, slot: 9, executionBlock: '9' } as const;
  const beaconView = { status: 'active_slashed', balanceGwei: '0', effectiveGwei: '0', slashed: true };
  const epochs = { activationEpoch: 1, exitEpoch: 2, withdrawableEpoch: 3 };
  const found = new Map([[36, sighting]]);
  const rows = () =>
    incidentRows({
      history: tape.history,
      validators: [validator],
      operatorName: (id) => `operator ${id}`,
      beacon: new Map([[validator.pubkey, { ...beaconView, ...epochs }]]),
      sightings: found,
      faults: [],
      timeOfSlot: (slot) => slot * 12,
    });
  const stages = () => rows()[0]?.marks.map(({ stage }) => stage);
  expect(stages()).toEqual(['fault', 'seen']);
  found.clear();
  expect(stages()).toEqual(['seen']);
  found.set(36, sighting);
  tape.add('registry', 'OperatorFrozen', { operatorId: 2 });
  const proven = { ordinal: 3, operatorId: 2, expectedGwei: 3n * GWEI, coverGwei: 3n * GWEI, by: BOB };
  tape.add('enforcer', 'SlashingProven', proven, true);
  expect(stages()).toEqual(['fault', 'seen', 'proven', 'enforced']);
  tape.add('ledger', 'ExitRequested', { ordinal: 4, operatorId: 2, by: BOB });
  tape.add('ledger', 'ExitRequested', { ordinal: 9, operatorId: 7, by: BOB });
  expect(rows()[0]).toMatchObject({ open: true, expected: String(3n * ETH), exits: [{ ordinal: 4 }] });
  tape.add('enforcer', 'SlashingSettled', { ordinal: 3, operatorId: 2, lossGwei: 2n * GWEI, paid: 2n * ETH });
  expect(stages()).toEqual(['fault', 'seen', 'proven', 'enforced', 'settled']);
  expect(rows()[0]).toMatchObject({ open: false, loss: String(2n * ETH), paid: String(2n * ETH) });
});

test('histories are bounded', () => {
  const tape = deposit(new Tape(), ETH);
  for (let i = 0; i < 5_000; i++) finish(tape, ETH, 0n, ETH + BigInt(i));
  expect(tape.history.checkpoints.length).toBeLessThanOrEqual(400);
  expect(tape.history.points.length).toBeLessThanOrEqual(4_000);
});
