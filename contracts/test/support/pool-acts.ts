import { fromHex, type Hex, toHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import type { ModelBlock } from './pool-beacon.ts';
import { ETH, GWEI } from './pool-deploy.ts';
import { account } from './pool-evm.ts';
import type { Sealed, World } from './pool-world.ts';

export const KEEPER = account(1);
const NO_SIGNATURE: Hex = `0x${'00'.repeat(96)}`;

/** Statuses of `LedgerTypes.sol`. */
export const STATUS = {
  None: 0,
  Predeposited: 1,
  Proven: 2,
  Rejected: 3,
  Funded: 4,
  Exiting: 5,
  Slashed: 6,
  Withdrawn: 7,
} as const;

export interface LedgerRecord {
  status: number;
  operatorId: number;
  index: number;
  balanceGwei: number;
  balanceSlot: number;
  inFlightGwei: number;
  depositSlot: number;
  pubkeyRoot: Hex;
}

export interface Checkpoint {
  root: Hex;
  stateRoot: Hex;
  slot: number;
  startSlot: number;
  startedAt: number;
  remaining: number;
  sumGwei: bigint;
  open: boolean;
}

export interface Slashing {
  referenceGwei: number;
  landedGwei: number;
  expectedGwei: number;
  coverGwei: number;
  recoveredGwei: number;
  withdrawableEpoch: number;
}

/** A struct that a getter returns field by field. */
function named<T>(values: readonly unknown[], names: readonly string[]): T {
  return Object.fromEntries(names.map((name, n) => [name, values[n]])) as T;
}

export const recordOf = (world: World, ordinal: number): Promise<LedgerRecord> =>
  world.read<LedgerRecord>(world.pool.ledger, 'recordOf', [ordinal]);

export async function checkpointOf(world: World): Promise<Checkpoint> {
  const values = await world.read<unknown[]>(world.pool.ledger, 'checkpoint');
  return named(values, ['root', 'stateRoot', 'slot', 'startSlot', 'startedAt', 'remaining', 'sumGwei', 'open']);
}

export async function slashingOf(world: World, ordinal: number): Promise<Slashing> {
  const values = await world.read<unknown[]>(world.pool.enforcer, 'slashings', [ordinal]);
  return named(values, [
    'referenceGwei',
    'landedGwei',
    'expectedGwei',
    'coverGwei',
    'recoveredGwei',
    'withdrawableEpoch',
  ]);
}

export function depositDataRoot(pubkey: Hex, credentials: Hex, gwei: bigint, signature: Hex = NO_SIGNATURE): Hex {
  return toHex(
    ssz.phase0.DepositData.hashTreeRoot({
      pubkey: fromHex(pubkey),
      withdrawalCredentials: fromHex(credentials),
      amount: Number(gwei),
      signature: fromHex(signature),
    }),
  );
}

export interface Operator {
  readonly id: number;
  readonly manager: Hex;
}

/** The validators that a test made, and the acts of operators and keepers on them. Each act is a block of its own. */
export class Acts {
  readonly world: World;
  readonly keys = new Map<number, Hex>();

  constructor(world: World) {
    this.world = world;
  }

  key(ordinal: number): Hex {
    return this.keys.get(ordinal)!;
  }
  index(ordinal: number): number {
    return this.world.beacon.indexOf(this.key(ordinal))!;
  }

  async deposit(staker: Hex, ether: bigint): Promise<void> {
    await this.world.send(staker, this.world.pool.vault, 'deposit', [ether * ETH, staker], ether * ETH);
  }

  async operator(manager: Hex, bondEther = 20n): Promise<Operator> {
    const { registry, bonds } = this.world.pool;
    await this.world.send(manager, registry, 'register', ['operator']);
    const id = await this.world.read<number>(registry, 'lastOperatorId');
    if (bondEther > 0n) await this.world.send(manager, bonds, 'post', [id], bondEther * ETH);
    return { id, manager };
  }

  predepositArgs(operator: Operator, pubkey: Hex): readonly unknown[] {
    const root = depositDataRoot(pubkey, this.world.credentials, GWEI);
    return [operator.id, pubkey, NO_SIGNATURE, root];
  }

  async predeposit(operator: Operator, pubkey: Hex = toHex(this.world.random.bytes(48))): Promise<number> {
    const { ledger } = this.world.pool;
    await this.world.send(operator.manager, ledger, 'predeposit', this.predepositArgs(operator, pubkey), ETH);
    const ordinal = await this.world.read<number>(ledger, 'lastOrdinal');
    this.keys.set(ordinal, pubkey);
    return ordinal;
  }

  /** Waits until the beacon chain has the validator and that can be shown. */
  async awaitValidator(ordinal: number): Promise<void> {
    await this.world.until(
      () => (this.index(ordinal) ?? Infinity) < (this.world.recent().block.validators.length ?? 0),
    );
  }

  async proveCredentials(ordinal: number): Promise<void> {
    await this.awaitValidator(ordinal);
    await this.world.begin();
    const args = [ordinal, this.world.stateProof(), this.world.validatorProof(this.index(ordinal))];
    await this.world.send(KEEPER, this.world.pool.ledger, 'proveCredentials', args);
  }

  fundArgs(ordinal: number): readonly unknown[] {
    const gwei = this.world.pool.config.ledger.stakeGwei - GWEI;
    return [ordinal, this.key(ordinal), depositDataRoot(this.key(ordinal), this.world.credentials, gwei)];
  }

  async fund(ordinal: number): Promise<Sealed> {
    return this.world.send(KEEPER, this.world.pool.ledger, 'fund', this.fundArgs(ordinal));
  }

  /** Predeposit, proof, funding. The deposit is in flight afterwards. */
  async funded(operator: Operator): Promise<number> {
    const ordinal = await this.predeposit(operator);
    await this.proveCredentials(ordinal);
    await this.fund(ordinal);
    return ordinal;
  }

  /** ... and waits until it has landed, is active and old enough to leave. */
  async active(operator: Operator): Promise<number> {
    const ordinal = await this.funded(operator);
    await this.awaitActive(ordinal);
    return ordinal;
  }

  async awaitActive(ordinal: number): Promise<void> {
    const index = this.index(ordinal);
    await this.world.until(() => this.world.beacon.validators[index]!.activation + 2 <= this.world.beacon.epoch);
    await this.world.slot();
  }

  async proveExit(ordinal: number): Promise<void> {
    await this.world.begin();
    const args = [ordinal, this.world.stateProof(), this.world.validatorProof(this.index(ordinal))];
    await this.world.send(KEEPER, this.world.pool.ledger, 'proveExit', args);
  }

  async proveWithdrawnArgs(ordinal: number): Promise<readonly unknown[]> {
    const index = this.index(ordinal);
    return [ordinal, this.world.stateProof(), this.world.validatorProof(index), this.world.balanceProof(index)];
  }

  async proveSlashing(ordinal: number): Promise<Sealed> {
    await this.world.begin();
    const args = [ordinal, this.world.stateProof(), this.world.validatorProof(this.index(ordinal))];
    return this.world.send(KEEPER, this.world.pool.enforcer, 'proveSlashing', args);
  }

  referenceArgs(ordinal: number, block: ModelBlock): readonly unknown[] {
    const index = this.index(ordinal);
    const at = { timestamp: 0, block };
    return [
      ordinal,
      this.world.stateProof(),
      this.world.hop(block),
      this.world.validatorProof(index, at),
      this.world.balanceProof(index, at),
    ];
  }

  async proveReference(ordinal: number, block: ModelBlock): Promise<void> {
    await this.world.begin();
    await this.world.send(KEEPER, this.world.pool.enforcer, 'proveReference', this.referenceArgs(ordinal, block));
  }

  /** The newest block whose state shows the validator unslashed. */
  lastUnslashed(ordinal: number): ModelBlock {
    const index = this.index(ordinal);
    return this.world.beacon.blocks.findLast((block) => block.validators[index]?.slashed === false)!;
  }

  /** The block in which a validator's full withdrawal was paid, and its place there. */
  payout(ordinal: number): { block: ModelBlock; position: number } | undefined {
    const index = this.index(ordinal);
    const { withdrawable } = this.world.beacon.validators[index]!;
    const { blocks } = this.world.beacon;
    for (let n = blocks.length - 1; n >= 0; n -= 1) {
      const block = blocks[n]!;
      if (Math.floor(block.slot / 8) < withdrawable) return undefined;
      const position = block.withdrawals.findIndex(({ validatorIndex }) => validatorIndex === index);
      if (position >= 0) return { block, position };
    }
    return undefined;
  }

  recoveryArgs(ordinal: number): readonly unknown[] {
    const { block, position } = this.payout(ordinal)!;
    const hop = block === this.world.recent().block ? this.world.noHop() : this.world.hop(block);
    return [ordinal, this.world.stateProof(), hop, this.world.withdrawalProof(block, position)];
  }

  async proveRecovery(ordinal: number): Promise<void> {
    await this.world.begin();
    await this.world.send(KEEPER, this.world.pool.enforcer, 'proveRecovery', this.recoveryArgs(ordinal));
  }

  // ── Checkpoint ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The block whose state the open checkpoint proves. */
  async frozenBlock(): Promise<ModelBlock> {
    const { root } = await checkpointOf(this.world);
    return this.world.beacon.blocks.findLast((block) => block.root === root)!;
  }

  async start(): Promise<Sealed> {
    return this.world.send(KEEPER, this.world.pool.ledger, 'startCheckpoint');
  }

  openArgs(block: ModelBlock): readonly unknown[] {
    const { opening } = this.world.opening([0], block);
    return [this.world.stateProof({ timestamp: 0, block }), opening];
  }

  async open(): Promise<void> {
    await this.world.send(KEEPER, this.world.pool.ledger, 'openCheckpoint', this.openArgs(await this.frozenBlock()));
  }

  /** The call that settles whether a deposit in flight has landed in the frozen state; undefined where time alone says. */
  resolveCall(
    ordinal: number,
    record: LedgerRecord,
    block: ModelBlock,
  ): { fn: string; args: readonly unknown[] } | undefined {
    if (record.inFlightGwei === 0 || record.depositSlot > block.slot) return undefined;
    const key = this.key(ordinal);
    const at = block.pending.findIndex(
      (item) => item.pubkey === key && item.slot === record.depositSlot && item.amount === record.inFlightGwei,
    );
    if (at >= 0) return { fn: 'resolvePending', args: [ordinal, this.world.pendingRun(at, 1, block)] };
    const exiting = block.validators[record.index]!.exit !== Number.POSITIVE_INFINITY;
    const younger = exiting ? -1 : block.pending.findIndex((item) => item.slot > record.depositSlot);
    const count = younger < 0 ? block.pending.length : younger + 1;
    const proof = this.world.validatorProof(record.index, { timestamp: 0, block });
    return { fn: 'resolveLanded', args: [ordinal, proof, this.world.pendingRun(0, count, block)] };
  }

  async resolve(): Promise<void> {
    const block = await this.frozenBlock();
    for (const [ordinal, record] of await this.live()) {
      const call = this.resolveCall(ordinal, record, block);
      if (call) await this.world.send(KEEPER, this.world.pool.ledger, call.fn, call.args);
    }
  }

  proveArgs(batch: readonly (readonly [number, LedgerRecord])[], block: ModelBlock): readonly unknown[] {
    const sorted = [...batch].sort(([, a], [, b]) => a.index - b.index);
    const { chunks, siblings } = this.world.opening(
      sorted.map(([, { index }]) => index),
      block,
    );
    return [sorted.map(([ordinal]) => ordinal), chunks, siblings];
  }

  async prove(ordinals?: readonly number[]): Promise<void> {
    const block = await this.frozenBlock();
    const batch = (await this.live()).filter(
      ([ordinal, record]) => (ordinals?.includes(ordinal) ?? true) && record.index < block.balances.length,
    );
    if (batch.length > 0)
      await this.world.send(KEEPER, this.world.pool.ledger, 'proveBalances', this.proveArgs(batch, block));
  }

  /** Finishes once that is allowed: not right after the start, so that a slashing in between can still be shown. */
  async finish(): Promise<Sealed> {
    const { ledger } = this.world.pool;
    await this.world.until(
      async () => (await this.world.refusal(KEEPER, ledger, 'finishCheckpoint')) !== 'CheckpointTooSoon',
    );
    return this.world.send(KEEPER, ledger, 'finishCheckpoint');
  }

  /** A whole checkpoint, step by step. Gives the block of its finish. */
  async checkpoint(): Promise<Sealed> {
    const { startedAt, open } = await checkpointOf(this.world);
    const { minInterval, timeout } = this.world.pool.config.checkpoint;
    const from = startedAt + Number(open ? timeout : minInterval);
    await this.world.until(() => this.world.now + 12 >= from);
    await this.start();
    await this.open();
    await this.resolve();
    await this.prove();
    return this.finish();
  }

  /** Everything that a checkpoint counts, by ordinal. */
  async live(): Promise<[number, LedgerRecord][]> {
    const all: [number, LedgerRecord][] = [];
    for (const ordinal of this.keys.keys()) all.push([ordinal, await recordOf(this.world, ordinal)]);
    return all.filter(
      ([, { status }]) => status === STATUS.Funded || status === STATUS.Exiting || status === STATUS.Slashed,
    );
  }

  rate(): Promise<bigint> {
    return this.world.read<bigint>(this.world.pool.vault, 'rate');
  }
}

/** The NAV that a finished checkpoint reported, in wei. */
export function navOf(sealed: Sealed): bigint {
  const event = sealed.events.find(({ name }) => name === 'CheckpointFinished');
  if (!event) throw new Error('no checkpoint was finished in this block');
  return event.args.nav as bigint;
}
