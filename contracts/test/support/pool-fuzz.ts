import type { Hex } from '@holdfast/units';
import { encodeFunctionData, getContractAddress } from 'viem';
import { Acts, type LedgerRecord, STATUS } from './pool-acts.ts';
import type { ModelBlock } from './pool-beacon.ts';
import { codeOf, DEPLOYER, ETH, type Pool, poolCode } from './pool-deploy.ts';
import type { Contract } from './pool-evm.ts';
import { hold, Mirror } from './pool-mirror.ts';
import { ONE } from './pool-mirror-rate.ts';
import { isLive, randomMove } from './pool-moves.ts';
import { keeperMoves } from './pool-moves-keeper.ts';
import { type PoolEvent, World } from './pool-world.ts';
import type { Random } from './random.ts';

const ACTORS = 13;
const STAKERS = 6;
const BLOCKS_PER_FULL_CHECK = 5;
const STATUS_BY_EVENT: Readonly<Record<string, number>> = {
  CredentialsProven: STATUS.Proven,
  CredentialsRejected: STATUS.Rejected,
  Funded: STATUS.Funded,
  ExitProven: STATUS.Exiting,
  Slashed: STATUS.Slashed,
  Withdrawn: STATUS.Withdrawn,
};

/** A call by one of the actors, and what the books must know about it. */
export interface FuzzStep {
  readonly actor: number;
  readonly to: Contract;
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly value?: bigint;
  /** It must not go through. */
  readonly refused?: boolean;
  /** A claim of somebody else's receipt: must not go through. */
  readonly stranger?: number;
  readonly ordinals?: readonly number[];
  readonly slashed?: { readonly effective: bigint; readonly withdrawable: number };
  readonly resolves?: number;
}

export interface Look {
  vaultBalance: bigint;
  queueBalance: bigint;
  bondBalance: bigint;
  supply: bigint;
  rate: bigint;
  target: bigint;
  reserve: bigint;
  feesOwed: bigint;
  inward: bigint;
  outward: bigint;
  highWater: bigint;
  claimable: bigint;
  stakeable: bigint;
  shortfall: bigint;
  queued: bigint;
  finalizedId: bigint;
  payableId: bigint;
  escrowed: bigint;
}
interface OperatorLook {
  bond: bigint;
  reserved: bigint;
  held: bigint;
  earning: bigint;
  fees: bigint;
  frozen: boolean;
  mayStake: boolean;
}

/** The stateful fuzzer: random calls by everybody over a beacon chain with a life of its own, checked after each block. */
export class Fuzz {
  readonly world: World;
  readonly random: Random;
  readonly pool: Pool;
  readonly mirror: Mirror;
  readonly keys: Map<number, Hex>;
  readonly acts: Acts;
  readonly validatorsMax = 26;
  /** True when only keepers act, honestly and in order. */
  quiet = false;
  look!: Look;
  /** As last read, moved on by events since. */
  records: LedgerRecord[] = [];
  operators: readonly OperatorLook[] = [];
  opened = false;
  readonly resolved = new Set<number>();
  /** Calls made by actors, those that went through, and how often each function did. */
  calls = 0;
  passed = 0;
  readonly counts = new Map<string, [tried: number, passed: number]>();
  readonly #driver: Contract;
  readonly #inspector: Contract;
  readonly #actors: Hex[];
  readonly #managers = new Map<number, number>();
  readonly #batches: { last: number }[] = [];
  #history: FuzzStep[] = [];
  #lastRate = ONE;
  #blocks = 0;

  private constructor(world: World, driver: Contract, inspector: Contract) {
    this.world = world;
    this.random = world.random;
    this.pool = world.pool;
    this.acts = new Acts(world);
    this.keys = this.acts.keys;
    this.#driver = driver;
    this.#inspector = inspector;
    this.#actors = Array.from({ length: ACTORS }, (_, n) =>
      getContractAddress({ from: driver.address, nonce: BigInt(n + 1) }).toLowerCase(),
    ) as Hex[];
    this.mirror = new Mirror(world.pool.config, world.pool.ledger.address, world.now);
  }

  static async start(seed: number): Promise<Fuzz> {
    const helpers = await codeOf(['test/pool/Actors.sol', 'test/pool/Inspector.sol']);
    const world = await World.start({ seed, code: { ...(await poolCode()), ...helpers } });
    const { vault, token, queue, ledger, registry, bonds } = world.pool;
    const driver = await world.create('Driver', [BigInt(ACTORS)]);
    const inspector = await world.create(
      'Inspector',
      [vault, token, queue, ledger, registry, bonds].map(({ address }) => address),
    );
    world.watch(driver);
    await world.evm.setBalance(driver.address, 10n ** 27n);
    const fuzz = new Fuzz(world, driver, inspector);
    await fuzz.#read(true);
    await world.send(DEPLOYER, driver, 'set', [11n, 1n, vault.address, '0x']);
    return fuzz;
  }

  // ── What moves ask ────────────────────────────────────────────────────────────────────────────────────────────

  address(actor: number): Hex {
    return this.#actors[actor]!;
  }
  actorOf(address: string): number | undefined {
    const at = this.#actors.indexOf(address.toLowerCase() as Hex);
    return at < 0 ? undefined : at;
  }
  staker(): number {
    return this.random.below(STAKERS);
  }
  manager(): number {
    return STAKERS + this.random.below(4);
  }
  operatorCount(): number {
    return this.operators.length;
  }
  operator(): number {
    return 1 + this.random.below(Math.max(1, this.operators.length));
  }
  managerOf(operator: number): number {
    return this.#managers.get(operator) ?? this.manager();
  }
  anyRequest(): { id: number; owner: string } | undefined {
    const ids = [...this.mirror.requests.keys()];
    if (ids.length === 0) return undefined;
    const id = this.random.pick(ids);
    return { id, owner: this.mirror.requests.get(id)!.owner };
  }
  batchOf(id: number): bigint | undefined {
    const at = this.#batches.findIndex(({ last }) => id <= last);
    return at < 0 ? undefined : BigInt(at);
  }
  withLive<T>(make: (ordinal: number, key: Hex, record: LedgerRecord) => T): T | undefined {
    const live = this.records.flatMap((record, n) => (isLive(record.status) ? [n + 1] : []));
    if (live.length === 0) return undefined;
    const ordinal = this.random.pick(live);
    return make(ordinal, this.keys.get(ordinal)!, this.records[ordinal - 1]!);
  }
  resolveCall(ordinal: number, record: LedgerRecord, block: ModelBlock) {
    return this.acts.resolveCall(ordinal, record, block);
  }
  replay(): FuzzStep | undefined {
    if (this.#history.length === 0) return undefined;
    const step = this.random.pick(this.#history);
    const actor = this.random.below(2) ? step.actor : this.random.below(ACTORS);
    return { ...step, actor };
  }

  // ── One block ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets the beacon chain live, makes a block of random calls, and checks everything. */
  async block(calls: number): Promise<void> {
    this.#beaconEvents();
    await this.#forceEther();
    const skipped = this.random.below(12) === 0 ? 1 + this.random.below(3) : 0;
    const { parent } = await this.world.begin(skipped);
    const steps: FuzzStep[] = [];
    for (let tries = 0; steps.length < calls && tries < calls * 3; tries += 1) steps.push(...randomMove(this, parent));
    await this.#run(steps, parent);
  }

  /** A block in which keepers alone do all they can. */
  async quietBlock(extra: readonly FuzzStep[] = []): Promise<void> {
    const { parent } = await this.world.begin();
    const seen = new Set<string>();
    const steps = [...extra, ...keeperMoves(this, parent)].filter(({ fn, args }) => {
      const name = fn === 'fund' ? '' : `${fn}:${fn === 'proveBalances' ? '' : String(args[0])}`;
      return name !== '' && !seen.has(name) && seen.add(name);
    });
    await this.#run(steps.slice(0, 12), parent);
  }

  async #run(steps: readonly FuzzStep[], parent: ModelBlock): Promise<void> {
    const list = steps.map(({ actor, to, fn, args, value }) => ({
      actor: BigInt(actor),
      target: to.address,
      value: value ?? 0n,
      data: encodeFunctionData({ abi: to.abi, functionName: fn.split('(')[0]!, args }),
    }));
    const hash = await this.world.queue(DEPLOYER, this.#driver, 'run', [list]);
    const sealed = await this.world.slot();
    const receipt = sealed.receipts.find(({ transactionHash }) => transactionHash === hash)!;
    if (receipt.status !== '0x1')
      throw new Error(`the batch failed: ${this.world.errorName(await this.world.evm.outcome(hash))}`);
    this.calls += steps.length;
    let group: PoolEvent[] = [];
    for (const event of sealed.events) {
      if (event.contract !== 'Driver') {
        group.push(event);
        continue;
      }
      const step = steps[Number(event.args.index)]!;
      this.#note(step, event.args.ok as boolean, group, event.args.answer as Hex, sealed.slot);
      const facts = { timestamp: sealed.timestamp, slot: sealed.slot, parent, ...step };
      this.mirror.apply(group, facts);
      group = [];
    }
    const swept = sealed.withdrawals.filter(({ address }) => address === this.pool.vault.address);
    this.mirror.balance += swept.reduce((sum, { amount }) => sum + BigInt(amount) * 10n ** 9n, 0n);
    this.#blocks += 1;
    await this.#read(this.#blocks % BLOCKS_PER_FULL_CHECK === 0);
    this.#check();
  }

  #note(step: FuzzStep, ok: boolean, events: readonly PoolEvent[], answer: Hex, slot: number): void {
    const name = `${step.to.name}.${step.fn}`;
    const [tried, passed] = this.counts.get(name) ?? [0, 0];
    this.counts.set(name, [tried + 1, passed + (ok ? 1 : 0)]);
    hold(!(ok && step.refused), 'I1', () => `a stranger called ${name}`);
    hold(
      !ok ||
        step.stranger === undefined ||
        this.actorOf(this.mirror.requests.get(step.stranger)?.owner ?? '') === step.actor,
      'I1',
      () => `a stranger claimed ${step.stranger}`,
    );
    hold(
      ok || answer.length <= 2 || !answer.startsWith('0x4e487b71') || EXPECTED_PANICS.has(name),
      'clear errors',
      () => `${name}(${step.args.map(String).join()}) panicked: ${answer}`,
    );
    if (!ok) return;
    this.passed += 1;
    if (this.random.below(4) === 0) this.#history = [...this.#history.slice(-60), step];
    if (step.resolves !== undefined) this.resolved.add(step.resolves);
    for (const { name: event, args } of events) {
      this.#follow(event, args, slot);
      if (event === 'Predeposited') this.keys.set(Number(args.ordinal), args.pubkey as Hex);
      if (event === 'OperatorRegistered')
        this.#managers.set(Number(args.operatorId), this.actorOf(args.manager as string)!);
      if (event === 'WithdrawalsFinalized') this.#batches.push({ last: Number(args.lastId) });
      if (event === 'Transfer' && 'tokenId' in args) {
        const request = this.mirror.requests.get(Number(args.tokenId));
        if (request) request.owner = args.to as string;
      }
      if (event === 'CheckpointStarted') {
        this.opened = false;
        this.resolved.clear();
      }
      if (event === 'CheckpointOpened') this.opened = true;
    }
  }

  #beaconEvents(): void {
    const { beacon } = this.world;
    const ours = [...this.keys.values()].flatMap((key) => beacon.indexOf(key) ?? []);
    const active = ours.filter((index) => beacon.isActive(index));
    const chance = (per1000: number): boolean => this.random.below(1000) < per1000;
    if (active.length > 4 && chance(25)) beacon.slash(this.random.pick(active));
    if (active.length > 4 && chance(20)) beacon.exit(this.random.pick(active));
    if (chance(20)) beacon.reward = this.random.below(400_000) - 60_000;
    if (chance(10)) beacon.depositChurn = this.random.pick([32e9, 64e9, 256e9]);
  }

  async #forceEther(): Promise<void> {
    if (this.random.below(60) !== 0) return;
    const wei = (ETH * BigInt(this.random.below(2000))) / 1000n + BigInt(this.random.below(3));
    await this.world.evm.credit(this.pool.vault.address, wei);
    this.mirror.balance += wei;
  }

  // ── The checks ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The cash and the rate after each block; every record and bond, which takes longer, now and then. */
  async #read(full: boolean): Promise<void> {
    this.look = await this.world.read<Look>(this.#inspector, 'look');
    if (!full) return;
    const [records, operators] = await this.world.read<[LedgerRecord[], OperatorLook[]]>(this.#inspector, 'lists');
    for (const [n, record] of records.entries()) {
      const { status, inFlightGwei, operatorId } = this.records[n]!;
      hold(
        record.status === status && record.inFlightGwei === inFlightGwei && record.operatorId === operatorId,
        'I4',
        () => `record ${n + 1} is in state ${record.status} with ${record.inFlightGwei} in flight`,
      );
    }
    hold(records.length === this.records.length, 'I4', () => `${records.length} records`);
    this.records = [...records];
    this.operators = operators;
    this.#checkLists();
  }

  /** What an event says about a validator. */
  #follow(event: string, args: Readonly<Record<string, unknown>>, slot: number): void {
    const ordinal = Number(args.ordinal);
    if (event === 'Predeposited') {
      const blank = {
        index: 0,
        balanceGwei: 0,
        balanceSlot: 0,
        inFlightGwei: 0,
        depositSlot: 0,
        pubkeyRoot: '0x' as Hex,
      };
      this.records[ordinal - 1] = { status: STATUS.Predeposited, operatorId: Number(args.operatorId), ...blank };
    }
    const record = this.records[ordinal - 1];
    if (!record) return;
    const status = STATUS_BY_EVENT[event];
    if (status !== undefined) record.status = status;
    if (event === 'CredentialsProven') record.index = Number(args.index);
    if (event === 'Funded') Object.assign(record, { inFlightGwei: Number(args.amountGwei), depositSlot: slot });
    if (event === 'DepositLanded') record.inFlightGwei = 0;
  }

  #check(): void {
    const { look, mirror } = this;
    const same = (name: string, actual: bigint, expected: bigint, invariant = 'I1') =>
      hold(actual === expected, invariant, () => `${name} is ${actual}, should be ${expected}`);
    same("the Vault's balance", look.vaultBalance, mirror.balance);
    same("the queue's balance", look.queueBalance, mirror.queueBalance);
    same('the bonds', look.bondBalance, mirror.bondBalance);
    same('supply', look.supply, mirror.supply);
    same('reserve', look.reserve, mirror.reserve);
    same('fees owed', look.feesOwed, mirror.feesOwed);
    same('inward', look.inward, mirror.inward);
    same('outward', look.outward, mirror.outward);
    same('high water', look.highWater, mirror.rate.highWater, 'I4');
    same('queued shares', look.queued, mirror.queued, 'I2');
    hold(look.escrowed >= look.queued, 'I2', () => 'escrow is short of the queue');
    const owed = [...mirror.requests.values()].reduce((sum, { paid }) => sum + (paid ?? 0n), 0n);
    same('what finalised claims are owed', look.queueBalance, owed, 'I2');
    const rate = mirror.rate.at(this.world.now);
    same('rate', look.rate, rate, 'I3');
    hold(look.vaultBalance >= look.reserve + look.feesOwed, 'I2', () => 'liabilities exceed cash');
    this.#lastRate = look.rate;
  }

  #checkLists(): void {
    const { look, mirror } = this;
    const same = (name: string, actual: bigint, expected: bigint, invariant: string) =>
      hold(actual === expected, invariant, () => `${name} is ${actual}, should be ${expected}`);
    this.operators.forEach((operator, n) => {
      const kept = mirror.operators.get(n + 1)!;
      same(`bond ${n + 1}`, operator.bond, kept.bond, 'I7');
      same(`reserved ${n + 1}`, operator.reserved, kept.reserved, 'I7');
      hold(operator.frozen === kept.open > 0, 'I8', () => `operator ${n + 1} frozen: ${operator.frozen}`);
      hold(!operator.mayStake || !kept.barred, 'I8', () => `a barred operator may stake`);
    });
    const fees = this.operators.reduce((sum, operator) => sum + operator.fees, 0n);
    hold(fees <= look.feesOwed, 'I2', () => `operators were promised ${fees} of ${look.feesOwed}`);
    const live = this.records.filter(({ status }) => isLive(status)).length;
    same('validators', BigInt([...mirror.validators.values()].filter((one) => one.live).length), BigInt(live), 'I4');
  }

  get rate(): bigint {
    return this.#lastRate;
  }
}

/** Functions whose arguments may be nonsense that the compiler itself refuses. */
const EXPECTED_PANICS = new Set<string>(['WithdrawalQueue.claim']);
