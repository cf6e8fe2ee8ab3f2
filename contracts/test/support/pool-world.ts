import { branchOf } from '@holdfast/beacon';
import { fromHex, type Hex, type Root, toHex } from '@holdfast/units';
import { MAX_WITHDRAWALS_PER_PAYLOAD } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import { type Abi, decodeErrorResult, decodeEventLog, encodeFunctionData, toEventHash, toFunctionSelector } from 'viem';
import {
  type BalancesProof,
  type Hop,
  makeBalancesProof,
  makeHop,
  makeOpening,
  makePendingRun,
  makeStateProof,
  makeValidatorProof,
  type PendingRun,
  type StateProof,
  type ValidatorProof,
} from './beacon-proofs.ts';
import { BeaconModel, type ModelBlock, type ModelWithdrawal } from './pool-beacon.ts';
import {
  CONFIG,
  type Creator,
  creator,
  deployPool,
  GWEI,
  type Pool,
  type PoolCode,
  type PoolConfig,
  poolCode,
  SECONDS_PER_SLOT,
} from './pool-deploy.ts';
import {
  CONSOLIDATIONS_7251,
  type Contract,
  DEPOSIT_CONTRACT,
  type Log,
  PoolEvm,
  type Receipt,
  Reverted,
  WITHDRAWALS_7002,
} from './pool-evm.ts';
import { type Random, seeded } from './random.ts';

const GENESIS_TIME = 1_700_000_000;

export interface PoolEvent {
  readonly contract: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Sealed {
  readonly slot: number;
  readonly timestamp: number;
  readonly receipts: readonly Receipt[];
  readonly events: readonly PoolEvent[];
  readonly withdrawals: readonly ModelWithdrawal[];
}

export interface WithdrawalProof {
  index: bigint;
  validatorIndex: bigint;
  recipient: Hex;
  amount: bigint;
  position: bigint;
  branch: Hex[];
}

/** A beacon chain, an EVM and a pool on them, one slot at a time. */
export class World {
  readonly random: Random;
  readonly evm: PoolEvm;
  readonly beacon: BeaconModel;
  readonly pool: Pool;
  readonly create: Creator;
  /** Every execution block: its timestamp shows the root of the beacon block before it. */
  readonly shown: { timestamp: number; block: ModelBlock }[] = [];
  /** Wei credited to the Vault by the beacon chain. */
  swept = 0n;
  #withdrawalRequests: { source: Hex; pubkey: Hex; amount: number }[] = [];
  #consolidationRequests: { source: Hex; from: Hex; to: Hex }[] = [];
  #open: { slot: number; timestamp: number; parent: ModelBlock } | undefined;
  readonly #events = new Map<string, { contract: Contract; name: string }>();
  readonly #errors = new Map<Hex, Abi[number]>();
  #contracts = new Map<Hex, Contract>();

  private constructor(random: Random, evm: PoolEvm, beacon: BeaconModel, code: PoolCode) {
    this.random = random;
    this.evm = evm;
    this.beacon = beacon;
    this.pool = undefined as unknown as Pool;
    this.create = creator(evm, code, async () => {
      await this.slot();
    });
  }

  static async start(
    options: { seed?: number; code?: PoolCode; config?: PoolConfig; layoutFrom?: number } = {},
  ): Promise<World> {
    const random = seeded(options.seed ?? 1);
    const beacon = new BeaconModel(random);
    const evm = await PoolEvm.create(GENESIS_TIME);
    const code = options.code ?? (await poolCode());
    const world = new World(random, evm, beacon, code);
    const chain = { genesisTime: GENESIS_TIME, genesisRoot: beacon.genesisRoot, layoutFrom: options.layoutFrom ?? 0 };
    const pool = await deployPool(evm, world.#watched(world.create), chain, options.config ?? CONFIG);
    Object.assign(world, { pool });
    return world;
  }

  get now(): number {
    return this.shown.at(-1)?.timestamp ?? GENESIS_TIME;
  }
  get credentials(): Hex {
    return `0x02${'00'.repeat(11)}${this.pool.vault.address.slice(2)}`;
  }

  // ── Slots ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins the block of the next slot (or of one `skipped` slots later) and says what EIP-4788 shows in it. */
  async begin(skipped = 0): Promise<{ slot: number; timestamp: number; parent: ModelBlock }> {
    if (this.#open) return this.#open;
    const parent = this.beacon.latest;
    this.beacon.advance(this.beacon.slot + 1 + skipped);
    const { slot } = this.beacon;
    const timestamp = GENESIS_TIME + slot * SECONDS_PER_SLOT;
    await this.evm.open(timestamp, parent.root);
    this.#open = { slot, timestamp, parent };
    this.shown.push({ timestamp, block: parent });
    return this.#open;
  }

  /** Ends the open block (or makes one): transactions, then withdrawals, then the requests they left. */
  async slot(skipped = 0): Promise<Sealed> {
    const { slot, timestamp } = await this.begin(skipped);
    const withdrawals = this.beacon.sweep();
    const receipts = await this.evm.seal();
    const vault = this.pool?.vault.address;
    const due = withdrawals
      .filter(({ address }) => address === vault)
      .reduce((sum, { amount }) => sum + BigInt(amount) * GWEI, 0n);
    if (vault) await this.evm.credit(vault, due);
    this.swept += due;
    const logs = receipts.flatMap((receipt) => receipt.logs);
    this.#takeRequests(logs);
    this.beacon.seal(withdrawals);
    this.#open = undefined;
    return { slot, timestamp, receipts, events: this.decode(logs), withdrawals };
  }

  async slots(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await this.slot();
  }

  async until(done: () => boolean | Promise<boolean>, most = 600): Promise<void> {
    for (let n = 0; n < most; n += 1) {
      if (await done()) return;
      await this.slot();
    }
    throw new Error(`not reached within ${most} slots`);
  }

  #takeRequests(logs: readonly Log[]): void {
    for (const { address, data } of logs) {
      const at = address.toLowerCase();
      const bytes = fromHex(data);
      if (at === DEPOSIT_CONTRACT) this.beacon.deposit(depositOf(bytes));
      if (at === WITHDRAWALS_7002) {
        this.#withdrawalRequests.push({
          source: part(bytes, 0, 20),
          pubkey: part(bytes, 20, 68),
          amount: Number(BigInt(part(bytes, 68, 76))),
        });
      }
      if (at === CONSOLIDATIONS_7251) {
        this.#consolidationRequests.push({
          source: part(bytes, 0, 20),
          from: part(bytes, 20, 68),
          to: part(bytes, 68, 116),
        });
      }
    }
    for (const request of this.#withdrawalRequests.splice(0, 16)) {
      this.beacon.requestWithdrawal(request.source, request.pubkey, request.amount);
    }
    for (const request of this.#consolidationRequests.splice(0, 2)) {
      this.beacon.requestConsolidation(request.source, request.from, request.to);
    }
  }

  // ── Calls ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async read<T>(contract: Contract, functionName: string, args: readonly unknown[] = []): Promise<T> {
    return this.evm.read<T>(contract, functionName, args);
  }

  /** Puts a call into the block to come. */
  async queue(
    from: Hex,
    contract: Contract,
    functionName: string,
    args: readonly unknown[] = [],
    value = 0n,
  ): Promise<Hex> {
    await this.begin();
    return this.evm.queue(from, contract.address, encodeFunctionData({ abi: contract.abi, functionName, args }), value);
  }

  /** One call in a block of its own. Throws the contract's error by name. */
  async send(
    from: Hex,
    contract: Contract,
    functionName: string,
    args: readonly unknown[] = [],
    value = 0n,
  ): Promise<Sealed> {
    const hash = await this.queue(from, contract, functionName, args, value);
    const sealed = await this.slot();
    const receipt = sealed.receipts.find(({ transactionHash }) => transactionHash === hash);
    if (receipt?.status === '0x1') return sealed;
    throw new Error(`${contract.name}.${functionName} reverted: ${this.errorName(await this.evm.outcome(hash))}`);
  }

  /** The name of the error with which a call reverts on the last block's state; '' when it goes through. */
  async refusal(
    from: Hex,
    contract: Contract,
    functionName: string,
    args: readonly unknown[] = [],
    value = 0n,
  ): Promise<string> {
    try {
      await this.evm.unlock(from);
      await this.evm.call(from, contract.address, encodeFunctionData({ abi: contract.abi, functionName, args }), value);
      return '';
    } catch (error) {
      if (error instanceof Reverted) return this.errorName(error.data);
      throw error;
    }
  }

  /** Writes a number into a part's storage. */
  async turn(part: string, place: Hex, value: number): Promise<void> {
    const contract = Object.values(this.pool).find((one): one is Contract => 'name' in one && one.name === part);
    if (!contract) throw new Error(`the pool has no ${part}`);
    const word = `0x${value.toString(16).padStart(64, '0')}`;
    await this.evm.rpc('hardhat_setStorageAt', [contract.address, place, word]);
  }

  errorName(data: Hex): string {
    const item = this.#errors.get(data.slice(0, 10) as Hex);
    if (!item)
      return data.startsWith('0x4e487b71')
        ? `Panic(${BigInt(`0x${data.slice(10)}`)})`
        : data.length > 2
          ? data.slice(0, 10)
          : 'empty revert';
    return decodeErrorResult({ abi: [item], data }).errorName as string;
  }

  decode(logs: readonly Log[]): PoolEvent[] {
    return logs.flatMap((log) => {
      const contract = this.#contracts.get(log.address.toLowerCase() as Hex);
      if (!contract || !this.#events.has(`${contract.name}:${log.topics[0]}`)) return [];
      const { eventName, args } = decodeEventLog({
        abi: contract.abi,
        data: log.data,
        topics: [...log.topics] as [Hex, ...Hex[]],
      });
      return [{ contract: contract.name, name: String(eventName), args: (args ?? {}) as Record<string, unknown> }];
    });
  }

  #watched(make: Creator): Creator {
    return async (name, args) => {
      const contract = await make(name, args);
      this.watch(contract);
      return contract;
    };
  }

  /** Knows a contract's errors and events by name from now on. */
  watch(contract: Contract): void {
    this.#contracts.set(contract.address, contract);
    for (const item of contract.abi) {
      if (item.type === 'error') this.#errors.set(toFunctionSelector(signatureOf(item as never)), item);
      if (item.type === 'event')
        this.#events.set(`${contract.name}:${toEventHash(item as never)}`, { contract, name: item.name });
    }
  }

  // ── Proofs ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The newest block that EIP-4788 shows by now (in the open block, its own parent), and the moment that shows it. */
  recent(): { timestamp: number; block: ModelBlock } {
    return this.shown.at(-1)!;
  }
  stateProof(at = this.recent()): StateProof {
    return makeStateProof(at.block.state, at.block.header, at.timestamp);
  }
  validatorProof(index: number, at = this.recent()): ValidatorProof {
    return makeValidatorProof(at.block.state, index);
  }
  balanceProof(index: number, at = this.recent()): BalancesProof {
    return makeBalancesProof(at.block.state, [index]);
  }
  opening(indices: readonly number[], block: ModelBlock) {
    return makeOpening(block.state, indices);
  }
  pendingRun(start: number, count: number, block: ModelBlock): PendingRun {
    return makePendingRun(block.state, start, count);
  }
  hop(to: ModelBlock, at = this.recent()): Hop {
    return makeHop(at.block.state, to.header, this.#periodRoots(to.slot));
  }
  noHop(): Hop {
    return { header: this.stateProof().header, branch: [], summary: 0, historical: false };
  }

  withdrawalProof(block: ModelBlock, position: number): WithdrawalProof {
    const { index, validatorIndex, address, amount } = block.withdrawals[position]!;
    const plain = block.withdrawals.map((w) => ({ ...w, address: fromHex(w.address), amount: BigInt(w.amount) }));
    const list = ssz.capella.Withdrawals.toViewDU(plain);
    list.commit();
    const depth = BigInt(Math.log2(MAX_WITHDRAWALS_PER_PAYLOAD));
    const inner = branchOf(list.node, (1n << (1n + depth)) | BigInt(position));
    const { gindex } = ssz.fulu.BeaconState.getPathInfo(['latestExecutionPayloadHeader', 'withdrawalsRoot']);
    const outer = branchOf(block.state.node, gindex);
    return {
      index: BigInt(index),
      validatorIndex: BigInt(validatorIndex),
      recipient: address,
      amount: BigInt(amount),
      position: BigInt(position),
      branch: [...inner.branch, ...outer.branch],
    };
  }

  /** Root of the latest block at or before each slot of a slot's period. */
  #periodRoots(slot: number): Root[] {
    const from = slot - (slot % 64);
    return Array.from({ length: 64 }, (_, n) => this.beacon.blocks.findLast((block) => block.slot <= from + n)!.root);
  }
}

const part = (bytes: Uint8Array, from: number, to: number): Hex => toHex(bytes.slice(from, to));

function depositOf(event: Uint8Array) {
  const amount = Number(Buffer.from(event.slice(352, 360)).readBigUInt64LE());
  return {
    pubkey: part(event, 192, 240),
    credentials: part(event, 288, 320),
    amount,
    signature: part(event, 416, 512),
  };
}

function signatureOf(item: { name: string; inputs: readonly { type: string }[] }): string {
  return `${item.name}(${item.inputs.map((input) => input.type).join(',')})`;
}
