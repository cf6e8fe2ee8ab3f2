import { type LoadedState, verifierLayout } from '@holdfast/beacon';
import {
  balancesBatch,
  balancesOpening,
  bondVaultAbi,
  compoundingCredentials,
  deployPool,
  depositDataRoot,
  mainnetPoolConfig,
  operatorRegistryAbi,
  type PoolManifest,
  pendingRun,
  shareTokenAbi,
  slashingEnforcerAbi,
  validatorLedgerAbi,
  validatorProof,
  vaultAbi,
  withdrawalQueueAbi,
} from '@holdfast/pool';
import { type Hex, parseEth } from '@holdfast/units';
import type { Contract, GasChain, ShownState } from './gas-chain.ts';
import { GENESIS_VALIDATORS_ROOT, type PoolKey, Registry } from './gas-states.ts';

const SIGNATURE: Hex = `0x${'5a'.repeat(96)}`;
const ETH = parseEth('1');
const GWEI_PER_ETH = 1_000_000_000n;
const CHECKPOINT_INTERVAL_SECONDS = 4 * 3_600;
const NETWORK = { totalActiveGwei: 34_000_000n * GWEI_PER_ETH, slashingsVectorEpochs: 8192n };

/** A pool of the mainnet configuration, its keys in a registry. Account 0 keeps, 1 operates, 2 and on are stakers. */
export class GasPool {
  readonly chain: GasChain;
  readonly keys: readonly PoolKey[];
  readonly registry: Registry;
  readonly vault: Contract;
  readonly token: Contract;
  readonly queue: Contract;
  readonly ledger: Contract;
  readonly operators: Contract;
  readonly bonds: Contract;
  readonly enforcer: Contract;

  private constructor(chain: GasChain, manifest: PoolManifest, size: number, keys: readonly PoolKey[]) {
    const { addresses } = manifest;
    this.chain = chain;
    this.keys = keys;
    this.vault = { address: addresses.vault, abi: vaultAbi };
    this.token = { address: addresses.token, abi: shareTokenAbi };
    this.queue = { address: addresses.queue, abi: withdrawalQueueAbi };
    this.ledger = { address: addresses.ledger, abi: validatorLedgerAbi };
    this.operators = { address: addresses.registry, abi: operatorRegistryAbi };
    this.bonds = { address: addresses.bonds, abi: bondVaultAbi };
    this.enforcer = { address: addresses.enforcer, abi: slashingEnforcerAbi };
    this.registry = new Registry(size, keys, compoundingCredentials(addresses.vault));
  }

  /** Nothing of the proven surplus fills the bounty reserve: it is empty until somebody funds it. */
  static async deploy(chain: GasChain, size: number, keys: readonly PoolKey[]): Promise<GasPool> {
    const facts = chain.facts([verifierLayout('fulu', 0)], GENESIS_VALIDATORS_ROOT);
    const config = mainnetPoolConfig({ ...facts, ...NETWORK }, { vault: { reserveBps: 0 } });
    const { publicClient } = chain;
    const walletClient = chain.wallet(0);
    const manifest = await chain.during(deployPool({ publicClient, walletClient, facts, config }));
    return new GasPool(chain, manifest, size, keys);
  }

  get keeper(): Hex {
    return this.chain.accounts[0]!;
  }

  get operator(): Hex {
    return this.chain.accounts[1]!;
  }

  /** The n-th staker, from 1. */
  staker(n: number): Hex {
    return this.chain.accounts[n + 1]!;
  }

  /** Ordinals are given in the order of the keys, from 1. */
  ordinalOf(key: PoolKey): number {
    return this.keys.indexOf(key) + 1;
  }

  deposit(n: number, ether: bigint): Promise<number> {
    return this.chain.send(this.staker(n), this.vault, 'deposit', [ether * ETH, this.staker(n)], ether * ETH);
  }

  /** One operator, its bond, and a predeposit of every key. */
  async offerKeys(): Promise<void> {
    await this.chain.send(this.operator, this.operators, 'register', ['an operator']);
    await this.chain.send(this.operator, this.bonds, 'post', [1], 200n * ETH);
    const withdrawalCredentials = compoundingCredentials(this.vault.address);
    for (const { pubkey } of this.keys) {
      const root = depositDataRoot({ pubkey, withdrawalCredentials, amount: GWEI_PER_ETH, signature: SIGNATURE });
      await this.chain.send(this.operator, this.ledger, 'predeposit', [1, pubkey, SIGNATURE, root], ETH);
    }
  }

  /** Proves every key's credentials in one state. Gives the gas of the last. */
  async proveAll(): Promise<number> {
    const shown = await this.chain.show(this.registry.at(this.chain.slot));
    let gas = 0;
    for (const key of this.keys) {
      const args = [this.ordinalOf(key), shown.proof, validatorProof(shown.state, key.index)];
      gas = await this.chain.send(this.keeper, this.ledger, 'proveCredentials', args);
    }
    return gas;
  }

  async fundAll(): Promise<void> {
    const withdrawalCredentials = compoundingCredentials(this.vault.address);
    const amount = 31n * GWEI_PER_ETH;
    const signature: Hex = `0x${'00'.repeat(96)}`;
    for (const key of this.keys) {
      const root = depositDataRoot({ pubkey: key.pubkey, withdrawalCredentials, amount, signature });
      await this.chain.send(this.keeper, this.ledger, 'fund', [this.ordinalOf(key), key.pubkey, root]);
    }
  }

  /** Starts a checkpoint, as soon as one may start, and opens it. */
  async openCheckpoint(): Promise<ShownState> {
    await this.chain.pass(CHECKPOINT_INTERVAL_SECONDS);
    for (const { index } of this.keys) this.registry.reward(index, 1_000_000 + index);
    const shown = await this.chain.show(this.registry.at(this.chain.slot), async (root) => {
      const hash = await this.chain.queue(this.keeper, this.ledger, 'startCheckpoint', []);
      const timestamp = await this.chain.seal(root);
      await this.chain.gasOf(hash, 'startCheckpoint');
      return timestamp;
    });
    await this.chain.send(this.keeper, this.ledger, 'openCheckpoint', [shown.proof, balancesOpening(shown.state)]);
    return shown;
  }

  /** Shows that every deposit has landed: the state has none pending. */
  async resolveAll({ state }: ShownState): Promise<void> {
    const run = pendingRun(state, 0, 0);
    for (const key of this.keys) {
      const args = [this.ordinalOf(key), validatorProof(state, key.index), run];
      await this.chain.send(this.keeper, this.ledger, 'resolveLanded', args);
    }
  }

  /** Counts a batch of the pool's validators. Gives the gas of the whole transaction. */
  proveBalances(state: LoadedState, keys: readonly PoolKey[]): Promise<number> {
    const batch = balancesBatch(
      state,
      keys.map((key) => ({ ordinal: this.ordinalOf(key), index: key.index })),
    );
    const args = [batch.ordinals, batch.chunks, batch.siblings];
    return this.chain.send(this.keeper, this.ledger, 'proveBalances', args);
  }

  finishCheckpoint(): Promise<number> {
    return this.chain.send(this.keeper, this.ledger, 'finishCheckpoint');
  }
}
