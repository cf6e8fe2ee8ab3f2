import type { ValidatorState } from '@holdfast/pool';
import { FAR_FUTURE_EPOCH, type Pubkey, WEI_PER_GWEI } from '@holdfast/units';
import type {
  Action,
  BeaconValidator,
  CheckpointRecord,
  Observation,
  OperatorRecord,
  Rules,
  SlashingFacts,
} from '../../src/index.ts';

/** A pool and its beacon chain in a few rules: what the contracts require of a call, and what a call and a slot change. */
export const RULES: Rules = {
  slotsPerEpoch: 8,
  fundingGwei: 31_000_000_000n,
  checkpointMinIntervalS: 96,
  checkpointTimeoutS: 960,
  exitRetryS: 3_000,
  requestFeeCapWei: 1_000n,
  checkpointEveryS: 960,
  balancesPerBatchMax: 3,
  finalizePerBatchMax: 5,
  evidenceGraceS: 2_000,
};

const SECONDS_PER_SLOT = 12;
const SHARD_COMMITTEE_PERIOD = 2;
const ETH = 1_000_000_000n;
const LANDS_AFTER_SLOTS = 17;
const SETTLE_DELAY_S = 200;

interface ModelValidator {
  ordinal: number;
  status: ValidatorState;
  operatorId: number;
  index: number;
  balanceGwei: bigint;
  balanceSlot: number;
  inFlightGwei: bigint;
  depositSlot: number;
  exitAskedAt: number;
  pendingShownAt: number;
  referenceSlot: number;
  recoveredAt: number;
  /** Withdrawals that happened and are not proven. */
  withdrawals: { withdrawalIndex: number; slot: number }[];
  beacon: BeaconValidator | null;
  pending: { amount: bigint; slot: number }[];
  slashedInSlot: number;
}

export class PoolModel {
  slot = 10;
  cashGwei = 0n;
  feeWei = 1n;
  readonly validators: ModelValidator[] = [];
  readonly operators = new Map<number, OperatorRecord>();
  readonly requests: bigint[] = [];
  finalizedId = 0;
  payableId = 0;
  frozenId = 0;
  fundCursor = 1;
  exitCursor = 1;
  checkpoint: CheckpointRecord = { phase: 'idle', slot: 0, startSlot: 0, startedAt: 0, remaining: 0 };
  checkpointsFinished = 0;
  private nextWithdrawal = 1;
  private past: (BeaconValidator | null)[] = [];
  private pastPending: ModelValidator['pending'][] = [];
  private checkpointPending: ModelValidator['pending'][] = [];
  private checkpointBalances: bigint[] = [];

  get now(): number {
    return this.slot * SECONDS_PER_SLOT;
  }
  get epoch(): number {
    return Math.floor(this.slot / RULES.slotsPerEpoch);
  }

  predeposit(operatorId: number): void {
    if (!this.operators.has(operatorId))
      this.operators.set(operatorId, { mayStake: true, frozen: false, lowProvisions: 0 });
    const ordinal = this.validators.length + 1;
    const pending = [{ amount: ETH, slot: this.slot }];
    this.validators.push({
      ...{ ordinal, status: 'predeposited', operatorId, index: 0, balanceGwei: 0n, balanceSlot: 0, inFlightGwei: 0n },
      ...{ depositSlot: 0, exitAskedAt: 0, pendingShownAt: 0, referenceSlot: 0, recoveredAt: 0, withdrawals: [] },
      ...{ beacon: null, pending, slashedInSlot: 0 },
    });
  }

  request(gwei: bigint): void {
    this.requests.push(gwei);
  }

  slash(ordinal: number): boolean {
    const validator = this.validators[ordinal - 1];
    const active = validator?.beacon && validator.beacon.activationEpoch <= BigInt(this.epoch);
    if (!active || validator.beacon!.slashed || validator.beacon!.withdrawableEpoch <= BigInt(this.epoch)) return false;
    const exitEpoch = min(validator.beacon!.exitEpoch, BigInt(this.epoch + 2));
    const withdrawableEpoch = BigInt(this.epoch + 16);
    validator.beacon = { ...validator.beacon!, slashed: true, exitEpoch, withdrawableEpoch };
    validator.slashedInSlot = this.slot;
    return true;
  }

  /** The next slot: the beacon chain goes on, and the facts of this one can be proven from now on. */
  advance(): void {
    this.past = this.validators.map(({ beacon }) => beacon);
    this.pastPending = this.validators.map(({ pending }) => [...pending]);
    this.slot += 1;
    for (const validator of this.validators) this.live(validator);
  }

  private live(validator: ModelValidator): void {
    const landing = validator.pending.filter(({ slot }) => slot + LANDS_AFTER_SLOTS <= this.slot);
    validator.pending = validator.pending.filter((deposit) => !landing.includes(deposit));
    for (const { amount } of landing) {
      const never = {
        activationEpoch: FAR_FUTURE_EPOCH,
        exitEpoch: FAR_FUTURE_EPOCH,
        withdrawableEpoch: FAR_FUTURE_EPOCH,
      };
      const before = validator.beacon ?? { index: 100 + validator.ordinal, slashed: false, balanceGwei: 0n, ...never };
      const balanceGwei = before.balanceGwei + amount;
      const activates = balanceGwei >= 32n * ETH && before.activationEpoch === FAR_FUTURE_EPOCH;
      const activationEpoch = activates ? BigInt(this.epoch + 2) : before.activationEpoch;
      validator.beacon = { ...before, balanceGwei, activationEpoch };
    }
    const swept = validator.beacon?.balanceGwei ?? 0n;
    if (swept === 0n || validator.beacon!.withdrawableEpoch > BigInt(this.epoch)) return;
    this.cashGwei += swept;
    validator.beacon = { ...validator.beacon!, balanceGwei: 0n };
    if (validator.slashedInSlot)
      validator.withdrawals.push({ withdrawalIndex: this.nextWithdrawal++, slot: this.slot });
  }

  observe(inFlight: ReadonlySet<string> = new Set(), resting: ReadonlySet<string> = new Set()): Observation {
    const entries = this.validators.flatMap(({ ordinal }, i) =>
      this.past[i] ? [[ordinal, this.past[i]] as const] : [],
    );
    return {
      now: this.now,
      slot: this.slot,
      rules: RULES,
      inFlight,
      resting,
      beacon: { slot: this.slot - 1, shardCommitteePeriod: SHARD_COMMITTEE_PERIOD, validators: new Map(entries) },
      checkpoint: this.checkpoint.phase === 'idle' ? null : this.checkpointFacts(),
      slashings: new Map(this.validators.map((validator) => [validator.ordinal, this.slashingFacts(validator)])),
      pool: {
        validators: this.validators.map((validator) => this.record(validator)),
        operators: this.operators,
        checkpoint: this.checkpoint,
        fundCursor: this.fundCursor,
        exitCursor: this.exitCursor,
        stakeableWei: max(0n, this.cashGwei - this.queued()) * WEI_PER_GWEI,
        wantedWei: this.queued() * WEI_PER_GWEI,
        comingWei: (this.cashGwei + this.leaving()) * WEI_PER_GWEI,
        unreportedWei: 0n,
        lastRequestId: this.requests.length,
        payableId: this.payableId,
        finalizable: this.finalizable(),
        requestFeeWei: this.feeWei,
      },
    };
  }

  private record(validator: ModelValidator) {
    const { beacon, pending, pendingShownAt, referenceSlot, recoveredAt, withdrawals, slashedInSlot, ...kept } =
      validator;
    const withdrawableEpoch = Number(beacon?.withdrawableEpoch ?? 0n);
    const settleableFrom = this.settleableFrom(validator);
    const recoveredGwei = recoveredAt === 0 ? 0n : 1n;
    const known = { referenceSlot, withdrawableEpoch, settleableFrom, recoveredGwei };
    const slashing = validator.status === 'slashed' ? known : undefined;
    const exitExpectedGwei = this.expected(validator);
    return {
      ...kept,
      exitExpectedGwei,
      pubkey: `0x${kept.ordinal.toString(16).padStart(96, '0')}` as Pubkey,
      slashing,
    };
  }

  private settleableFrom({ recoveredAt, beacon }: ModelValidator): number {
    if (recoveredAt !== 0) return recoveredAt + SETTLE_DELAY_S;
    const withdrawableAt = Number(beacon?.withdrawableEpoch ?? 0n) * RULES.slotsPerEpoch * SECONDS_PER_SLOT;
    return withdrawableAt + 8 * SETTLE_DELAY_S;
  }

  private slashingFacts({ slashedInSlot, withdrawals }: ModelValidator): SlashingFacts {
    return {
      searched: true,
      referenceSlot: slashedInSlot ? slashedInSlot - 1 : null,
      unprovenWithdrawals: [...withdrawals],
    };
  }

  private checkpointFacts() {
    const unresolved = this.validators.filter(
      ({ inFlightGwei, depositSlot }) => inFlightGwei !== 0n && depositSlot <= this.checkpoint.slot,
    );
    const where = ({ ordinal, depositSlot }: ModelValidator) =>
      this.checkpointPending[ordinal - 1]?.some(({ slot }) => slot === depositSlot) ? 'pending' : 'landed';
    const resolved = unresolved.filter(({ pendingShownAt }) => pendingShownAt === this.checkpoint.slot);
    return {
      deposits: new Map(unresolved.map((validator) => [validator.ordinal, where(validator)] as const)),
      resolved: new Set(resolved.map(({ ordinal }) => ordinal)),
    };
  }

  queued = (): bigint => this.requests.slice(this.finalizedId).reduce((sum, gwei) => sum + gwei, 0n);

  /** What exits are expected to bring, that of one validator left out. */
  private leaving(without = 0): bigint {
    return this.validators
      .filter(({ ordinal }) => ordinal !== without)
      .reduce((sum, validator) => sum + this.expected(validator), 0n);
  }

  private expected({ status, exitAskedAt, balanceGwei }: ModelValidator): bigint {
    return exitAskedAt !== 0 && status !== 'withdrawn' && status !== 'slashed' ? balanceGwei : 0n;
  }

  private shortfall(without = 0): bigint {
    return max(0n, this.queued() - this.cashGwei - this.leaving(without));
  }

  private finalizable(): number {
    let cash = this.cashGwei;
    let count = 0;
    for (const gwei of this.requests.slice(this.finalizedId, this.payableId)) {
      if (gwei > cash) break;
      cash -= gwei;
      count += 1;
    }
    return count;
  }

  /** Makes the call as the contracts would, or throws the custom error that they would revert with. */
  apply(action: Action): void {
    const validator = 'ordinal' in action ? this.validators[action.ordinal - 1]! : null;
    const seen = validator ? this.past[validator.ordinal - 1] : null;
    switch (action.kind) {
      case 'proveCredentials':
        need(validator!.status === 'predeposited' && seen, 'StatusWrong');
        validator!.status = 'proven';
        validator!.index = seen.index;
        return;
      case 'fund':
        this.fund(validator!);
        return;
      case 'startCheckpoint':
        this.startCheckpoint();
        return;
      case 'openCheckpoint':
        need(this.checkpoint.phase === 'started', 'CheckpointPhaseWrong');
        this.checkpoint = { ...this.checkpoint, phase: 'opened', slot: this.checkpoint.startSlot - 1 };
        return;
      case 'resolvePending':
        need(this.checkpointFacts().deposits.get(action.ordinal) === 'pending', 'DepositOther');
        validator!.pendingShownAt = this.checkpoint.slot;
        return;
      case 'resolveLanded':
        need(this.checkpointFacts().deposits.get(action.ordinal) === 'landed', 'DepositNotShownLanded');
        validator!.inFlightGwei = 0n;
        return;
      case 'proveBalances':
        for (const ordinal of action.ordinals) this.count(this.validators[ordinal - 1]!);
        return;
      case 'finishCheckpoint':
        need(this.slot >= this.checkpoint.startSlot + 2, 'CheckpointTooSoon');
        need(this.checkpoint.phase === 'opened' && this.checkpoint.remaining === 0, 'CheckpointIncomplete');
        this.checkpoint = { ...this.checkpoint, phase: 'idle' };
        this.payableId = this.frozenId;
        this.checkpointsFinished += 1;
        return;
      case 'finalizeWithdrawals':
        need(this.finalizable() >= action.most, 'nothing to finalise');
        for (let i = 0; i < action.most; i++) this.cashGwei -= this.requests[this.finalizedId++]!;
        return;
      case 'proveExit':
        need(validator!.status === 'funded' && seen && seen.exitEpoch !== FAR_FUTURE_EPOCH, 'NotYetOnBeaconChain');
        validator!.status = 'exiting';
        if (validator!.exitAskedAt === 0) validator!.exitAskedAt = this.now;
        return;
      case 'proveWithdrawn':
        need(validator!.status === 'exiting' && validator!.inFlightGwei === 0n, 'StatusWrong');
        need(seen?.balanceGwei === 0n && seen.withdrawableEpoch <= BigInt(this.epoch), 'NotYetOnBeaconChain');
        this.retire(validator!);
        return;
      case 'requestExit':
        this.requestExit(validator!);
        return;
      case 'proveSlashing':
        need(
          (validator!.status === 'funded' || validator!.status === 'exiting') && seen?.slashed,
          'SlashingStatusWrong',
        );
        validator!.status = 'slashed';
        this.operators.set(validator!.operatorId, { mayStake: false, frozen: true, lowProvisions: 0 });
        return;
      case 'proveReference':
        need(validator!.status === 'slashed' && action.slot > validator!.referenceSlot, 'ReferenceOlder');
        validator!.referenceSlot = action.slot;
        return;
      case 'proveRecovery': {
        const position = validator!.withdrawals.findIndex(
          ({ withdrawalIndex }) => withdrawalIndex === action.withdrawalIndex,
        );
        need(validator!.status === 'slashed' && position >= 0, 'RecoveryInvalid');
        validator!.withdrawals.splice(position, 1);
        if (validator!.recoveredAt === 0) validator!.recoveredAt = this.now;
        return;
      }
      case 'settle':
        this.settle(validator!);
        return;
      case 'raiseProvisions':
      case 'advanceTurns':
        throw new Error('no pool here is large enough for this');
    }
  }

  private fund(validator: ModelValidator): void {
    need(validator.status === 'proven' && this.operators.get(validator.operatorId)!.mayStake, 'OperatorMayNotStake');
    need(this.cashGwei - this.queued() >= RULES.fundingGwei, 'CashShort');
    need(this.checkpoint.phase === 'idle' || this.checkpoint.startSlot !== this.slot, 'FundingInStartBlock');
    const between = this.validators.slice(this.fundCursor - 1, validator.ordinal - 1);
    const earlier = between.some(
      ({ status, operatorId }) => status === 'proven' && this.operators.get(operatorId)!.mayStake,
    );
    need(!earlier, 'NotItsTurn');
    this.fundCursor = Math.max(this.fundCursor, validator.ordinal + 1);
    this.cashGwei -= RULES.fundingGwei;
    Object.assign(validator, { status: 'funded', balanceGwei: ETH, depositSlot: this.slot });
    validator.inFlightGwei = RULES.fundingGwei;
    validator.pending.push({ amount: RULES.fundingGwei, slot: this.slot });
  }

  private startCheckpoint(): void {
    const wait = this.checkpoint.phase === 'idle' ? RULES.checkpointMinIntervalS : RULES.checkpointTimeoutS;
    need(this.now >= this.checkpoint.startedAt + wait, 'CheckpointTooSoon');
    const remaining = this.validators.filter(isLive).length;
    this.checkpoint = { phase: 'started', slot: 0, startSlot: this.slot, startedAt: this.now, remaining };
    this.frozenId = this.requests.length;
    this.checkpointPending = this.pastPending.map((pending) => [...pending]);
    this.checkpointBalances = this.past.map((beacon) => beacon?.balanceGwei ?? 0n);
  }

  private count(validator: ModelValidator): void {
    const { slot, startSlot } = this.checkpoint;
    need(this.checkpoint.phase === 'opened', 'CheckpointPhaseWrong');
    if (!isLive(validator) || fundedAfter(validator, startSlot) || validator.balanceSlot === slot) return;
    const unresolved = validator.inFlightGwei !== 0n && validator.depositSlot <= slot;
    need(!unresolved || validator.pendingShownAt === slot, 'DepositUnresolved');
    validator.balanceGwei = this.checkpointBalances[validator.ordinal - 1]!;
    validator.balanceSlot = slot;
    this.checkpoint = { ...this.checkpoint, remaining: this.checkpoint.remaining - 1 };
  }

  private requestExit(validator: ModelValidator): void {
    need(validator.status === 'funded', 'StatusWrong');
    const retry = validator.exitAskedAt !== 0;
    need(!retry || this.now >= validator.exitAskedAt + RULES.exitRetryS, 'ExitAlreadyRequested');
    need(this.feeWei <= RULES.requestFeeCapWei, 'RequestFeeTooHigh');
    if (!this.operators.get(validator.operatorId)!.frozen) {
      need(this.shortfall(validator.ordinal) > 0n, 'ExitNotCalledFor');
      const between = this.validators.slice(this.exitCursor - 1, validator.ordinal - 1);
      need(retry || !between.some(({ status, exitAskedAt }) => status === 'funded' && exitAskedAt === 0), 'NotItsTurn');
      if (!retry) this.exitCursor = Math.max(this.exitCursor, validator.ordinal + 1);
    }
    validator.exitAskedAt = this.now;
    const { beacon } = validator;
    const active = beacon && beacon.activationEpoch + BigInt(SHARD_COMMITTEE_PERIOD) <= BigInt(this.epoch);
    need(active, 'the beacon chain drops this request');
    if (beacon.exitEpoch !== FAR_FUTURE_EPOCH) return;
    validator.beacon = { ...beacon, exitEpoch: BigInt(this.epoch + 2), withdrawableEpoch: BigInt(this.epoch + 6) };
  }

  private settle(validator: ModelValidator): void {
    need(validator.status === 'slashed' && validator.inFlightGwei === 0n, 'SlashingStatusWrong');
    const seenEpoch = BigInt(Math.floor(validator.balanceSlot / RULES.slotsPerEpoch));
    const gone = validator.balanceGwei === 0n && seenEpoch >= validator.beacon!.withdrawableEpoch;
    need(gone && this.now >= this.settleableFrom(validator), 'SettlementTooEarly');
    this.retire(validator);
    const others = this.validators.some(
      (other) => other.operatorId === validator.operatorId && other.status === 'slashed',
    );
    this.operators.set(validator.operatorId, { mayStake: false, frozen: others, lowProvisions: 0 });
  }

  private retire(validator: ModelValidator): void {
    const { phase, startSlot, slot } = this.checkpoint;
    const counted =
      phase === 'idle' || fundedAfter(validator, startSlot) || (slot !== 0 && validator.balanceSlot === slot);
    need(counted, 'CheckpointIncomplete');
    validator.status = 'withdrawn';
  }
}

const isLive = ({ status }: ModelValidator): boolean => ['funded', 'exiting', 'slashed'].includes(status);
const fundedAfter = ({ balanceSlot, depositSlot }: ModelValidator, startSlot: number): boolean =>
  balanceSlot === 0 && depositSlot > startSlot;
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function need(holds: unknown, error: string): asserts holds {
  if (!holds) throw new Error(error);
}
