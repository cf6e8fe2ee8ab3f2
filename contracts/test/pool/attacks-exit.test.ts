import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER } from '../support/pool-acts.ts';
import { COMPILING, ETH, GWEI, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const MANAGER = account(20);
const ATTACKER = account(30);
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  await acts.deposit(ALICE, 33n);
});

const isExiting = (ordinal: number) => world.beacon.validators[acts.index(ordinal)]!.exit !== Number.POSITIVE_INFINITY;
const askExit = (ordinal: number) => world.send(KEEPER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)]);

describe('the way out, attacked', () => {
  it('an exit that the beacon chain passed over is asked for again', async () => {
    const ordinal = await acts.funded(await acts.operator(MANAGER));
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [33n * ETH, ALICE]);
    await acts.checkpoint();
    await askExit(ordinal); // too young: not even active, so the beacon chain ignores it
    await acts.awaitActive(ordinal);
    await acts.checkpoint();
    expect(isExiting(ordinal)).toBe(false);
    await world.slots(40);
    await askExit(ordinal);
    expect(isExiting(ordinal)).toBe(true);
  });

  it('partial withdrawals cannot hold up an exit for ever', async () => {
    const ordinal = await acts.active(await acts.operator(MANAGER));
    await world.slots(40);
    await acts.checkpoint();
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [33n * ETH, ALICE]);
    const partial = [ordinal, acts.key(ordinal), 1n];
    expect(await world.refusal(ATTACKER, world.pool.ledger, 'requestPartial', partial)).toBe('NotManager');
    await world.send(MANAGER, world.pool.ledger, 'requestPartial', partial);
    await askExit(ordinal);
    expect(isExiting(ordinal)).toBe(false); // EIP-7002: no exit while a partial withdrawal waits
    // The manager asks for a gwei in every block, first in it; the keeper asks as soon as it may.
    await world.until(async () => {
      const mayAsk =
        (await world.refusal(KEEPER, world.pool.ledger, 'requestExit', [ordinal, acts.key(ordinal)])) === '';
      await world.queue(MANAGER, world.pool.ledger, 'requestPartial', partial);
      if (mayAsk) await askExit(ordinal);
      return isExiting(ordinal);
    }, 120);
  });

  it('a validator funded in the frozen slot does not stall the checkpoint', async () => {
    await acts.deposit(ALICE, 40n);
    const operator = await acts.operator(MANAGER);
    const ordinal = await acts.predeposit(operator);
    await acts.proveCredentials(ordinal);
    await acts.fund(ordinal);
    await acts.start();
    await acts.open();
    await acts.resolve();
    await acts.prove();
    await acts.finish();
    expect(await acts.rate()).toBe(ETH);
  });

  it('a deposit to an exiting validator is postponed, and counts once at every step', async () => {
    await acts.deposit(ALICE, 40n);
    const operator = await acts.operator(MANAGER);
    // The operator makes its validator active with ether of its own, lets the pool fund it, and leaves.
    const ordinal = await acts.predeposit(operator);
    await acts.proveCredentials(ordinal);
    world.beacon.deposit({
      pubkey: acts.key(ordinal),
      credentials: world.credentials,
      amount: 31e9,
      signature: `0x${'00'.repeat(96)}`,
    });
    await acts.awaitActive(ordinal);
    await acts.fund(ordinal);
    world.beacon.exit(acts.index(ordinal));
    let rate = await acts.rate();
    for (let n = 0; n < 24; n += 1) {
      await acts.checkpoint();
      expect(await acts.rate()).toBeGreaterThanOrEqual(rate);
      rate = await acts.rate();
      if (world.beacon.pending.length === 0 && world.beacon.balances[acts.index(ordinal)] === 0) break;
    }
    expect(world.beacon.balances[acts.index(ordinal)]).toBe(0);
    expect((await world.evm.balance(world.pool.vault.address)) / GWEI).toBeGreaterThanOrEqual(104n * GWEI);
  });
});
