import type { Hex } from '@holdfast/units';
import { beforeAll, describe, expect, it } from 'vitest';
import { Acts, KEEPER, navOf } from '../support/pool-acts.ts';
import { COMPILING, CONFIG, ETH, GWEI, type PoolConfig, poolCode } from '../support/pool-deploy.ts';
import { account } from '../support/pool-evm.ts';
import { World } from '../support/pool-world.ts';

const ALICE = account(10);
const BOB = account(11);
const STRANGER = account(99);
beforeAll(() => poolCode(), COMPILING);

let world: World;
let acts: Acts;

beforeAll(async () => {
  world = await World.start();
  acts = new Acts(world);
});

const fresh = async (): Promise<World> => {
  const one = await World.start();
  acts = new Acts(one);
  world = one;
  return one;
};

describe('Vault: deposits', () => {
  it('mints at the rate, down to whole gwei of shares, and says ERC-7535 and ERC-7575', async () => {
    const { vault, token } = world.pool;
    const sealed = await world.send(ALICE, vault, 'deposit', [ETH + 5n, BOB], ETH + 5n);
    expect(await world.read(token, 'balanceOf', [BOB])).toBe(ETH);
    expect(sealed.events.find(({ name }) => name === 'Deposit')!.args).toMatchObject({ assets: ETH + 5n, shares: ETH });
    expect(await world.read<Hex>(vault, 'asset')).toBe('0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE');
    expect((await world.read<Hex>(vault, 'share')).toLowerCase()).toBe(token.address);
    expect(await world.read(vault, 'previewDeposit', [ETH])).toBe(ETH);
    expect(await world.read(vault, 'convertToAssets', [ETH])).toBe(ETH);
    expect(await world.read(vault, 'maxDeposit', [ALICE])).toBe(2n ** 128n - 1n);
    expect(await world.read(vault, 'totalAssets')).toBe(ETH);
  });

  it('refuses nothing, dust, and another value than named; ether without a word is a gift', async () => {
    const { vault } = world.pool;
    expect(await world.refusal(ALICE, vault, 'deposit', [0n, ALICE])).toBe('DepositTooSmall');
    expect(await world.refusal(ALICE, vault, 'deposit', [GWEI - 1n, ALICE], GWEI - 1n)).toBe('DepositTooSmall');
    expect(await world.refusal(ALICE, vault, 'deposit', [GWEI, ALICE], GWEI)).toBe('');
    expect(await world.refusal(ALICE, vault, 'deposit', [ETH, ALICE], ETH - 1n)).toBe('DepositValueWrong');
    const zero = `0x${'00'.repeat(20)}`;
    expect(await world.refusal(ALICE, vault, 'deposit', [ETH, zero], ETH)).toBe('ERC20InvalidReceiver');
    expect(await world.evm.call(ALICE, vault.address, '0x', 1n)).toBe('0x');
    await expect(world.evm.call(ALICE, vault.address, '0x12345678', 1n)).rejects.toThrow(/revert/i);
  });

  it('opens its doors to its own parts only', async () => {
    const { vault, ledger, registry, queue, bonds, enforcer } = world.pool;
    const key = `0x${'11'.repeat(48)}`;
    const doors: readonly (readonly [string, readonly unknown[], readonly Hex[]])[] = [
      ['stake', [key, 1n, `0x${'00'.repeat(32)}`], [ledger.address]],
      ['creditPredeposit', [ALICE, ETH], [ledger.address]],
      ['payClaims', [0n], [queue.address]],
      ['payFee', [ALICE, 0n], [registry.address]],
      ['requestWithdrawal', [key, 0n], [ledger.address]],
      ['requestConsolidation', [key, key], [ledger.address]],
      ['payBounty', [ALICE, 1n], [ledger.address, enforcer.address]],
      ['freeze', [], [ledger.address]],
      ['report', [0n], [ledger.address]],
      ['recordLoss', [0n], [enforcer.address]],
      ['compensate', [], [bonds.address]],
    ];
    const everybody = [STRANGER, ...[vault, ledger, registry, queue, bonds, enforcer].map(({ address }) => address)];
    for (const [door, args, allowed] of doors) {
      for (const caller of everybody) {
        const refusal = await world.refusal(caller, vault, door, args);
        if (allowed.includes(caller)) expect(refusal, `${door} by its own`).not.toBe('VaultCallerUnknown');
        else expect(refusal, `${door} by ${caller}`).toBe('VaultCallerUnknown');
      }
    }
  });
});

describe('Vault: attacks on the rate', () => {
  it('cannot be inflated: a first depositor with a donation takes nothing from the second', async () => {
    await fresh();
    const { vault, token } = world.pool;
    await world.send(ALICE, vault, 'deposit', [GWEI, ALICE], GWEI);
    await world.evm.credit(vault.address, 100n * ETH);
    expect(await acts.rate()).toBe(ETH);
    await acts.checkpoint();
    expect(await acts.rate()).toBe(ETH);
    await world.send(BOB, vault, 'deposit', [10n * ETH, BOB], 10n * ETH);
    const shares = await world.read<bigint>(token, 'balanceOf', [BOB]);
    // At once Bob's shares are worth what he paid, but for the drip since the checkpoint and a gwei of rounding.
    expect((shares * (await acts.rate())) / ETH).toBeGreaterThan(10n * ETH - (10n * ETH) / 10_000n);
    for (let n = 0; n < 3; n += 1) await acts.checkpoint();
    expect((shares * (await acts.rate())) / ETH).toBeGreaterThanOrEqual(10n * ETH - (10n * ETH) / 10_000n);
  });

  it.each([
    ['forced ether', (one: World) => one.evm.credit(one.pool.vault.address, 5n * ETH)],
    [
      'selfdestruct',
      async (one: World) => {
        // Creation code that does nothing but PUSH20 vault, SELFDESTRUCT.
        await one.begin();
        await one.evm.queue(STRANGER, undefined, `0x73${one.pool.vault.address.slice(2)}ff`, 5n * ETH);
        await one.slot();
        expect(await one.evm.balance(one.pool.vault.address)).toBe(105n * ETH);
      },
    ],
    ['a gift to the reserve', (one: World) => one.send(STRANGER, one.pool.vault, 'fundReserve', [], ETH)],
  ])('%s moves no rate until a checkpoint, and then only by the drip', async (_, give) => {
    await fresh();
    await acts.deposit(ALICE, 100n);
    await give(world);
    expect(await acts.rate()).toBe(ETH);
    await acts.checkpoint();
    expect(await acts.rate()).toBe(ETH);
    await world.slots(1);
    const { maxGrowthPerSecond } = CONFIG.vault;
    expect(await acts.rate()).toBeLessThanOrEqual(ETH + 12n * maxGrowthPerSecond + 12n);
  });

  it("the reserve belongs to nobody's shares", async () => {
    await fresh();
    await acts.deposit(ALICE, 10n);
    await world.send(STRANGER, world.pool.vault, 'fundReserve', [], 3n * ETH);
    expect(navOf(await acts.checkpoint())).toBe(10n * ETH);
    expect(await world.read(world.pool.vault, 'freeCash')).toBe(10n * ETH);
  });
});

describe('Vault: gains, losses and fees', () => {
  it('takes its fee from what lies above the high-water mark only', async () => {
    await fresh();
    await acts.deposit(ALICE, 100n);
    await acts.checkpoint();
    await world.evm.credit(world.pool.vault.address, 10n * ETH);
    const up = (await acts.checkpoint()).events.find(({ name }) => name === 'Reported')!;
    expect(up.args.fee).toBe(ETH);
    expect(up.args.target).toBe((109n * ETH) / 100n);
    await world.send(world.pool.enforcer.address, world.pool.vault, 'recordLoss', [5n * ETH]);
    await world.evm.setBalance(
      world.pool.vault.address,
      (await world.evm.balance(world.pool.vault.address)) - 5n * ETH,
    );
    const down = (await acts.checkpoint()).events.find(({ name }) => name === 'Reported')!;
    expect(down.args.fee).toBe(0n);
    await world.evm.credit(world.pool.vault.address, 4n * ETH);
    const back = (await acts.checkpoint()).events.find(({ name }) => name === 'Reported')!;
    expect(back.args.fee).toBe(0n);
    const [reserve, owed] = await world.read<[bigint, bigint]>(world.pool.vault, 'liabilities');
    expect(reserve + owed).toBeLessThanOrEqual(ETH);
  });

  it('a loss lowers the rate at once, what still drips in pays first, and never to nothing', async () => {
    await fresh();
    await acts.deposit(ALICE, 100n);
    const { vault, enforcer } = world.pool;
    await world.evm.credit(vault.address, 10n * ETH);
    await acts.checkpoint();
    const [, target] = await world.read<[bigint, bigint, bigint]>(vault, 'rateSchedule');
    await world.send(enforcer.address, vault, 'recordLoss', [4n * ETH]);
    const [now, lower] = await world.read<[bigint, bigint, bigint]>(vault, 'rateSchedule');
    expect(lower).toBe(target - (4n * ETH) / 100n);
    expect(now).toBeGreaterThanOrEqual(ETH);
    await world.send(enforcer.address, vault, 'recordLoss', [10_000n * ETH]);
    expect(await acts.rate()).toBe(GWEI);
    expect(await world.refusal(ALICE, vault, 'deposit', [ETH, ALICE], ETH)).toBe('');
  });

  it('a supply of one gwei and a gift of a million ether break nothing', async () => {
    await fresh();
    await world.send(ALICE, world.pool.vault, 'deposit', [GWEI, ALICE], GWEI);
    await world.evm.credit(world.pool.vault.address, 1_000_000n * ETH);
    await acts.checkpoint();
    for (let n = 0; n < 4; n += 1) {
      await world.slots(100);
      await acts.checkpoint();
    }
    expect(await acts.rate()).toBeLessThanOrEqual(32n * ETH);
    await world.send(BOB, world.pool.vault, 'deposit', [ETH, BOB], ETH);
  });

  it('a pool without shares has a checkpoint too', async () => {
    await fresh();
    await world.evm.credit(world.pool.vault.address, ETH);
    expect(navOf(await acts.checkpoint())).toBe(ETH);
    expect(await acts.rate()).toBe(ETH);
  });
});

describe('Vault: configuration', () => {
  it.each([
    ['no drip', { dripSeconds: 0n }],
    ['no growth', { maxGrowthPerSecond: 1n }],
    ['no window', { limitWindow: 0n }],
    ['a fee over the whole', { feeBps: 10_001 }],
    ['a reserve over the whole', { reserveBps: 10_001 }],
    ['a claim limit over the whole', { claimLimitBps: 10_001 }],
    ['a claim limit under the largest request', { claimLimitFloor: 1_999n * ETH }],
  ])('refuses %s', async (_, change) => {
    const config = { ...CONFIG, vault: { ...CONFIG.vault, ...change } } as PoolConfig;
    const broken = await World.start({ config, code: await poolCode() });
    expect(await broken.evm.rpc('eth_getCode', [broken.pool.vault.address, 'latest'])).toBe('0x');
  });

  it('a bounty is capped a call, and what the receiver refuses stays in the reserve', async () => {
    await fresh();
    const { vault, ledger } = world.pool;
    await world.send(STRANGER, vault, 'fundReserve', [], ETH);
    const sealed = await world.send(ledger.address, vault, 'payBounty', [KEEPER, 10n ** 15n]);
    const paid = sealed.events.find(({ name }) => name === 'BountyPaid')!;
    expect(paid.args.amount).toBe(CONFIG.vault.bountyCap);
    await world.send(ledger.address, vault, 'payBounty', [ledger.address, 10n ** 15n]);
    const [reserve] = await world.read<[bigint, bigint]>(vault, 'liabilities');
    expect(reserve).toBe(ETH - CONFIG.vault.bountyCap);
    for (let n = 0; n < 12; n += 1) await world.send(ledger.address, vault, 'payBounty', [KEEPER, 10n ** 15n]);
    const [left] = await world.read<[bigint, bigint]>(vault, 'liabilities');
    expect(ETH - left).toBeLessThanOrEqual(CONFIG.vault.bountyLimit);
  });
});
