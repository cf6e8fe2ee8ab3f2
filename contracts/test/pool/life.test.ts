import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER, navOf, recordOf, STATUS, slashingOf } from '../support/pool-acts.ts';
import { COMPILING, ETH, GWEI, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 100n);
});

const vaultBalance = () => world.evm.balance(world.pool.vault.address);

describe("a validator's life", () => {
  it('is predeposited, proven, funded, counted, exited and withdrawn, and everybody is paid', async () => {
    const operator = await acts.operator(MANAGER);
    const ordinal = await acts.funded(operator);
    expect(navOf(await acts.checkpoint())).toBe(101n * ETH);
    await acts.awaitActive(ordinal);
    await world.slots(40);
    const sealed = await acts.checkpoint();
    const index = acts.index(ordinal);
    const truth =
      69n * ETH +
      BigInt(
        world.beacon.blocks.find(
          ({ slot }) => slot === Number(sealed.events.find((e) => e.name === 'CheckpointFinished')!.args.slot),
        )!.balances[index]!,
      ) *
        GWEI;
    expect(navOf(sealed)).toBe(truth);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [100n * ETH, ALICE]);
    await world.send(KEEPER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);
    await world.slots(3);
    await acts.proveExit(ordinal);
    await world.until(() => world.beacon.balances[index] === 0);
    await world.slot();
    await acts.checkpoint();
    await world.begin();
    await world.send(KEEPER, world.pool.ledger, 'proveWithdrawn', await acts.proveWithdrawnArgs(ordinal));
    expect((await recordOf(world, ordinal)).status).toBe(STATUS.Withdrawn);
    await world.send(KEEPER, world.pool.queue, 'finalize', [10n]);
    const before = await world.evm.balance(account(11));
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, account(11)]);
    expect((await world.evm.balance(account(11))) - before).toBeGreaterThanOrEqual(100n * ETH);
    expect(await vaultBalance()).toBeGreaterThan(0n);
  });

  it('is slashed: frozen, provisioned, settled, and the bond makes the pool whole', async () => {
    const operator = await acts.operator(MANAGER);
    const ordinal = await acts.active(operator);
    await acts.checkpoint();
    const rate = await acts.rate();
    world.beacon.slash(acts.index(ordinal));
    await world.slot();
    await acts.proveSlashing(ordinal);
    expect(await acts.rate()).toBeGreaterThanOrEqual(rate);
    await acts.proveReference(ordinal, acts.lastUnslashed(ordinal));
    await world.until(() => acts.payout(ordinal) !== undefined);
    await world.slot();
    await acts.proveRecovery(ordinal);
    const { referenceGwei, recoveredGwei } = await slashingOf(world, ordinal);
    expect(recoveredGwei).toBeLessThan(referenceGwei);
    await acts.checkpoint();
    await world.slots(12);
    const sealed = await world.send(KEEPER, world.pool.enforcer, 'settle', [ordinal]);
    const settled = sealed.events.find(({ name }) => name === 'SlashingSettled')!;
    expect(settled.args.paid).toBe(BigInt(referenceGwei - recoveredGwei) * GWEI);
    await acts.checkpoint();
    expect(await acts.rate()).toBeGreaterThanOrEqual(rate);
  });
});
