import type { ModelBlock } from './pool-beacon.ts';
import { GWEI, type PoolConfig } from './pool-deploy.ts';
import { MirrorRate, ONE, Windows } from './pool-mirror-rate.ts';
import type { PoolEvent } from './pool-world.ts';

/** A broken invariant: its number and what was seen. */
export class Broken extends Error {}

export function hold(ok: boolean, invariant: string, what: () => string): void {
  if (!ok) throw new Broken(`${invariant}: ${what()}`);
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const big = (value: unknown): bigint => BigInt(value as bigint | number);
const num = (value: unknown): number => Number(value);
/** consensus-specs MAX_EFFECTIVE_BALANCE_ELECTRA. */
const MOST = 2048n * GWEI;
const EPOCH = 8;

export interface MirrorValidator {
  operator: number;
  index: number;
  live: boolean;
  slashed: boolean;
  depositSlot: number;
  /** Gwei on its way; 0 once a checkpoint has shown it landed. */
  inFlight: bigint;
  /** As last counted, and the slot of that state. */
  balance: bigint;
  balanceSlot: number;
}

interface MirrorSlashing {
  reference: bigint;
  proven: boolean;
  landed: bigint;
  expected: bigint;
  cover: bigint;
  recovered: bigint;
  withdrawable: number;
  effective: bigint;
}

interface MirrorOperator {
  bond: bigint;
  reserved: bigint;
  open: number;
  barred: boolean;
  slashedGwei: bigint;
  unsettled: number[];
}

interface MirrorCheckpoint {
  slot: number;
  startSlot: number;
  block: ModelBlock;
  cash: bigint;
  owed: bigint;
  inward: bigint;
  outward: bigint;
  members: Set<number>;
  /** Gwei, by ordinal, as counted. */
  values: Map<number, bigint>;
  lastId: number;
}

/** What the fuzzer knows of the step whose events it hands over. */
export interface StepFacts {
  readonly timestamp: number;
  readonly slot: number;
  /** The beacon block that EIP-4788 shows in this execution block. */
  readonly parent: ModelBlock;
  /** Ordinals in the batch, if the step proved balances. */
  readonly ordinals?: readonly number[];
  /** Effective balance and withdrawable epoch in the proof, if the step proved a slashing. */
  readonly slashed?: { readonly effective: bigint; readonly withdrawable: number };
}

/**
 * The pool's books kept a second time, from its events and the true beacon state, by the rules as they are written down
 * and not by the contracts' storage. Every difference is a broken invariant.
 */
export class Mirror {
  readonly config: PoolConfig;
  readonly ledger: string;
  readonly rate: MirrorRate;
  readonly validators = new Map<number, MirrorValidator>();
  readonly slashings = new Map<number, MirrorSlashing>();
  readonly operators = new Map<number, MirrorOperator>();
  readonly requests = new Map<
    number,
    { shares: bigint; assets: bigint; owner: string; block: number; paid?: bigint }
  >();
  readonly seenWithdrawals = new Set<bigint>();
  readonly windows: Windows;
  checkpoint: MirrorCheckpoint | undefined;
  balance = 0n;
  queueBalance = 0n;
  bondBalance = 0n;
  reserve = 0n;
  feesOwed = 0n;
  inward = 0n;
  outward = 0n;
  supply = 0n;
  queued = 0n;
  payable = 0;
  /** NAV that the last checkpoint reported, and how many have been finished. */
  checkpoints = 0;
  lossSettled = 0n;

  constructor(config: PoolConfig, ledger: string, now: number) {
    this.config = config;
    this.ledger = ledger;
    this.rate = new MirrorRate(config.vault, now);
    this.windows = new Windows(Number(config.vault.limitWindow));
  }

  /** Takes over one step's events, in order. */
  apply(events: readonly PoolEvent[], facts: StepFacts): void {
    for (const event of events) {
      const handler = this.#handlers[`${event.contract}.${event.name}`];
      handler?.(event.args, facts);
    }
  }

  #handlers: Record<string, (args: Readonly<Record<string, unknown>>, facts: StepFacts) => void> = {
    'Vault.Deposit': ({ sender, assets, shares }, { timestamp }) => {
      const expected = ((((big(assets) * ONE) / this.rate.at(timestamp)) as bigint) / GWEI) * GWEI;
      hold(big(shares) === expected, 'I5', () => `minted ${String(shares)} instead of ${expected}`);
      this.inward += big(assets);
      this.rate.dilute(this.supply, big(shares), timestamp);
      this.supply += big(shares);
      if (String(sender).toLowerCase() !== this.ledger) this.balance += big(assets);
    },
    'Vault.ReserveFunded': ({ amount }) => {
      this.balance += big(amount);
      this.reserve += big(amount);
    },
    'Vault.Staked': ({ amountGwei }, { timestamp }) => {
      this.balance -= big(amountGwei) * GWEI;
      this.windows.spend('D1', timestamp, big(amountGwei) * GWEI, this.config.vault.stakeLimit);
    },
    'Vault.ClaimsPaid': ({ assets }, { timestamp }) => {
      this.balance -= big(assets);
      this.queueBalance += big(assets);
      this.outward += big(assets);
      const share =
        (((this.supply + this.burnt) * this.rate.at(timestamp)) / ONE) * BigInt(this.config.vault.claimLimitBps);
      this.windows.spend('D2', timestamp, big(assets), max(share / 10_000n, this.config.vault.claimLimitFloor));
    },
    'Vault.FeePaid': ({ amount }) => {
      this.balance -= big(amount);
      this.feesOwed -= big(amount);
      hold(this.feesOwed >= 0n, 'I1', () => 'more fees paid than owed');
    },
    'Vault.RequestFeePaid': ({ fee }, { timestamp }) => {
      this.balance -= big(fee);
      if (this.reserve >= big(fee)) this.reserve -= big(fee);
      else this.outward += big(fee);
      hold(big(fee) <= this.config.vault.requestFeeCap, 'I9', () => `request fee ${String(fee)}`);
      this.windows.spend('D4', timestamp, big(fee), this.config.vault.requestFeeLimit);
    },
    'Vault.BountyPaid': ({ amount }, { timestamp }) => {
      this.balance -= big(amount);
      this.reserve -= big(amount);
      hold(big(amount) <= this.config.vault.bountyCap && this.reserve >= 0n, 'I9', () => `bounty ${String(amount)}`);
      this.windows.spend('D5', timestamp, big(amount), this.config.vault.bountyLimit);
    },
    'Vault.Compensated': ({ amount }) => {
      this.balance += big(amount);
    },
    'Vault.LossRecorded': ({ amount }, { timestamp }) => this.rate.lower(big(amount), this.supply, timestamp),
    'Vault.Reported': (args, facts) => this.#reported(args, facts),
    'WithdrawalQueue.WithdrawalRequested': ({ id, owner, shares, assets }, { timestamp, slot }) => {
      const worth = (big(shares) * this.rate.at(timestamp)) / ONE;
      hold(big(assets) <= worth, 'I5', () => `request ${String(id)} booked ${String(assets)} of ${worth}`);
      this.requests.set(num(id), { shares: big(shares), assets: big(assets), owner: String(owner), block: slot });
      this.queued += big(shares);
    },
    'WithdrawalQueue.WithdrawalsFinalized': ({ firstId, lastId, assets, rate }, { timestamp }) => {
      hold(big(rate) === this.rate.at(timestamp), 'I5', () => `finalised at ${String(rate)}`);
      let total = 0n;
      this.burnt = 0n;
      for (let id = num(firstId); id <= num(lastId); id += 1) {
        const request = this.requests.get(id)!;
        hold(id <= this.payable, 'I5', () => `request ${id} is younger than any checkpoint`);
        request.paid = min(request.assets, (request.shares * big(rate)) / ONE);
        total += request.paid;
        this.supply -= request.shares;
        this.burnt += request.shares;
        this.queued -= request.shares;
      }
      hold(total === big(assets), 'I2', () => `batch of ${String(assets)} for ${total}`);
    },
    'WithdrawalQueue.WithdrawalClaimed': ({ id, assets }) => {
      const request = this.requests.get(num(id))!;
      hold(request.paid === big(assets), 'I5', () => `claim ${String(id)} paid ${String(assets)}`);
      this.queueBalance -= big(assets);
      this.requests.delete(num(id));
    },
    'OperatorRegistry.OperatorRegistered': ({ operatorId }) => {
      this.#operator(num(operatorId));
    },
    'OperatorRegistry.FeesClaimed': ({ operatorId }) => {
      hold(this.operators.get(num(operatorId))!.open === 0, 'I8', () => `a frozen operator was paid its fee`);
    },
    'BondVault.BondPosted': ({ operatorId, amount }) => {
      this.bondBalance += big(amount);
      this.#operator(num(operatorId)).bond += big(amount);
    },
    'BondVault.BondReturned': ({ operatorId, amount }) => {
      const operator = this.operators.get(num(operatorId))!;
      hold(operator.open === 0 || big(amount) === 0n, 'I8', () => 'a frozen operator got bond back');
      operator.bond -= big(amount);
      this.bondBalance -= big(amount);
      hold(operator.bond >= operator.reserved, 'I7', () => 'reserved bond was returned');
    },
    'ValidatorLedger.Predeposited': ({ ordinal, operatorId }) => {
      const operator = this.operators.get(num(operatorId))!;
      hold(operator.open === 0 && !operator.barred, 'I8', () => 'a frozen operator offered a key');
      this.validators.set(num(ordinal), {
        operator: num(operatorId),
        index: -1,
        live: false,
        slashed: false,
        depositSlot: 0,
        inFlight: 0n,
        balance: 0n,
        balanceSlot: 0,
      });
    },
    'ValidatorLedger.CredentialsProven': ({ ordinal, index }) => {
      this.validators.get(num(ordinal))!.index = num(index);
    },
    'ValidatorLedger.Funded': ({ ordinal, operatorId, amountGwei }, { slot }) => {
      const operator = this.operators.get(num(operatorId))!;
      hold(operator.open === 0 && !operator.barred, 'I8', () => 'a frozen operator was funded');
      const funded = { live: true, depositSlot: slot, inFlight: big(amountGwei), balance: GWEI, balanceSlot: 0 };
      Object.assign(this.validators.get(num(ordinal))!, funded);
    },
    'ValidatorLedger.CheckpointStarted': (_, { slot, parent }) => {
      this.checkpoint = {
        slot: parent.slot,
        startSlot: slot,
        block: parent,
        cash: this.balance,
        owed: this.reserve + this.feesOwed,
        inward: this.inward,
        outward: this.outward,
        members: new Set([...this.validators].filter(([, { live }]) => live).map(([ordinal]) => ordinal)),
        values: new Map(),
        lastId: Math.max(
          0,
          ...[...this.requests].filter(([, { block }]) => block < slot).map(([id]) => id),
          this.payable,
        ),
      };
    },
    'ValidatorLedger.CheckpointFinished': ({ nav }) => {
      hold(this.truth() === big(nav), 'I4', () => `NAV ${String(nav)} but the truth is ${this.truth()}`);
      this.payable = this.checkpoint!.lastId;
      this.checkpoint = undefined;
      this.checkpoints += 1;
    },
    'ValidatorLedger.CheckpointProved': ({ counted }, { ordinals }) => this.#proved(num(counted), ordinals ?? []),
    'ValidatorLedger.DepositLanded': ({ ordinal, amountGwei, slot }) => {
      const validator = this.validators.get(num(ordinal))!;
      validator.inFlight = 0n;
      const slashing = this.slashings.get(num(ordinal));
      if (!slashing) return;
      if (num(slot) / EPOCH >= slashing.withdrawable) slashing.landed += big(amountGwei);
      else if (!slashing.proven) slashing.reference += big(amountGwei);
    },
    'ValidatorLedger.Withdrawn': ({ ordinal }) => {
      this.validators.get(num(ordinal))!.live = false;
    },
    'SlashingEnforcer.SlashingProven': (args, facts) => this.#slashed(args, facts),
    'SlashingEnforcer.ReferenceProven': ({ ordinal, balanceGwei }) => {
      const slashing = this.slashings.get(num(ordinal))!;
      slashing.reference = min(big(balanceGwei), MOST);
      slashing.proven = true;
    },
    'SlashingEnforcer.RecoveryProven': ({ ordinal, withdrawalIndex, amountGwei }) => {
      hold(!this.seenWithdrawals.has(big(withdrawalIndex)), 'I6', () => `withdrawal ${String(withdrawalIndex)} twice`);
      this.seenWithdrawals.add(big(withdrawalIndex));
      this.slashings.get(num(ordinal))!.recovered += big(amountGwei);
    },
    'SlashingEnforcer.SlashingSettled': (args) => this.#settled(args),
  };
  /** Shares of the batch that is being finalised: burnt before the Vault pays. */
  burnt = 0n;

  /** An operator's books. A bond may be there before its operator. */
  #operator(id: number): MirrorOperator {
    const blank = { bond: 0n, reserved: 0n, open: 0, barred: false, slashedGwei: 0n, unsettled: [] };
    const operator = this.operators.get(id) ?? blank;
    this.operators.set(id, operator);
    return operator;
  }

  /** What a validator counts for in gwei, given what is proven by now. */
  value(ordinal: number, balance: bigint, slot: number): bigint {
    const slashing = this.slashings.get(ordinal);
    if (!slashing) return balance;
    let worth = slashing.reference + slashing.landed;
    let here = balance;
    if (Math.floor(slot / EPOCH) < slashing.withdrawable) {
      worth = max(worth, here);
      here = min(here, max(0n, worth - slashing.expected));
    } else if (slashing.recovered === 0n && here * 2n < worth) return balance;
    return here + min(max(0n, worth - here - slashing.recovered), slashing.cover);
  }

  expectedLoss(effective: bigint, slashed: bigint): bigint {
    const { totalActiveGwei, slashingsVectorEpochs } = this.config.slashing;
    const correlated = (effective * min(3n * slashed, totalActiveGwei)) / totalActiveGwei;
    const reward = (GWEI * 64n) / squareRoot(totalActiveGwei);
    const missed = (((effective / GWEI) * reward * 40n) / 64n) * slashingsVectorEpochs;
    return min(effective, effective / 4096n + correlated + missed);
  }

  #proved(counted: number, ordinals: readonly number[]): void {
    const checkpoint = this.checkpoint!;
    const { block } = checkpoint;
    let found = 0;
    for (const ordinal of ordinals) {
      const validator = this.validators.get(ordinal);
      if (!validator?.live || !checkpoint.members.has(ordinal) || checkpoint.values.has(ordinal)) continue;
      const balance = BigInt(block.balances[validator.index]!);
      const waiting = this.truthInFlight(validator, block);
      const value = this.value(ordinal, balance, block.slot);
      const slashing = this.slashings.get(ordinal);
      if (slashing && Math.floor(block.slot / EPOCH) < slashing.withdrawable) {
        hold(
          value + slashing.expected >= balance,
          'I3',
          () => `a false loss: ${ordinal} counts ${value} of ${balance}`,
        );
      }
      checkpoint.values.set(ordinal, value + waiting);
      validator.balance = balance;
      validator.balanceSlot = block.slot;
      found += 1;
    }
    hold(found === counted, 'I6', () => `${counted} counted, ${found} were there to count`);
  }

  /** What of the pool's deposit is in no balance of the block's state, in gwei: from the state's own list. */
  truthInFlight(validator: MirrorValidator, block: ModelBlock): bigint {
    if (validator.depositSlot === 0) return 0n;
    if (validator.depositSlot > block.slot) return 31n * GWEI;
    const key = block.validators[validator.index]!.pubkey;
    const waits = block.pending.some(
      (item) => item.pubkey === key && item.slot === validator.depositSlot && item.amount === 31e9,
    );
    return waits ? 31n * GWEI : 0n;
  }

  #reported(
    { nav, current, target, reachedAt, fee }: Readonly<Record<string, unknown>>,
    { timestamp }: StepFacts,
  ): void {
    const checkpoint = this.checkpoint!;
    const truth = this.truth();
    hold(truth === big(nav), 'I4', () => `NAV ${String(nav)} but the truth is ${truth}`);
    const assets = truth + this.inward - checkpoint.inward - (this.outward - checkpoint.outward);
    const taken = this.rate.report(assets, this.supply, timestamp);
    hold(taken === big(fee), 'I4', () => `fee ${String(fee)} instead of ${taken}`);
    const { reserveTarget, reserveBps } = this.config.vault;
    const room = max(0n, reserveTarget - this.reserve);
    const toReserve = min(room, (taken * BigInt(reserveBps)) / 10_000n);
    this.reserve += toReserve;
    this.feesOwed += taken - toReserve;
    const { from, target: goal, until } = this.rate;
    hold(
      from === big(current) && goal === big(target) && until === num(reachedAt),
      'I3',
      () =>
        `rate ${String(current)} to ${String(target)} at ${String(reachedAt)} instead of ${from} to ${goal} at ${until}`,
    );
    hold(
      (this.supply * goal) / ONE <= assets - taken || goal <= GWEI,
      'I2',
      () => 'shares are worth more than the pool',
    );
  }

  /** The NAV of the open checkpoint's frozen moment, in wei. */
  truth(): bigint {
    const { values, members, cash, owed } = this.checkpoint!;
    hold(values.size === members.size, 'I4', () => 'finished before all were counted');
    const outside = [...values.values()].reduce((sum, value) => sum + value, 0n) * GWEI;
    return max(0n, cash + outside - owed);
  }

  #slashed(
    { ordinal, operatorId, expectedGwei, coverGwei }: Readonly<Record<string, unknown>>,
    facts: StepFacts,
  ): void {
    const operator = this.operators.get(num(operatorId))!;
    const validator = this.validators.get(num(ordinal))!;
    const { effective, withdrawable } = facts.slashed!;
    operator.slashedGwei += effective;
    operator.open += 1;
    operator.barred = true;
    validator.slashed = true;
    const reference = min(validator.balance, MOST);
    const blank = { proven: false, landed: 0n, expected: 0n, cover: 0n, recovered: 0n };
    this.slashings.set(num(ordinal), { reference, withdrawable, effective, ...blank });
    operator.unsettled.push(num(ordinal));
    for (const open of operator.unsettled) this.#provision(operator, open);
    const slashing = this.slashings.get(num(ordinal))!;
    hold(
      slashing.expected === big(expectedGwei),
      'I7',
      () => `expected ${String(expectedGwei)}, is ${slashing.expected}`,
    );
    hold(slashing.cover === big(coverGwei), 'I7', () => `cover ${String(coverGwei)}, is ${slashing.cover}`);
  }

  #provision(operator: MirrorOperator, ordinal: number): void {
    const slashing = this.slashings.get(ordinal)!;
    const { balance, balanceSlot } = this.validators.get(ordinal)!;
    const expected = this.expectedLoss(slashing.effective, operator.slashedGwei);
    if (expected <= slashing.expected) return;
    const before = slashing.expected === 0n ? balance : this.value(ordinal, balance, balanceSlot);
    const wanted = (expected - slashing.expected) * GWEI;
    const reserved = min(wanted, operator.bond - operator.reserved);
    operator.reserved += reserved;
    slashing.expected = expected;
    slashing.cover += reserved / GWEI;
    const less = before - this.value(ordinal, balance, balanceSlot);
    const counted = this.checkpoint?.values.get(ordinal);
    if (less > 0n && counted !== undefined) this.checkpoint!.values.set(ordinal, counted - less);
  }

  #settled({ ordinal, operatorId, lossGwei, paid }: Readonly<Record<string, unknown>>): void {
    const operator = this.operators.get(num(operatorId))!;
    const slashing = this.slashings.get(num(ordinal))!;
    const worth = slashing.reference + slashing.landed;
    const loss = worth >= slashing.recovered ? worth - slashing.recovered : slashing.expected;
    hold(loss === big(lossGwei), 'I7', () => `loss ${String(lossGwei)}, is ${loss}`);
    operator.reserved -= slashing.cover * GWEI;
    const due = min(loss * GWEI, operator.bond - operator.reserved);
    hold(due === big(paid), 'I7', () => `the bond paid ${String(paid)} of ${due}`);
    operator.bond -= due;
    this.bondBalance -= due;
    operator.open -= 1;
    const at = operator.unsettled.indexOf(num(ordinal));
    operator.unsettled[at] = operator.unsettled.at(-1)!;
    operator.unsettled.pop();
    this.slashings.delete(num(ordinal));
    this.lossSettled += loss;
  }
}

function squareRoot(n: bigint): bigint {
  let x = BigInt(Math.floor(Math.sqrt(Number(n))));
  while (x * x > n) x -= 1n;
  while ((x + 1n) * (x + 1n) <= n) x += 1n;
  return x;
}
