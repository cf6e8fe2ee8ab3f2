import { createKeeper, type Keeper, type Log } from '@holdfast/keeper';
import {
  compoundingCredentials,
  deployPool,
  deposit,
  devnetPoolConfig,
  fundReserve,
  type PoolManifest,
  postBond,
  predeposit,
  readNetworkFacts,
  readPool,
  register,
} from '@holdfast/pool';
import { type Hex, type Pubkey, parseEth } from '@holdfast/units';
import type { Cast, Operator } from './cast.ts';
import { keysInDevnet, type OperatorKeys } from './keys.ts';
import type { Stage } from './Stage.ts';

type Detail = (text: string) => void;

const PREDEPOSIT_GWEI = 1_000_000_000n;
const VALIDATOR_ETH = 32n;
/** Of what the validators need: the rest stays in the Vault. */
const STAKED_PERCENT = 115n;
/** The stakers' parts, in percent. */
const PARTS = [50n, 30n, 20n];
const RESERVE = parseEth('2');

/** Deploys the pool, as anybody would on any network. */
export async function deploy(stage: Stage, cast: Cast, detail: Detail): Promise<PoolManifest> {
  // The first execution blocks carry the first roots.
  await stage.step(2);
  const facts = await readNetworkFacts(stage);
  return stage.during(
    deployPool({
      publicClient: stage.publicClient,
      walletClient: stage.wallet(cast.deployer.privateKey),
      facts,
      config: devnetPoolConfig(facts),
      onProgress: (progress) => {
        if (progress.step === 'part') detail(`${progress.number} of ${progress.of} contracts`);
      },
    }),
  );
}

/**
 * Operators register, bond and offer keys; their validators pay fees to the Vault. Returns the public keys.
 *
 * @param keysOf who holds an operator's keys; the devnet when nobody is named
 */
export async function enlist(
  stage: Stage,
  cast: Cast,
  manifest: PoolManifest,
  keysOf: ReadonlyMap<string, OperatorKeys> = new Map(),
): Promise<Pubkey[]> {
  const pubkeys: Pubkey[] = [];
  for (const [i, operator] of cast.operators.entries()) {
    const keys = keysOf.get(operator.name) ?? keysInDevnet(stage.devnet, operator);
    await stage.during(enlistOne(stage, operator, i + 1, manifest, keys));
    pubkeys.push(...keys.pubkeys);
  }
  return pubkeys;
}

async function enlistOne(
  stage: Stage,
  operator: Operator,
  operatorId: number,
  manifest: PoolManifest,
  keys: OperatorKeys,
): Promise<void> {
  const pool = stage.poolAs(manifest, operator.account);
  const { base, perValidator } = manifest.config.bond;
  await register(pool, { name: operator.name });
  // Enough for one key more than it offers.
  await postBond(pool, { operatorId, amount: base + perValidator * BigInt(operator.secretKeys.length) });
  const { vault } = manifest.addresses;
  for (const pubkey of keys.pubkeys) {
    const data = await keys.signDeposit(pubkey, compoundingCredentials(vault), PREDEPOSIT_GWEI);
    await predeposit(pool, { operatorId, ...data });
    stage.devnet.setFeeRecipient(pubkey, vault);
  }
}

export async function stake(stage: Stage, cast: Cast, manifest: PoolManifest): Promise<void> {
  const validators = cast.operators.reduce((sum, { secretKeys }) => sum + BigInt(secretKeys.length), 0n);
  const total = (parseEth(`${validators * VALIDATOR_ETH}`) * STAKED_PERCENT) / 100n;
  const all = cast.stakers.map(async (staker, i) => {
    const pool = stage.poolAs(manifest, staker);
    await deposit(pool, { assets: (total * PARTS[i]!) / 100n, receiver: staker.address });
  });
  await stage.during(Promise.all(all));
  await stage.during(fundReserve(stage.poolAs(manifest, cast.deployer), { amount: RESERVE }));
}

export function makeKeeper(stage: Stage, privateKey: Hex, manifest: PoolManifest, log: Log): Keeper {
  const { secondsPerSlot, slotsPerEpoch } = manifest.facts.clock;
  return createKeeper({
    manifest,
    publicClient: stage.publicClient,
    walletClient: stage.wallet(privateKey),
    beaconClient: stage.beaconClient,
    options: { checkpointEveryS: Number(CHECKPOINT_EPOCHS * slotsPerEpoch * secondsPerSlot) },
    log,
  });
}

const CHECKPOINT_EPOCHS = 2n;
/** Slots between two rounds of the keeper while time is stepped: it needs no more, and a round costs more than a slot. */
export const SLOTS_PER_ROUND = 3;

/** Lets time pass, the keeper keeping, until `reached`. */
export async function live(stage: Stage, keeper: Keeper, reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) {
    await keeper.tick();
    await stage.step(SLOTS_PER_ROUND);
  }
}

/** Whether every validator is active and a checkpoint has proven that they earn. */
export async function isEarning(stage: Stage, manifest: PoolManifest, pubkeys: readonly Pubkey[]): Promise<boolean> {
  const { devnet } = stage;
  if (activeOf(stage, pubkeys) < pubkeys.length) return false;
  const { rate } = await readPool({ manifest, publicClient: stage.publicClient });
  return devnet.status().finalizedEpoch > 0 && rate.target > 10n ** 18n;
}

/** How many of these validators are active. */
export function activeOf({ devnet }: Stage, pubkeys: readonly Pubkey[]): number {
  return pubkeys.filter((pubkey) => {
    const index = devnet.indexOf(pubkey);
    return index !== null && devnet.state.validators.getReadonly(index).activationEpoch <= devnet.epoch;
  }).length;
}

/** How many slots are due by the wall clock that have not passed; below zero when the chain is ahead. */
export function slotsBehind({ devnet }: Stage): number {
  const { genesisTime, secondsPerSlot } = devnet.status();
  return Math.floor((Date.now() / 1000 - genesisTime) / secondsPerSlot) - devnet.slot;
}
