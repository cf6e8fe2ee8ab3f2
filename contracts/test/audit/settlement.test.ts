import { beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, slashingOf } from '../support/pool-acts.ts';
import type { ModelBlock } from '../support/pool-beacon.ts';
import { ETH } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
let world: World;
let acts: Acts;
let ordinal: number;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 200n);
  ordinal = await acts.active(await acts.operator(MANAGER));
  await acts.checkpoint();
  world.beacon.slash(acts.index(ordinal));
  await world.slot();
});

const isPaidOut = () => acts.payout(ordinal) !== undefined;
const refusalOfSettle = () => world.refusal(MANAGER, world.pool.enforcer, 'settle', [ordinal]);

/** What the contract says to a reference from `block`, on the state as it is now. */
async function refusalOfReference(block: ModelBlock): Promise<string> {
  await world.begin();
  const args = acts.referenceArgs(ordinal, block);
  await world.slot();
  return world.refusal(MANAGER, world.pool.enforcer, 'proveReference', args);
}

async function settle(): Promise<bigint> {
  const sealed = await world.send(KEEPER, world.pool.enforcer, 'settle', [ordinal]);
  return sealed.events.find(({ name }) => name === 'SlashingSettled')!.args.paid as bigint;
}

describe('settlement, attacked by the operator', () => {
  it('an old poor state does not replace what a checkpoint has counted: the bond still pays', async () => {
    await acts.proveSlashing(ordinal);
    const { referenceGwei } = await slashingOf(world, ordinal);
    await world.until(isPaidOut);
    await world.slot();
    await acts.proveRecovery(ordinal);
    await acts.checkpoint();
    await world.slots(12);
    // Settlement is open and nobody has proven a reference: one from before the pool's deposit would say "1 ETH, no loss".
    const poor = world.beacon.blocks.find((block) => block.balances[acts.index(ordinal)] === 1e9)!;
    expect(await refusalOfReference(poor)).toBe('ReferenceOlder');
    const { recoveredGwei } = await slashingOf(world, ordinal);
    expect(await settle()).toBe(BigInt(referenceGwei - recoveredGwei) * 10n ** 9n);
  });

  it('a reference that comes at the last moment may still be answered', async () => {
    await acts.proveSlashing(ordinal);
    await world.until(isPaidOut);
    await world.slot();
    await acts.proveRecovery(ordinal);
    await acts.checkpoint();
    await world.slots(12);
    expect(await refusalOfSettle()).toBe('');
    await acts.proveReference(ordinal, acts.lastUnslashed(ordinal));
    expect(await refusalOfSettle()).toBe('SettlementTooEarly');
    await world.slots(10);
    expect(await refusalOfSettle()).toBe('');
  });

  it('a slashing shown when all is over does not settle at once for nothing', async () => {
    await acts.proveExit(ordinal);
    await world.until(isPaidOut);
    await acts.checkpoint();
    await world.slots(100); // longer than any settlement waits for evidence
    await acts.proveSlashing(ordinal); // by the operator itself: a checkpoint has seen the balance at zero
    expect((await slashingOf(world, ordinal)).referenceGwei).toBe(0);
    expect(await refusalOfSettle()).toBe('SettlementTooEarly');
    await acts.proveReference(ordinal, acts.lastUnslashed(ordinal));
    await acts.proveRecovery(ordinal);
    await world.slots(12);
    expect(await settle()).toBeGreaterThan(ETH / 100n);
  });
});
