import type { Hex } from '@holdfast/units';
import type { Acts } from './pool-acts.ts';
import { ETH } from './pool-deploy.ts';
import { account, type Contract } from './pool-evm.ts';
import type { World } from './pool-world.ts';

/** Plays one danger through. Passes where the safeguard holds, throws where it does not. */
export type Scenario = (world: World, acts: Acts) => Promise<void>;

export const ALICE = account(10);
export const MANAGER = account(20);
export const THIEF = account(30);
export const ZERO: Hex = `0x${'00'.repeat(20)}`;
export const KEY: Hex = `0x${'77'.repeat(48)}`;

export function check(ok: boolean, what: string): void {
  if (!ok) throw new Error(what);
}

/** The call must revert, with that error if one is named. */
export async function refuses(
  world: World,
  from: Hex,
  to: Contract,
  fn: string,
  args: readonly unknown[],
  value = 0n,
  error = '',
): Promise<void> {
  const refusal = await world.refusal(from, to, fn, args, value);
  check(refusal !== '', `${fn} went through`);
  check(error === '' || refusal === error, `${fn}: ${refusal} instead of ${error}`);
}

/** A door opens to nobody but its own part. */
export const door =
  (
    part: 'vault' | 'token' | 'queue' | 'ledger' | 'registry' | 'bonds' | 'enforcer',
    fn: string,
    args: readonly unknown[],
  ): Scenario =>
  async (world) => {
    for (const caller of [THIEF, MANAGER]) {
      const refusal = await world.refusal(caller, world.pool[part], fn, args);
      check(/CallerUnknown/.test(refusal), `${fn}: ${refusal || 'went through'}`);
    }
  };

/** The rate after a gain of `gain` wei that a checkpoint has shown. */
export async function gain(world: World, acts: Acts, wei: bigint): Promise<bigint> {
  await world.evm.credit(world.pool.vault.address, wei);
  await acts.checkpoint();
  return acts.rate();
}

/** Takes ether out of the Vault as a beacon chain loss would look, and lets a checkpoint see it. */
export async function lose(world: World, acts: Acts, wei: bigint): Promise<void> {
  const { vault } = world.pool;
  await world.evm.setBalance(vault.address, (await world.evm.balance(vault.address)) - wei);
  await acts.checkpoint();
}

export async function funded(
  acts: Acts,
  bond = 40n,
): Promise<{ operator: { id: number; manager: Hex }; ordinal: number }> {
  await acts.deposit(ALICE, 100n);
  const operator = await acts.operator(MANAGER, bond);
  return { operator, ordinal: await acts.funded(operator) };
}

export async function active(acts: Acts, bond = 40n) {
  const life = await funded(acts, bond);
  await acts.awaitActive(life.ordinal);
  return life;
}

export async function slashed(world: World, acts: Acts, bond = 40n) {
  const life = await active(acts, bond);
  await acts.checkpoint();
  world.beacon.slash(acts.index(life.ordinal));
  await world.slot();
  await acts.proveSlashing(life.ordinal);
  return life;
}

export async function recovered(world: World, acts: Acts) {
  const life = await slashed(world, acts);
  await world.until(() => acts.payout(life.ordinal) !== undefined);
  await world.slot();
  return life;
}

export async function requested(world: World, acts: Acts, shares = 10n * ETH): Promise<void> {
  await acts.deposit(ALICE, 100n);
  await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [shares, ALICE]);
}
