import { beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER } from '../support/pool-acts.ts';
import { ETH } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const WHALE = account(11);
const MANAGER = account(20);
let world: World;
let acts: Acts;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 100n);
});

describe('the rate, sandwiched', () => {
  it('shares bought while a gain drips in do not lift it above what the pool is worth', async () => {
    await acts.active(await acts.operator(MANAGER));
    await world.slots(60);
    await acts.checkpoint();
    const { since, target } = { since: await acts.rate(), target: await targetOf() };
    expect(target).toBeGreaterThan(since);
    await acts.deposit(WHALE, 5000n);
    world.beacon.reward = 0;
    await world.slots(100); // longer than any drip
    const risen = await acts.rate();
    expect(risen).toBeGreaterThan(since);
    await acts.checkpoint();
    // Nothing was lost: the rate has no reason to fall.
    expect(await acts.rate()).toBeGreaterThanOrEqual(risen);
  });

  it('a gift into an empty pool costs its first staker nothing, even if he leaves at once', async () => {
    const fresh = await World.start({ seed: 2 });
    const alone = new Acts(fresh);
    await fresh.send(WHALE, fresh.pool.vault, 'deposit', [10n ** 9n, WHALE], 10n ** 9n);
    const gift = await fresh.evm.queue(WHALE, fresh.pool.vault.address, '0x', 10n * ETH);
    await fresh.slot();
    expect((await fresh.evm.outcome(gift)) as string).toBe('0x');
    await alone.checkpoint();
    await alone.deposit(ALICE, 50n);
    const held = await fresh.read<bigint>(fresh.pool.token, 'balanceOf', [ALICE]);
    await fresh.send(ALICE, fresh.pool.queue, 'requestWithdrawal', [held, ALICE]);
    await alone.checkpoint();
    await fresh.send(KEEPER, fresh.pool.queue, 'finalize', [10n]);
    const to = account(12);
    await fresh.send(ALICE, fresh.pool.queue, 'claim', [1n, 0n, to]);
    expect(await fresh.evm.balance(to)).toBeGreaterThan(50n * ETH - 10n ** 12n);
  });
});

async function targetOf(): Promise<bigint> {
  const [, target] = await world.read<readonly bigint[]>(world.pool.vault, 'rateSchedule');
  return target!;
}
