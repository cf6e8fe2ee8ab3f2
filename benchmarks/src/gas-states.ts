import { LoadedState, type StateTreeView, stateTypeOf } from '@holdfast/beacon';
import { asRoot, fromHex, type Hex, type Root, toHex } from '@holdfast/units';
import { randomBytes, seeded } from './random.ts';

export const GENESIS_VALIDATORS_ROOT: Root = asRoot(`0x${'c5'.repeat(32)}`);
const GWEI_OF_32_ETH = 32_000_000_000;

/** A pool's validator in the registry. */
export interface PoolKey {
  readonly pubkey: Hex;
  readonly index: number;
}

interface StateView extends StateTreeView {
  slot: number;
  readonly validators: { get(index: number): { slashed: boolean; exitEpoch: number; withdrawableEpoch: number } };
  readonly balances: { get(index: number): number; set(index: number, gwei: number): void };
  commit(): void;
}

/** A mainnet-preset Fulu state of any registry size, with a pool's validators at their indices; changes as it is told. */
export class Registry {
  readonly #view: StateView;

  constructor(size: number, keys: readonly PoolKey[], withdrawalCredentials: Hex) {
    this.#view = makeView(size, new Map(keys.map((key) => [key.index, key])), withdrawalCredentials);
  }

  /** The state at a slot. What is changed afterwards does not reach it. */
  at(slot: number): LoadedState {
    this.#view.slot = slot;
    this.#view.commit();
    return new LoadedState('fulu', this.#view);
  }

  reward(index: number, gwei: number): void {
    this.#view.balances.set(index, this.#view.balances.get(index) + gwei);
  }

  slash(index: number, epoch: number): void {
    const validator = this.#view.validators.get(index);
    validator.slashed = true;
    validator.exitEpoch = epoch;
    validator.withdrawableEpoch = epoch + 8192;
  }
}

function makeView(size: number, keys: ReadonlyMap<number, PoolKey>, credentials: Hex): StateView {
  const random = seeded(size);
  const type = stateTypeOf('fulu');
  const value = type.defaultValue() as Record<string, unknown>;
  const each = <T>(item: (index: number) => T): T[] => Array.from({ length: size }, (_, index) => item(index));
  const pools = fromHex(credentials, 32);
  value.genesisValidatorsRoot = fromHex(GENESIS_VALIDATORS_ROOT);
  value.validators = each((index) => {
    const key = keys.get(index);
    return {
      pubkey: key ? fromHex(key.pubkey, 48) : randomBytes(random, 48),
      withdrawalCredentials: key ? pools : randomBytes(random, 32),
      effectiveBalance: GWEI_OF_32_ETH,
      slashed: false,
      activationEligibilityEpoch: 0,
      activationEpoch: 0,
      exitEpoch: Number.POSITIVE_INFINITY,
      withdrawableEpoch: Number.POSITIVE_INFINITY,
    };
  });
  value.balances = each((index) => GWEI_OF_32_ETH + (keys.has(index) ? 0 : Math.floor(random() * 2 ** 26)));
  value.previousEpochParticipation = each(() => 7);
  value.currentEpochParticipation = each(() => 7);
  value.inactivityScores = each(() => 0);
  return type.toViewDU(value) as unknown as StateView;
}

export const randomKey = (random: () => number): Hex => toHex(randomBytes(random, 48));
