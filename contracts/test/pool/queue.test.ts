import type { Hex } from '@holdfast/units';
import { encodeFunctionData } from 'viem';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Acts, KEEPER } from '../support/pool-acts.ts';
import { COMPILING, codeOf, creator, DEPLOYER, ETH, GWEI, poolCode } from '../support/pool-deploy.ts';
import { account, type Contract } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const BOB = account(11);
const CAROL = account(12);
const ZERO: Hex = `0x${'00'.repeat(20)}`;
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;
let queue: Contract;

beforeEach(async () => {
  world = await World.start();
  acts = new Acts(world);
  queue = world.pool.queue;
  await acts.deposit(ALICE, 100n);
});

const ask = (shares: bigint, owner = ALICE, from = ALICE) =>
  world.send(from, queue, 'requestWithdrawal', [shares, owner]);
const finalize = (most = 100n) => world.send(KEEPER, queue, 'finalize', [most]);

describe('WithdrawalQueue: requests', () => {
  it('escrows shares and hands out a receipt, which is an ERC-721', async () => {
    await ask(10n * ETH, BOB);
    const { token } = world.pool;
    expect(await world.read(token, 'balanceOf', [ALICE])).toBe(90n * ETH);
    expect(await world.read(token, 'balanceOf', [queue.address])).toBe(10n * ETH);
    expect(await world.read(queue, 'balanceOf', [BOB])).toBe(1n);
    expect(await world.read(queue, 'balanceOf', [ALICE])).toBe(0n);
    expect((await world.read<Hex>(queue, 'ownerOf', [1n])).toLowerCase()).toBe(BOB);
    expect(await world.read(queue, 'tokenURI', [1n])).toBe('');
    expect(await world.read(queue, 'name')).toBe('Holdfast Withdrawal');
    for (const [id, known] of [
      ['0x80ac58cd', true],
      ['0x01ffc9a7', true],
      ['0x5b5e139f', true],
      ['0xffffffff', false],
    ] as const) {
      expect(await world.read(queue, 'supportsInterface', [id])).toBe(known);
    }
  });

  it('refuses nothing, too much, what is not there, and nobody', async () => {
    const refusal = (shares: bigint, owner: Hex) => world.refusal(ALICE, queue, 'requestWithdrawal', [shares, owner]);
    expect(await refusal(0n, ALICE)).toBe('RequestSizeInvalid');
    expect(await refusal(GWEI - 1n, ALICE)).toBe('RequestSizeInvalid');
    expect(await refusal(1_001n * ETH, ALICE)).toBe('RequestSizeInvalid');
    expect(await refusal(2n ** 255n, ALICE)).toMatch(/RequestSizeInvalid|Panic/);
    expect(await refusal(101n * ETH, ALICE)).toBe('ERC20InsufficientBalance');
    expect(await refusal(ETH, ZERO)).toBe('ReceiptTransferInvalid');
    expect(await refusal(GWEI, ALICE)).toBe('');
  });

  it('moves receipts: by the owner, whom it approved, and to receivers that take them', async () => {
    await ask(ETH);
    expect(await world.refusal(BOB, queue, 'transferFrom', [ALICE, BOB, 1n])).toBe('ReceiptNotYours');
    expect(await world.refusal(BOB, queue, 'approve', [BOB, 1n])).toBe('ReceiptNotYours');
    expect(await world.refusal(ALICE, queue, 'transferFrom', [BOB, CAROL, 1n])).toBe('ReceiptTransferInvalid');
    expect(await world.refusal(ALICE, queue, 'transferFrom', [ALICE, ZERO, 1n])).toBe('ReceiptTransferInvalid');
    expect(await world.refusal(ALICE, queue, 'transferFrom', [ALICE, BOB, 2n])).toBe('RequestUnknown');
    expect(await world.refusal(ALICE, queue, 'safeTransferFrom', [ALICE, world.pool.vault.address, 1n])).not.toBe('');
    await world.send(ALICE, queue, 'approve', [BOB, 1n]);
    expect((await world.read<Hex>(queue, 'getApproved', [1n])).toLowerCase()).toBe(BOB);
    await world.send(BOB, queue, 'transferFrom', [ALICE, CAROL, 1n]);
    expect(await world.read(queue, 'getApproved', [1n])).toBe(ZERO); // an approval dies with the transfer
    expect(await world.refusal(BOB, queue, 'transferFrom', [CAROL, BOB, 1n])).toBe('ReceiptNotYours');
    await world.send(CAROL, queue, 'setApprovalForAll', [BOB, true]);
    await world.send(BOB, queue, 'safeTransferFrom', [CAROL, BOB, 1n]);
    const counts = await Promise.all([ALICE, BOB, CAROL].map((of) => world.read(queue, 'balanceOf', [of])));
    expect(counts).toEqual([0n, 1n, 0n]);
  });

  it('counts many receipts of one account beside its shares', async () => {
    for (let n = 0; n < 5; n += 1) await ask(ETH);
    expect(await world.read(queue, 'balanceOf', [ALICE])).toBe(5n);
    expect(await world.read(world.pool.token, 'balanceOf', [ALICE])).toBe(95n * ETH);
    await acts.checkpoint();
    await finalize();
    for (const id of [3n, 1n, 5n]) await world.send(ALICE, queue, 'claim', [id, 0n, ALICE]);
    expect(await world.read(queue, 'balanceOf', [ALICE])).toBe(2n);
    expect(await world.read(world.pool.token, 'balanceOf', [ALICE])).toBe(95n * ETH);
  });
});

describe('WithdrawalQueue: payment', () => {
  it('waits for a checkpoint whose state is younger than the request', async () => {
    await ask(ETH);
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 0n, ALICE])).toBe('RequestNotFinalized');
    await world.slots(6);
    // Request and start in one block: that checkpoint proves the parent's state, which is older.
    await world.queue(ALICE, queue, 'requestWithdrawal', [ETH, ALICE]);
    await acts.start();
    await acts.open();
    await acts.finish();
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 0n, ALICE])).toBe('');
    expect(await world.refusal(ALICE, queue, 'claim', [2n, 0n, ALICE])).toBe('RequestNotFinalized');
    await acts.checkpoint();
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [2n, 1n, ALICE])).toBe('');
  });

  it('pays the lower of the two rates, and what a rise brings stays with the others', async () => {
    await ask(10n * ETH);
    await world.evm.credit(world.pool.vault.address, 20n * ETH);
    await acts.checkpoint();
    await world.slots(200);
    const sealed = await finalize();
    const done = sealed.events.find(({ name }) => name === 'WithdrawalsFinalized')!;
    expect(done.args.assets).toBe(10n * ETH); // booked at 1.00, though the rate is higher now
    await ask(10n * ETH);
    const [, , booked] = await world.read<[Hex, number, number]>(queue, 'requests', [2n]);
    await world.send(world.pool.enforcer.address, world.pool.vault, 'recordLoss', [30n * ETH]);
    await world.evm.setBalance(
      world.pool.vault.address,
      (await world.evm.balance(world.pool.vault.address)) - 30n * ETH,
    );
    await acts.checkpoint();
    const later = (await finalize()).events.find(({ name }) => name === 'WithdrawalsFinalized')!;
    expect(later.args.assets as bigint).toBeLessThan(BigInt(booked) * GWEI);
  });

  it('pays once, to the owner or whom it approved, from the right batch, and refunds nothing to a refuser', async () => {
    await ask(ETH);
    await ask(2n * ETH);
    await acts.checkpoint();
    await finalize(1n);
    await finalize(1n);
    expect(await world.read(queue, 'batchOf', [1n])).toBe(0n);
    expect(await world.read(queue, 'batchOf', [2n])).toBe(1n);
    expect(await world.refusal(KEEPER, queue, 'batchOf', [3n])).toBe('RequestNotFinalized');
    expect(await world.refusal(ALICE, queue, 'claim', [2n, 0n, ALICE])).toBe('BatchWrong');
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 1n, ALICE])).toBe('BatchWrong');
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 7n, ALICE])).not.toBe('');
    expect(await world.refusal(BOB, queue, 'claim', [1n, 0n, BOB])).toBe('ReceiptNotYours');
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 0n, queue.address])).toBe('ClaimRefused');
    await world.send(ALICE, queue, 'approve', [BOB, 1n]);
    const before = await world.evm.balance(CAROL);
    await world.send(BOB, queue, 'claim', [1n, 0n, CAROL]);
    expect((await world.evm.balance(CAROL)) - before).toBe(ETH);
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 0n, ALICE])).toBe('RequestUnknown');
    expect(await world.refusal(BOB, queue, 'claim', [1n, 0n, ALICE])).toBe('RequestUnknown');
  });

  it('pays as far as cash reaches, first come first, and goes on later', async () => {
    const operator = await acts.operator(account(20));
    await acts.funded(operator); // 31 of the 100 ETH are gone
    await ask(60n * ETH);
    await ask(20n * ETH);
    await ask(ETH);
    await acts.checkpoint();
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 0n, ALICE])).toBe('');
    expect(await world.refusal(ALICE, queue, 'claim', [3n, 0n, ALICE])).toBe('RequestNotFinalized'); // 2 comes first
    await finalize();
    await acts.deposit(BOB, 30n);
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [3n, 1n, ALICE])).toBe('');
  });

  it('a batch as large as the window allows is paid, not refused', async () => {
    await acts.deposit(ALICE, 9_900n);
    for (const ether of [1_000n, 1_000n, 500n, 100n]) await ask(ether * ETH);
    await acts.checkpoint();
    expect(await world.read(world.pool.vault, 'claimableNow')).toBe(2_500n * ETH);
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [3n, 0n, ALICE])).toBe('');
    expect(await world.refusal(ALICE, queue, 'claim', [4n, 0n, ALICE])).toBe('RequestNotFinalized');
  });

  it('a request worth nothing holds up nobody', async () => {
    await world.send(world.pool.enforcer.address, world.pool.vault, 'recordLoss', [ETH]);
    await ask(GWEI); // 0.99 gwei: booked at 0
    await ask(ETH);
    await acts.checkpoint();
    await finalize();
    expect(await world.refusal(ALICE, queue, 'claim', [1n, 0n, ALICE])).toBe('');
    expect(await world.refusal(ALICE, queue, 'claim', [2n, 0n, ALICE])).toBe('');
  });
});

describe('WithdrawalQueue: callers', () => {
  it('takes ether from the Vault, and orders from the ledger', async () => {
    await expect(world.evm.call(ALICE, queue.address, '0x', 1n)).rejects.toThrow(/revert/i);
    for (const fn of ['freeze', 'release']) {
      expect(await world.refusal(ALICE, queue, fn)).toBe('QueueCallerUnknown');
      expect(await world.refusal(world.pool.vault.address, queue, fn)).toBe('QueueCallerUnknown');
      expect(await world.refusal(world.pool.ledger.address, queue, fn)).toBe('');
    }
  });

  it('a receiver that calls back at each door gains nothing', async () => {
    const make = creator(world.evm, await codeOf(['test/pool/Actors.sol']), async () => {
      await world.slot();
    });
    const driver = await make('Driver', [2n]);
    const thief = (await world.read<Hex>(driver, 'actors', [0n])).toLowerCase() as Hex;
    await world.evm.setBalance(driver.address, 100n * ETH);
    const call = async (fn: string, args: readonly unknown[], value = 0n, to = queue) => {
      return {
        actor: 0n,
        target: to.address,
        value,
        data: encodeFunctionData({ abi: to.abi, functionName: fn, args }),
      };
    };
    await world.send(DEPLOYER, driver, 'run', [
      [await call('deposit', [10n * ETH, thief], 10n * ETH, world.pool.vault)],
    ]);
    await world.send(DEPLOYER, driver, 'run', [
      [await call('requestWithdrawal', [4n * ETH, thief]), await call('requestWithdrawal', [4n * ETH, thief])],
    ]);
    await acts.checkpoint();
    await finalize();
    for (const [fn, args] of [
      ['claim', [1n, 0n, thief]],
      ['transferFrom', [thief, ALICE, 1n]],
      ['requestWithdrawal', [ETH, thief]],
    ] as const) {
      const { data } = await call(fn, args);
      const before = await world.evm.balance(thief);
      await world.send(DEPLOYER, driver, 'set', [0n, 2n, queue.address, data]);
      const id = fn === 'claim' ? 1n : 2n;
      if (fn !== 'requestWithdrawal')
        await world.send(DEPLOYER, driver, 'run', [[await call('claim', [id, 0n, thief])]]);
      expect((await world.evm.balance(thief)) - before).toBeLessThanOrEqual(4n * ETH);
    }
    expect(await world.evm.balance(queue.address)).toBe(0n);
    expect(await world.evm.balance(thief)).toBe(8n * ETH);
  });
});
