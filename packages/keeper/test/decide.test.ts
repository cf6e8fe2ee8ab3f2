import { FAR_FUTURE_EPOCH, type Pubkey } from '@holdfast/units';
import { describe, expect, test } from 'vitest';
import { type BeaconValidator, decide, type Observation, type PoolFacts, type ValidatorRecord } from '../src/index.ts';
import { RULES } from './support/pool-model.ts';

const ETH = 10n ** 18n;
const SLOT = 1_000; // epoch 125
const NOW = SLOT * 12;

const record = (ordinal: number, more: Partial<ValidatorRecord> = {}): ValidatorRecord => ({
  ...{ ordinal, pubkey: `0x${'00'.repeat(48)}` as Pubkey, status: 'funded', operatorId: 1, index: 100 + ordinal },
  ...{ balanceGwei: 32_000_000_000n, balanceSlot: 900, inFlightGwei: 0n, depositSlot: 100 },
  ...{ exitAskedAt: 0, exitExpectedGwei: 0n },
  ...more,
});

const onBeacon = (ordinal: number, more: Partial<BeaconValidator> = {}): BeaconValidator => ({
  ...{ index: 100 + ordinal, slashed: false, balanceGwei: 32_000_000_000n, activationEpoch: 10n },
  ...{ exitEpoch: FAR_FUTURE_EPOCH, withdrawableEpoch: FAR_FUTURE_EPOCH },
  ...more,
});

interface Scene {
  readonly records?: readonly ValidatorRecord[];
  /** Null: no beacon node could be read. */
  readonly beacon?: readonly BeaconValidator[] | null;
  readonly pool?: Partial<PoolFacts>;
  readonly more?: Partial<Observation>;
}

/** A pool with nothing to do, but for what a scene says. */
function observe({ records = [], beacon = [], pool = {}, more = {} }: Scene): Observation {
  const healthy = new Map(records.map(({ ordinal }) => [ordinal, onBeacon(ordinal)]));
  for (const validator of beacon ?? []) healthy.set(validator.index - 100, validator);
  return {
    ...{ now: NOW, slot: SLOT, rules: RULES, inFlight: new Set(), resting: new Set(), slashings: new Map() },
    beacon: beacon === null ? null : { slot: SLOT - 1, shardCommitteePeriod: 2, validators: healthy },
    checkpoint: null,
    pool: {
      validators: records,
      operators: new Map([1, 2].map((id) => [id, { mayStake: true, frozen: false, lowProvisions: 0 }])),
      checkpoint: { phase: 'idle', slot: 900, startSlot: 901, startedAt: NOW - 200, remaining: 0 },
      ...{ fundCursor: 1, exitCursor: 1, stakeableWei: 0n, wantedWei: 0n, comingWei: 0n, unreportedWei: 0n },
      ...{ lastRequestId: 0, payableId: 0, finalizable: 0, requestFeeWei: 1n },
      ...pool,
    },
    ...more,
  };
}

const keys = (scene: Scene): string[] => decide(observe(scene)).map(({ key }) => key);

test('a pool that needs nothing gets nothing', () => {
  expect(keys({ records: [record(1), record(2, { status: 'withdrawn' }), record(3, { status: 'rejected' })] })).toEqual(
    [],
  );
});

test('without a beacon node, only what needs none is done', () => {
  const records = [record(1, { status: 'predeposited' }), record(2), record(3, { status: 'proven' })];
  const pool = { finalizable: 7, stakeableWei: 100n * ETH, wantedWei: ETH, lastRequestId: 2, payableId: 1 };
  expect(keys({ records, beacon: null, pool })).toEqual(['finalizeWithdrawals', 'startCheckpoint']);
});

describe('slashings', () => {
  const slashed = onBeacon(1, { slashed: true, exitEpoch: 130n, withdrawableEpoch: 140n });

  test('come first, and are urgent; the exit that comes with one is not proven too', () => {
    const scene = { records: [record(1), record(2)], beacon: [slashed, onBeacon(2, { exitEpoch: 130n })] };
    expect(keys(scene)).toEqual(['proveSlashing:1', 'proveExit:2']);
    expect(decide(observe(scene)).map(({ urgent }) => urgent)).toEqual([true, false]);
  });

  test('a slashed validator never leaves as if nothing had happened', () => {
    const gone = onBeacon(1, { slashed: true, exitEpoch: 1n, withdrawableEpoch: 2n, balanceGwei: 0n });
    expect(keys({ records: [record(1, { status: 'exiting' })], beacon: [gone] })).toEqual(['proveSlashing:1']);
  });

  test('a frozen operator is asked to leave at once, at most sixteen a block, whatever the queue wants', () => {
    const operators = new Map([[1, { mayStake: false, frozen: true, lowProvisions: 0 }]]);
    const records = Array.from({ length: 20 }, (_, i) => record(i + 1));
    const actions = decide(observe({ records, pool: { operators } }));
    expect(actions).toHaveLength(16);
    expect(actions.every(({ kind, urgent }) => kind === 'requestExit' && urgent)).toBe(true);
  });

  const slashing = { referenceSlot: 0, withdrawableEpoch: 110, settleableFrom: NOW - 10, recoveredGwei: 1n };
  const seenGone = record(1, { status: 'slashed', balanceGwei: 0n, balanceSlot: 900, slashing });
  const gone = onBeacon(1, { slashed: true, exitEpoch: 1n, withdrawableEpoch: 110n, balanceGwei: 0n });
  const facts = { searched: true, referenceSlot: null, unprovenWithdrawals: [] };

  test('evidence is brought before the settlement, which waits for it, but not for ever', () => {
    const unprovenWithdrawals = [{ withdrawalIndex: 5, slot: 890 }];
    const slashings = new Map([[1, { ...facts, referenceSlot: 400, unprovenWithdrawals }]]);
    const scene = { records: [seenGone], beacon: [gone], more: { slashings } };
    expect(keys(scene)).toEqual(['proveReference:1@400', 'proveRecovery:1#5']);
    const late = { slashings, now: NOW + RULES.evidenceGraceS, pool: observe(scene).pool };
    expect(keys({ ...scene, more: late })).toContain('settle:1');
    expect(keys({ ...scene, more: { slashings: new Map([[1, facts]]) } })).toEqual(['settle:1']);
    expect(keys({ ...scene, more: { slashings: new Map([[1, { ...facts, searched: false }]]) } })).toEqual([]);
  });

  test('a checkpoint is begun for a balance that is gone and not seen so', () => {
    const unseen = { ...seenGone, balanceGwei: 31_000_000_000n };
    const more = { slashings: new Map([[1, facts]]) };
    const [start] = decide(observe({ records: [unseen], beacon: [gone], more }));
    expect(start).toMatchObject({ kind: 'startCheckpoint', reason: 'slashing' });
  });

  test('no checkpoint is begun between a withdrawal and its proof, but none waits for ever', () => {
    const unshown = { ...slashing, recoveredGwei: 0n, settleableFrom: NOW + 10 ** 6 };
    const unseen = { ...seenGone, balanceGwei: 31_000_000_000n, slashing: unshown };
    const more = { slashings: new Map([[1, facts]]) };
    const scene = { records: [unseen], beacon: [gone], more };
    expect(keys(scene).filter((key) => key.startsWith('startCheckpoint'))).toEqual([]);
    const now = NOW + RULES.checkpointEveryS + RULES.checkpointTimeoutS;
    const late = { ...scene, more: { ...more, now, pool: observe(scene).pool } };
    expect(keys(late).filter((key) => key.startsWith('startCheckpoint'))).toHaveLength(1);
  });

  test('provisions that one proof could not raise are raised in parts', () => {
    const operators = new Map([[1, { mayStake: false, frozen: true, lowProvisions: 70 }]]);
    expect(keys({ pool: { operators } })).toEqual(['raiseProvisions:1/0', 'raiseProvisions:1/64']);
  });
});

describe('funding', () => {
  const proven = [1, 2, 3].map((ordinal) => record(ordinal, { status: 'proven', balanceSlot: 0 }));
  const rich = { stakeableWei: 100n * ETH };

  test('one a block, in turn', () => {
    expect(keys({ records: proven, pool: rich })).toEqual(['fund:1']);
    expect(keys({ records: proven, pool: rich, more: { inFlight: new Set(['fund:1']) } })).toEqual([]);
    expect(keys({ records: proven, pool: { stakeableWei: 31n * ETH - 1n } })).toEqual([]);
  });

  test('those behind the cursor may come any time; those before it in order', () => {
    const operators = new Map([[1, { mayStake: false, frozen: false, lowProvisions: 0 }]]);
    expect(keys({ records: proven, pool: { ...rich, operators } })).toEqual([]);
    const blocked = { beacon: [onBeacon(2, { exitEpoch: 130n })], pool: { ...rich, fundCursor: 2 } };
    expect(keys({ records: proven.slice(1), ...blocked })).toEqual(['proveCredentials:2']);
    expect(keys({ records: proven, ...blocked })).toEqual(['proveCredentials:2', 'fund:1']);
  });

  test('never for a validator that is slashed, leaving, or not there', () => {
    const only = [proven[0]!];
    for (const fault of [{ slashed: true }, { exitEpoch: 130n }, { exitEpoch: 1n, withdrawableEpoch: 2n }]) {
      expect(keys({ records: only, beacon: [onBeacon(1, fault)], pool: rich })).toEqual(['proveCredentials:1']);
    }
    const missing = observe({ records: only, pool: rich });
    expect(decide({ ...missing, beacon: { ...missing.beacon!, validators: new Map() } })).toEqual([]);
  });

  test('not while a checkpoint starts: the slot could not tell before from after', () => {
    const due = { ...rich, lastRequestId: 2, payableId: 1 };
    expect(keys({ records: proven, pool: due })).toEqual(['startCheckpoint']);
    expect(keys({ records: proven, pool: due, more: { inFlight: new Set(['startCheckpoint']) } })).toEqual([]);
    expect(keys({ records: proven, pool: due, more: { inFlight: new Set(['fund:1']) } })).toEqual([]);
    // A start that fails must not keep validators from being funded.
    expect(keys({ records: proven, pool: due, more: { resting: new Set(['startCheckpoint']) } })).toEqual(['fund:1']);
    const checkpoint = { phase: 'started', slot: 0, startSlot: SLOT, startedAt: NOW, remaining: 0 } as const;
    expect(keys({ records: proven, pool: { ...rich, checkpoint } })).toEqual([]);
  });
});

describe('exits for the queue', () => {
  const short = { wantedWei: 40n * ETH, comingWei: 8n * ETH };

  test('in turn, one a block, only when short and the fee is under the cap', () => {
    const records = [record(1), record(2)];
    expect(keys({ records, pool: short })).toEqual(['requestExit:1']);
    expect(keys({ records, pool: short, more: { inFlight: new Set(['requestExit:1']) } })).toEqual([]);
    expect(keys({ records, pool: { ...short, comingWei: 40n * ETH } })).toEqual([]);
    expect(keys({ records, pool: { ...short, requestFeeWei: RULES.requestFeeCapWei + 1n } })).toEqual([]);
    expect(keys({ records, pool: { ...short, requestFeeWei: null } })).toEqual([]);
  });

  test('one too young keeps its turn, as the ledger has it; those behind the cursor do not wait for it', () => {
    const young = onBeacon(1, { activationEpoch: 124n });
    expect(keys({ records: [record(1), record(2)], beacon: [young], pool: short })).toEqual([]);
    const passed = { ...short, exitCursor: 3 };
    expect(keys({ records: [record(1), record(2)], beacon: [young], pool: passed })).toEqual(['requestExit:2']);
  });

  test('asked in vain, it is asked again after a while, without counting on what it did not bring', () => {
    const asked = { exitAskedAt: NOW - RULES.exitRetryS, exitExpectedGwei: 32_000_000_000n };
    const pool = { wantedWei: 40n * ETH, comingWei: 40n * ETH };
    expect(keys({ records: [record(1, asked)], pool })).toEqual(['requestExit:1']);
    expect(keys({ records: [record(1, { ...asked, exitAskedAt: asked.exitAskedAt + 1 })], pool })).toEqual([]);
    expect(keys({ records: [record(1, asked)], pool: { ...pool, comingWei: 72n * ETH } })).toEqual([]);
  });
});

describe('checkpoints', () => {
  const opened = { phase: 'opened', slot: 995, startSlot: 996, startedAt: NOW - 48, remaining: 5 } as const;
  const facts = { deposits: new Map(), resolved: new Set<number>() };
  const five = [1, 2, 3, 4, 5].map((ordinal) => record(ordinal));
  const counting = (more: Partial<Observation> = {}, records = five): Scene => ({
    ...{ records, pool: { checkpoint: opened }, more: { checkpoint: facts, ...more } },
  });

  test('begin in their turn, or when requests wait, not before the interval is over', () => {
    const since = (seconds: number) => ({ ...observe({}).pool.checkpoint, startedAt: NOW - seconds });
    expect(keys({ records: five, pool: { checkpoint: since(RULES.checkpointEveryS) } })).toEqual(['startCheckpoint']);
    expect(keys({ records: five, pool: { checkpoint: since(RULES.checkpointEveryS - 1) } })).toEqual([]);
    const waits = { lastRequestId: 2, payableId: 1 };
    expect(keys({ pool: { ...waits, checkpoint: since(RULES.checkpointMinIntervalS) } })).toEqual(['startCheckpoint']);
    expect(keys({ pool: { ...waits, checkpoint: since(RULES.checkpointMinIntervalS - 1) } })).toEqual([]);
    const paid = { unreportedWei: ETH, checkpoint: since(RULES.checkpointEveryS) };
    expect(keys({ pool: paid })).toEqual(['startCheckpoint']);
    expect(keys({ pool: { ...paid, unreportedWei: 5n } })).toEqual([]);
  });

  test('are opened once their state is there', () => {
    const checkpoint = { ...opened, phase: 'started', slot: 0 } as const;
    expect(keys({ records: five, pool: { checkpoint } })).toEqual([]);
    expect(keys({ records: five, pool: { checkpoint }, more: { checkpoint: facts } })).toEqual(['openCheckpoint']);
  });

  test('count in batches by beacon index; a failed batch is halved until the fault stands alone', () => {
    expect(keys(counting())).toEqual(['proveBalances:1-3', 'proveBalances:4-5']);
    expect(keys(counting({ inFlight: new Set(['proveBalances:1-3']) }))).toEqual([]);
    const resting = new Set(['proveBalances:1-3', 'proveBalances:1-2']);
    expect(keys(counting({ resting }))).toEqual([
      'proveBalances:1-1',
      'proveBalances:2-2',
      'proveBalances:3-3',
      'proveBalances:4-5',
    ]);
  });

  test('leave out what is counted, or was funded after the start', () => {
    const records = [
      record(1, { balanceSlot: opened.slot }),
      record(2, { balanceSlot: 0, depositSlot: 997 }),
      record(3, { balanceSlot: 0, depositSlot: 996 }),
    ];
    expect(keys(counting({}, records))).toEqual(['proveBalances:3-3']);
  });

  test('have deposits in flight resolved first', () => {
    const deposits = new Map([
      [1, 'pending'],
      [2, 'landed'],
      [3, 'unknown'],
      [4, 'pending'],
    ] as const);
    const checkpoint = { deposits, resolved: new Set([4]) };
    expect(keys(counting({ checkpoint }))).toEqual(['resolvePending:1', 'resolveLanded:2', 'proveBalances:4-5']);
  });

  test('are finished when all are counted, and two slots have passed', () => {
    const done = { ...opened, remaining: 0 };
    expect(keys({ records: five, pool: { checkpoint: done } })).toEqual(['finishCheckpoint']);
    expect(keys({ records: five, pool: { checkpoint: { ...done, startSlot: SLOT - 1 } } })).toEqual([]);
  });

  test('are replaced after their time, but a whole count is finished if it can be', () => {
    const late = { ...opened, startedAt: NOW - RULES.checkpointTimeoutS };
    expect(keys({ ...counting(), pool: { checkpoint: late } })).toEqual(['startCheckpoint']);
    const whole = { records: five, pool: { checkpoint: { ...late, remaining: 0 } } };
    expect(keys(whole)).toEqual(['finishCheckpoint']);
    const resting = new Set(['finishCheckpoint']);
    expect(keys({ ...whole, more: { resting } })).toEqual(['startCheckpoint']);
  });

  test('keep a validator in the ledger until it is counted', () => {
    const gone = onBeacon(1, { exitEpoch: 1n, withdrawableEpoch: 2n, balanceGwei: 0n });
    const leaving = record(1, { status: 'exiting' });
    expect(keys({ records: [leaving], beacon: [gone] })).toEqual(['proveWithdrawn:1']);
    expect(keys({ ...counting({}, [leaving]), beacon: [gone] })).toEqual(['proveBalances:1-1']);
    const counted = { ...leaving, balanceSlot: opened.slot };
    expect(keys({ ...counting({}, [counted]), beacon: [gone] })).toEqual(['proveWithdrawn:1']);
    // With a deposit that nobody has seen land, a checkpoint must come first.
    const inFlight = { ...leaving, inFlightGwei: 31_000_000_000n };
    expect(decide(observe({ records: [inFlight], beacon: [gone] }))).toMatchObject([{ reason: 'leaving' }]);
  });
});

test('turns that a call could no longer step through are moved on', () => {
  const left = Array.from({ length: 250 }, (_, i) => record(i + 1, { status: 'withdrawn' }));
  expect(keys({ records: left })).toEqual(['advanceTurns']);
  expect(keys({ records: left, pool: { fundCursor: 240, exitCursor: 240 } })).toEqual([]);
  expect(keys({ records: [record(1), ...left.slice(1)], pool: { fundCursor: 240 } })).toEqual([]);
});
