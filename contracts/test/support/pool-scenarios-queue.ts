import { KEEPER } from './pool-acts.ts';
import { ETH } from './pool-deploy.ts';
import { account } from './pool-evm.ts';
import { ALICE, check, gain, lose, refuses, requested, type Scenario, THIEF } from './pool-scenario-kit.ts';

/** Requests, receipts, payment. */
export const queueScenarios: Readonly<Record<string, Scenario>> = {
  'a request is not paid above its own rate': async (world, acts) => {
    await requested(world, acts);
    await gain(world, acts, 20n * ETH);
    await world.slots(200);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, account(77)]);
    check((await world.evm.balance(account(77))) === 10n * ETH, 'paid at the higher rate');
  },
  'a request is not paid above the rate of its payment': async (world, acts) => {
    await requested(world, acts);
    await lose(world, acts, 50n * ETH);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, account(77)]);
    check((await world.evm.balance(account(77))) === 5n * ETH, 'paid at the rate before the loss');
  },
  'a request waits for a checkpoint': async (world, acts) => {
    await requested(world, acts);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE], 0n, 'RequestNotFinalized');
  },
  'a request of the block of the start waits for the next': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await world.queue(ALICE, world.pool.queue, 'requestWithdrawal', [ETH, ALICE]);
    await acts.start();
    await acts.open();
    await acts.finish();
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE], 0n, 'RequestNotFinalized');
  },
  "a receipt is its owner's": async (world, acts) => {
    await requested(world, acts);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, THIEF, world.pool.queue, 'claim', [1n, 0n, THIEF], 0n, 'ReceiptNotYours');
    await refuses(world, THIEF, world.pool.queue, 'transferFrom', [ALICE, THIEF, 1n], 0n, 'ReceiptNotYours');
    await refuses(world, THIEF, world.pool.queue, 'approve', [THIEF, 1n], 0n, 'ReceiptNotYours');
  },
  'an approval dies with the transfer': async (world, acts) => {
    await requested(world, acts);
    await world.send(ALICE, world.pool.queue, 'approve', [THIEF, 1n]);
    await world.send(ALICE, world.pool.queue, 'transferFrom', [ALICE, account(11), 1n]);
    await refuses(world, THIEF, world.pool.queue, 'transferFrom', [account(11), THIEF, 1n], 0n, 'ReceiptNotYours');
  },
  'a claim is paid once': async (world, acts) => {
    await requested(world, acts);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [10n * ETH, ALICE]);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [2n]);
    await world.send(ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [1n, 0n, ALICE]);
  },
  'a claim is priced by its own batch': async (world, acts) => {
    await requested(world, acts, 1n * ETH);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [10n * ETH, ALICE]);
    await lose(world, acts, 50n * ETH);
    await world.send(KEEPER, world.pool.queue, 'finalize', [1n]);
    await refuses(world, ALICE, world.pool.queue, 'claim', [2n, 0n, ALICE], 0n, 'BatchWrong');
  },
  'as much is paid as the window allows': async (world, acts) => {
    await acts.deposit(ALICE, 10_000n);
    for (const ether of [1_000n, 1_000n, 500n])
      await world.send(ALICE, world.pool.queue, 'requestWithdrawal', [ether * ETH, ALICE]);
    await acts.checkpoint();
    await world.send(KEEPER, world.pool.queue, 'finalize', [10n]);
  },
  'the escrow is entered by a request only': async (world, acts) => {
    await acts.deposit(ALICE, 1n);
    await refuses(
      world,
      ALICE,
      world.pool.token,
      'transfer',
      [world.pool.queue.address, ETH],
      0n,
      'ERC20InvalidReceiver',
    );
  },
};
