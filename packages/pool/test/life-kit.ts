import { makeDepositData } from '@holdfast/devnet';
import { type Hex, parseEth } from '@holdfast/units';
import {
  type ActOptions,
  balancesBatch,
  balancesOpening,
  compoundingCredentials,
  deployPool,
  devnetPoolConfig,
  findPendingDeposit,
  finishCheckpoint,
  fund,
  landedRun,
  momentAt,
  openCheckpoint,
  type Pool,
  type PoolConfigOverrides,
  pendingRun,
  postBond,
  predeposit,
  provableMoment,
  proveBalances,
  proveCredentials,
  readNetworkFacts,
  readPool,
  register,
  resolveLanded,
  resolvePending,
  startCheckpoint,
  type ValidatorSnapshot,
  validatorProof,
} from '../src/index.ts';
import { isLive } from '../src/read/status.ts';
import { Kit } from './pool-kit.ts';

/** A pool on a devnet, and the steps of its life that several tests need. Account 0 keeps, 1 operates, 2 stakes. */
export class Life {
  readonly kit: Kit;
  readonly pool: Pool;
  readonly operator: Pool;
  readonly staker: Pool;

  private constructor(kit: Kit, pool: Pool) {
    this.kit = kit;
    this.pool = pool;
    this.operator = { ...pool, walletClient: kit.wallet(1) };
    this.staker = { ...pool, walletClient: kit.wallet(2) };
  }

  static async start(overrides: PoolConfigOverrides = {}, kit?: Kit): Promise<Life> {
    const on = kit ?? (await Kit.start());
    const facts = await readNetworkFacts(on);
    const { publicClient } = on;
    const walletClient = on.wallet(0);
    const manifest = await on.during(
      deployPool({ publicClient, walletClient, facts, config: devnetPoolConfig(facts, overrides) }),
    );
    return new Life(on, { manifest, publicClient, walletClient });
  }

  /** Runs an act while slots pass. */
  do<T>(task: Promise<T>): Promise<T> {
    return this.kit.during(task);
  }

  snapshot() {
    return readPool(this.pool);
  }

  moment() {
    return provableMoment(this.kit);
  }

  /** Registers account 1 with a bond, if it is not yet, and predeposits one key. Returns the ordinal and the key. */
  async offer(seed: number): Promise<{ ordinal: number; pubkey: Hex }> {
    const { lastOperatorId } = { lastOperatorId: (await this.snapshot()).operators.length };
    if (lastOperatorId === 0) {
      await this.do(register(this.operator, { name: 'Operator One' }));
      await this.do(postBond(this.operator, { operatorId: 1, amount: parseEth('100') }));
    }
    const secretKey: Hex = `0x${(0xabc000 + seed).toString(16).padStart(64, '0')}`;
    this.kit.devnet.addKeys([secretKey]);
    const data = makeDepositData({
      secretKey,
      withdrawalCredentials: compoundingCredentials(this.pool.manifest.addresses.vault),
      amount: 1_000_000_000n,
    });
    const { result } = await this.do(predeposit(this.operator, { operatorId: 1, ...data }));
    return { ordinal: result, pubkey: data.pubkey };
  }

  /** Waits for the predeposit's validator, proves it and funds it. */
  async proveAndFund({ ordinal, pubkey }: { ordinal: number; pubkey: Hex }): Promise<number> {
    const { devnet } = this.kit;
    await devnet.stepUntil(() => devnet.indexOf(pubkey) !== null, 100);
    await devnet.step(2);
    const moment = await this.moment();
    const index = devnet.indexOf(pubkey)!;
    const proof = validatorProof(moment.state, index);
    await this.do(proveCredentials(this.pool, { ordinal, state: moment.proof, validator: proof }));
    await this.do(fund(this.pool, { ordinal, pubkey }));
    return index;
  }

  /** One whole checkpoint; returns the slot of its state. */
  async checkpoint(options?: ActOptions): Promise<number> {
    await this.do(startCheckpoint(this.pool, options));
    const { checkpoint } = await this.snapshot();
    const moment = await momentAt(this.kit.beaconClient, Number(checkpoint.startedAt), checkpoint.root as never);
    const opening = balancesOpening(moment.state);
    await this.do(openCheckpoint(this.pool, { state: moment.proof, opening }));
    const { validators } = await this.snapshot();
    const live = validators.filter(({ status }) => isLive(status));
    for (const validator of live) await this.#resolve(validator, moment);
    if (live.length > 0) await this.do(proveBalances(this.pool, balancesBatch(moment.state, live)));
    await this.do(finishCheckpoint(this.pool));
    return moment.header.slot;
  }

  async #resolve(validator: ValidatorSnapshot, { state, header }: Awaited<ReturnType<typeof momentAt>>): Promise<void> {
    const { ordinal, pubkey, inFlightGwei: amountGwei, depositSlot: slot, index } = validator;
    if (amountGwei === 0n || slot > header.slot) return;
    const position = findPendingDeposit(state, { pubkey, slot, amountGwei });
    if (position !== null) {
      await this.do(resolvePending(this.pool, { ordinal, run: pendingRun(state, position, 1) }));
      return;
    }
    const proof = validatorProof(state, index);
    const run = landedRun(state, slot, proof.fields.exitEpoch !== 2n ** 64n - 1n);
    await this.do(resolveLanded(this.pool, { ordinal, validator: proof, run }));
  }

  close(): Promise<void> {
    return this.kit.close();
  }
}
