import { type BeaconBlockHeader, headerRoot, LoadedState, type StateTreeView } from '@holdfast/beacon';
import { fromHex, type Hex, type Root, toHex } from '@holdfast/units';
import { MAX_WITHDRAWALS_PER_PAYLOAD, SLOTS_PER_EPOCH, SLOTS_PER_HISTORICAL_ROOT } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import type { Random } from './random.ts';

export const NEVER = Number.POSITIVE_INFINITY;
const ETH = 1e9;
const MAX_EFFECTIVE = 2048 * ETH;
const ZERO: Root = `0x${'00'.repeat(32)}` as Root;

/** consensus-specs `Validator`, as plain fields. Amounts in gwei. */
export interface ModelValidator {
  readonly pubkey: Hex;
  readonly credentials: Hex;
  effective: number;
  slashed: boolean;
  eligibility: number;
  activation: number;
  exit: number;
  withdrawable: number;
}

export interface ModelDeposit {
  readonly pubkey: Hex;
  readonly credentials: Hex;
  /** Gwei. */
  readonly amount: number;
  readonly signature: Hex;
  readonly slot: number;
}

export interface ModelWithdrawal {
  readonly index: number;
  readonly validatorIndex: number;
  readonly address: Hex;
  readonly amount: number;
}

/** A block of the model: what EIP-4788 will show, and the state behind it. */
export interface ModelBlock {
  readonly slot: number;
  readonly root: Root;
  readonly header: BeaconBlockHeader;
  readonly state: LoadedState;
  readonly withdrawals: readonly ModelWithdrawal[];
  /** Balances in that state, in gwei. */
  readonly balances: readonly number[];
  readonly validators: readonly Readonly<ModelValidator>[];
  readonly pending: readonly ModelDeposit[];
}

/** Delays of the model in epochs: short, so that lives fit into a test. The rules are the spec's. */
export const RULES = {
  slotsPerEpoch: SLOTS_PER_EPOCH,
  slashingsVector: 16,
  withdrawability: 4,
  shardCommittee: 2,
  exitLookahead: 1,
  depositFinality: 1,
  pendingPerEpoch: 16,
} as const;

/**
 * The beacon chain's rules for balances in their plainest form, on a real SSZ state of the minimal preset (Fulu):
 * deposits, activation, rewards, slashing with both penalties, exits, sweeps, EIP-7002 and EIP-7251 requests.
 * What a block holds is for the test to say; nothing is signed.
 */
export class BeaconModel {
  readonly genesisRoot: Root;
  readonly validators: ModelValidator[] = [];
  /** Gwei, by index. */
  readonly balances: number[] = [];
  readonly blocks: ModelBlock[] = [];
  pending: ModelDeposit[] = [];
  partials: { index: number; amount: number; withdrawable: number }[] = [];
  consolidations: { source: number; target: number }[] = [];
  slashings: { epoch: number; effective: number }[] = [];
  slot = 0;
  /** What an active validator gains an epoch, in gwei; may be negative. */
  reward = 20_000;
  /** Largest amount of deposits applied an epoch, in gwei. */
  depositChurn = 256 * ETH;
  #nextWithdrawal = 0;
  #sweepFrom = 0;
  readonly #random: Random;
  readonly #view: ReturnType<typeof ssz.fulu.BeaconState.defaultViewDU>;
  readonly #byKey = new Map<Hex, number>();
  readonly #dirtyBalances = new Set<number>();
  readonly #dirtyValidators = new Set<number>();
  #pendingDirty = false;
  #pendingShown = 0;
  #shownValidators: Readonly<ModelValidator>[] = [];

  constructor(random: Random, outsiders = 21) {
    this.#random = random;
    const value = ssz.fulu.BeaconState.defaultValue();
    value.genesisValidatorsRoot = random.bytes(32);
    this.genesisRoot = toHex(value.genesisValidatorsRoot) as Root;
    this.#view = ssz.fulu.BeaconState.toViewDU(value);
    for (let i = 0; i < outsiders; i += 1) {
      const key = toHex(random.bytes(48));
      this.#add(key, `0x01${'00'.repeat(11)}${toHex(random.bytes(20)).slice(2)}`, 32 * ETH);
      Object.assign(this.validators[i]!, { eligibility: 0, activation: 0 });
    }
    this.seal([]);
  }

  get epoch(): number {
    return Math.floor(this.slot / SLOTS_PER_EPOCH);
  }
  get latest(): ModelBlock {
    return this.blocks.at(-1)!;
  }
  indexOf(pubkey: Hex): number | undefined {
    return this.#byKey.get(pubkey);
  }
  isActive(index: number, epoch = this.epoch): boolean {
    const { activation, exit } = this.validators[index]!;
    return activation <= epoch && epoch < exit;
  }

  // ── Slots ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** consensus-specs `process_slots`. Slots that are passed over have no block. */
  advance(to: number): void {
    while (this.slot < to) {
      this.#view.latestBlockHeader = ssz.phase0.BeaconBlockHeader.toViewDU(plainHeader(this.latest.header));
      this.#view.blockRoots.set(this.slot % SLOTS_PER_HISTORICAL_ROOT, fromHex(this.latest.root));
      if ((this.slot + 1) % SLOTS_PER_EPOCH === 0) this.#processEpoch();
      this.slot += 1;
      this.#view.slot = this.slot;
    }
  }

  /** Ends the block of this slot: the state as it now stands becomes what proofs are made from. */
  seal(withdrawals: readonly ModelWithdrawal[]): ModelBlock {
    this.#flush();
    this.#view.latestExecutionPayloadHeader.withdrawalsRoot = ssz.capella.Withdrawals.hashTreeRoot(
      withdrawals.map((withdrawal) => ({
        ...withdrawal,
        address: fromHex(withdrawal.address),
        amount: BigInt(withdrawal.amount),
      })),
    );
    const open = {
      slot: this.slot,
      proposerIndex: this.#random.below(16),
      parentRoot: this.blocks.at(-1)?.root ?? ZERO,
      stateRoot: ZERO,
      bodyRoot: this.#random.root() as Root,
    };
    this.#view.latestBlockHeader = ssz.phase0.BeaconBlockHeader.toViewDU(plainHeader(open));
    const state = new LoadedState('fulu', this.#view as unknown as StateTreeView);
    const header = { ...open, stateRoot: state.root };
    const block: ModelBlock = {
      slot: this.slot,
      header,
      root: headerRoot(header),
      state,
      withdrawals,
      balances: [...this.balances],
      validators: [...this.#shownValidators],
      pending: [...this.pending],
    };
    this.blocks.push(block);
    return block;
  }

  // ── Events a test may cause ───────────────────────────────────────────────────────────────────────────────────

  /** A request of the deposit contract (EIP-6110) joins the queue. */
  deposit(deposit: Omit<ModelDeposit, 'slot'>): void {
    this.pending.push({ ...deposit, slot: this.slot });
  }

  setBalance(index: number, gwei: number): void {
    this.balances[index] = Math.max(0, gwei);
    this.#dirtyBalances.add(index);
  }

  /** consensus-specs `slash_validator`, without the whistleblower. */
  slash(index: number): void {
    const validator = this.validators[index]!;
    if (validator.slashed || validator.withdrawable <= this.epoch) return;
    this.exit(index);
    validator.slashed = true;
    validator.withdrawable = Math.max(validator.withdrawable, this.epoch + RULES.slashingsVector);
    this.slashings.push({ epoch: this.epoch, effective: validator.effective });
    this.setBalance(index, this.balances[index]! - Math.floor(validator.effective / 4096));
    this.#dirtyValidators.add(index);
  }

  /** consensus-specs `initiate_validator_exit`. */
  exit(index: number): void {
    const validator = this.validators[index]!;
    if (validator.exit !== NEVER) return;
    validator.exit = this.epoch + 1 + RULES.exitLookahead;
    validator.withdrawable = validator.exit + RULES.withdrawability;
    this.#dirtyValidators.add(index);
  }

  /** consensus-specs `process_withdrawal_request` (EIP-7002). `amount` 0 is an exit. */
  requestWithdrawal(source: Hex, pubkey: Hex, amount: number): void {
    const index = this.#requester(source, pubkey);
    if (index === undefined) return;
    const waiting = this.partials
      .filter((partial) => partial.index === index)
      .reduce((sum, { amount: part }) => sum + part, 0);
    if (amount === 0) {
      if (waiting === 0) this.exit(index);
      return;
    }
    const excess = this.balances[index]! - 32 * ETH - waiting;
    if (this.validators[index]!.effective < 32 * ETH || excess <= 0) return;
    const withdrawable = this.epoch + 1 + RULES.exitLookahead + RULES.withdrawability;
    this.partials.push({ index, amount: Math.min(amount, excess), withdrawable });
  }

  /** consensus-specs `process_consolidation_request` (EIP-7251). */
  requestConsolidation(source: Hex, sourceKey: Hex, targetKey: Hex): void {
    const from = this.#requester(source, sourceKey);
    const to = this.#byKey.get(targetKey);
    if (from === undefined || to === undefined || from === to) return;
    if (!this.isActive(to) || this.validators[to]!.exit !== NEVER) return;
    if (this.partials.some((partial) => partial.index === from)) return;
    this.exit(from);
    this.consolidations.push({ source: from, target: to });
  }

  /** consensus-specs `get_expected_withdrawals` and `process_withdrawals`: deducts, and says what is to be credited. */
  sweep(): ModelWithdrawal[] {
    const paid: ModelWithdrawal[] = [];
    const pay = (index: number, amount: number): void => {
      const address: Hex = `0x${this.validators[index]!.credentials.slice(26)}`;
      paid.push({ index: this.#nextWithdrawal, validatorIndex: index, address, amount });
      this.#nextWithdrawal += 1;
      this.setBalance(index, this.balances[index]! - amount);
    };
    while (paid.length < 2 && (this.partials[0]?.withdrawable ?? NEVER) <= this.epoch) {
      const { index, amount } = this.partials.shift()!;
      const excess = this.balances[index]! - 32 * ETH;
      const staying = this.validators[index]!.exit === NEVER && this.validators[index]!.effective >= 32 * ETH;
      if (staying && excess > 0) pay(index, Math.min(amount, excess));
    }
    const count = this.validators.length;
    for (let n = 0; n < Math.min(16, count) && paid.length < MAX_WITHDRAWALS_PER_PAYLOAD; n += 1) {
      const index = this.#sweepFrom;
      this.#sweepFrom = (this.#sweepFrom + 1) % count;
      const { withdrawable, effective, credentials } = this.validators[index]!;
      const balance = this.balances[index]!;
      const most = credentials.startsWith('0x02') ? MAX_EFFECTIVE : 32 * ETH;
      if (withdrawable <= this.epoch && balance > 0) pay(index, balance);
      else if (effective === most && balance > most) pay(index, balance - most);
    }
    return paid;
  }

  // ── Inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  #requester(source: Hex, pubkey: Hex): number | undefined {
    const index = this.#byKey.get(pubkey);
    if (index === undefined) return undefined;
    const validator = this.validators[index]!;
    const ours = validator.credentials.slice(26).toLowerCase() === source.slice(2).toLowerCase();
    const grown = validator.activation + RULES.shardCommittee <= this.epoch;
    return ours && grown && this.isActive(index) && validator.exit === NEVER ? index : undefined;
  }

  #processEpoch(): void {
    const { epoch } = this;
    this.#rewardsAndSlashings(epoch);
    this.#pendingDeposits(epoch);
    while (this.consolidations.length > 0) {
      const { source, target } = this.consolidations[0]!;
      const from = this.validators[source]!;
      if (!from.slashed && from.withdrawable > epoch + 1) break;
      this.consolidations.shift();
      if (from.slashed) continue;
      const moved = Math.min(this.balances[source]!, from.effective);
      this.setBalance(source, this.balances[source]! - moved);
      this.setBalance(target, this.balances[target]! + moved);
    }
    this.#effectiveAndActivation(epoch);
    if ((epoch + 1) % (SLOTS_PER_HISTORICAL_ROOT / SLOTS_PER_EPOCH) === 0) {
      this.#view.historicalSummaries.push(
        ssz.capella.HistoricalSummary.toViewDU({
          blockSummaryRoot: this.#view.blockRoots.hashTreeRoot(),
          stateSummaryRoot: this.#view.stateRoots.hashTreeRoot(),
        }),
      );
    }
  }

  #rewardsAndSlashings(epoch: number): void {
    const active = this.validators.filter((_, i) => this.isActive(i, epoch));
    const total = active.reduce((sum, { effective }) => sum + effective, ETH);
    const slashed = this.slashings
      .filter((entry) => epoch - entry.epoch < RULES.slashingsVector)
      .reduce((sum, entry) => sum + entry.effective, 0);
    const perIncrement = Math.floor((ETH * 64) / Math.sqrt(total));
    this.validators.forEach((validator, i) => {
      const balance = this.balances[i]!;
      if (validator.slashed && epoch < validator.withdrawable) {
        const missed = Math.floor((Math.floor(validator.effective / ETH) * perIncrement * 40) / 64);
        const halfway = epoch + RULES.slashingsVector / 2 === validator.withdrawable;
        const correlated = Math.floor((validator.effective / total) * Math.min(3 * slashed, total));
        this.setBalance(i, balance - missed - (halfway ? correlated : 0));
      } else if (this.isActive(i, epoch) && this.reward !== 0) this.setBalance(i, balance + this.reward);
    });
  }

  /** consensus-specs `process_pending_deposits`, the churn without a remainder. */
  #pendingDeposits(epoch: number): void {
    const finalized = (epoch - RULES.depositFinality) * SLOTS_PER_EPOCH;
    const postponed: ModelDeposit[] = [];
    let taken = 0;
    let amount = 0;
    while (taken < this.pending.length && taken < RULES.pendingPerEpoch) {
      const deposit = this.pending[taken]!;
      if (deposit.slot > finalized) break;
      const index = this.#byKey.get(deposit.pubkey);
      const validator = index === undefined ? undefined : this.validators[index]!;
      if (validator !== undefined && validator.withdrawable < epoch + 1) this.#apply(deposit);
      else if (validator !== undefined && validator.exit !== NEVER) postponed.push(deposit);
      else {
        if (amount + deposit.amount > this.depositChurn) break;
        amount += deposit.amount;
        this.#apply(deposit);
      }
      taken += 1;
    }
    if (taken === 0) return;
    this.pending = [...this.pending.slice(taken), ...postponed];
    this.#pendingDirty = true;
  }

  /** consensus-specs `apply_pending_deposit`; a signature that begins with 0xbad0 stands for an invalid one. */
  #apply(deposit: ModelDeposit): void {
    const index = this.#byKey.get(deposit.pubkey);
    if (index !== undefined) this.setBalance(index, this.balances[index]! + deposit.amount);
    else if (!deposit.signature.startsWith('0xbad0')) this.#add(deposit.pubkey, deposit.credentials, deposit.amount);
  }

  #effectiveAndActivation(epoch: number): void {
    this.validators.forEach((validator, i) => {
      const balance = this.balances[i]!;
      const most = validator.credentials.startsWith('0x02') ? MAX_EFFECTIVE : 32 * ETH;
      const before = JSON.stringify(validator);
      if (balance + ETH / 4 < validator.effective || validator.effective + 1.25 * ETH < balance) {
        validator.effective = Math.min(Math.floor(balance / ETH) * ETH, most);
      }
      if (validator.eligibility === NEVER && validator.effective >= 32 * ETH) validator.eligibility = epoch + 1;
      else if (validator.activation === NEVER && validator.eligibility <= epoch) validator.activation = epoch + 2;
      if (JSON.stringify(validator) !== before) this.#dirtyValidators.add(i);
    });
  }

  #add(pubkey: Hex, credentials: Hex, balance: number): void {
    const index = this.validators.length;
    const most = credentials.startsWith('0x02') ? MAX_EFFECTIVE : 32 * ETH;
    const effective = Math.min(Math.floor(balance / ETH) * ETH, most);
    this.validators.push({
      pubkey,
      credentials,
      effective,
      slashed: false,
      eligibility: NEVER,
      activation: NEVER,
      exit: NEVER,
      withdrawable: NEVER,
    });
    this.balances.push(balance);
    this.#byKey.set(pubkey, index);
    this.#dirtyValidators.add(index);
    this.#dirtyBalances.add(index);
  }

  #flush(): void {
    const view = this.#view;
    for (const index of [...this.#dirtyValidators].sort((a, b) => a - b)) {
      const validator = this.validators[index]!;
      const shown = ssz.phase0.Validator.toViewDU({
        pubkey: fromHex(validator.pubkey),
        withdrawalCredentials: fromHex(validator.credentials),
        effectiveBalance: validator.effective,
        slashed: validator.slashed,
        activationEligibilityEpoch: validator.eligibility,
        activationEpoch: validator.activation,
        exitEpoch: validator.exit,
        withdrawableEpoch: validator.withdrawable,
      });
      if (index < view.validators.length) view.validators.set(index, shown);
      else view.validators.push(shown);
      this.#shownValidators[index] = { ...validator };
    }
    for (const index of [...this.#dirtyBalances].sort((a, b) => a - b)) {
      if (index < view.balances.length) view.balances.set(index, this.balances[index]!);
      else view.balances.push(this.balances[index]!);
    }
    if (this.#pendingDirty) {
      view.pendingDeposits = ssz.electra.PendingDeposits.toViewDU(this.pending.map(plainDeposit));
    } else {
      for (const deposit of this.pending.slice(this.#pendingShown)) {
        view.pendingDeposits.push(ssz.electra.PendingDeposit.toViewDU(plainDeposit(deposit)));
      }
    }
    this.#pendingDirty = false;
    this.#pendingShown = this.pending.length;
    this.#dirtyValidators.clear();
    this.#dirtyBalances.clear();
  }
}

const plainDeposit = (deposit: ModelDeposit) => ({
  pubkey: fromHex(deposit.pubkey),
  withdrawalCredentials: fromHex(deposit.credentials),
  amount: deposit.amount,
  signature: fromHex(deposit.signature),
  slot: deposit.slot,
});

const plainHeader = (header: BeaconBlockHeader) => ({
  slot: header.slot,
  proposerIndex: header.proposerIndex,
  parentRoot: fromHex(header.parentRoot),
  stateRoot: fromHex(header.stateRoot),
  bodyRoot: fromHex(header.bodyRoot),
});
