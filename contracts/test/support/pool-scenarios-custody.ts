import { KEEPER, navOf } from './pool-acts.ts';
import { CONFIG, ETH } from './pool-deploy.ts';
import { account, WITHDRAWALS_7002 } from './pool-evm.ts';
import { ALICE, active, check, gain, lose, MANAGER, refuses, type Scenario, THIEF } from './pool-scenario-kit.ts';

/** The rate, and the Vault's limits. */
export const custodyScenarios: Readonly<Record<string, Scenario>> = {
  'a gain drips': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const before = await acts.rate();
    check((await gain(world, acts, 10n * ETH)) === before, 'the gain is in the rate at once');
    await world.slot();
    check((await acts.rate()) - before <= 13n * CONFIG.vault.maxGrowthPerSecond, 'the gain comes too fast');
    await world.slots(20);
    check((await acts.rate()) > before, 'the gain never comes');
  },
  'a gain takes its time however small': async (world, acts) => {
    await acts.deposit(ALICE, 1000n);
    await gain(world, acts, ETH / 1000n);
    const [now, target] = await world.read<[bigint, bigint, bigint]>(world.pool.vault, 'rateSchedule');
    await world.slots(10);
    check((await acts.rate()) - now < (target - now) / 4n, 'the gain comes within two minutes');
  },
  'a loss is at once': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    const before = await acts.rate();
    await lose(world, acts, 10n * ETH);
    check((await acts.rate()) === (before * 9n) / 10n, 'the loss is not in the rate');
  },
  'a proven loss is at once': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await world.send(world.pool.enforcer.address, world.pool.vault, 'recordLoss', [10n * ETH]);
    check((await acts.rate()) === (ETH * 9n) / 10n, 'the loss is not in the rate');
  },
  'newcomers share what drips in': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await gain(world, acts, 5n * ETH);
    await acts.deposit(account(11), 100n);
    const [, target] = await world.read<[bigint, bigint, bigint]>(world.pool.vault, 'rateSchedule');
    const supply = await world.read<bigint>(world.pool.token, 'totalSupply');
    const cash = await world.read<bigint>(world.pool.vault, 'freeCash');
    check((supply * target) / ETH <= cash, `shares will be worth ${(supply * target) / ETH} of ${cash}`);
  },
  'the fee is taken once': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await gain(world, acts, 10n * ETH);
    await lose(world, acts, 8n * ETH);
    const owed = async () =>
      (await world.read<[bigint, bigint]>(world.pool.vault, 'liabilities')).reduce((a, b) => a + b);
    const before = await owed();
    await gain(world, acts, 7n * ETH);
    check((await owed()) <= before, 'a regained loss paid a fee');
  },
  'liabilities are not worth': async (world, acts) => {
    await acts.deposit(ALICE, 100n);
    await world.send(THIEF, world.pool.vault, 'fundReserve', [], 5n * ETH);
    check(navOf(await acts.checkpoint()) === 100n * ETH, 'the reserve counts for the shares');
  },
  'a deposit names its ether': async (world) => {
    await refuses(world, ALICE, world.pool.vault, 'deposit', [100n * ETH, ALICE], ETH, 'DepositValueWrong');
  },
  "no window passes a door's limit": async (world, acts) => {
    await acts.deposit(ALICE, 3_000n);
    const { queue, vault } = world.pool;
    await world.send(queue.address, vault, 'payClaims', [1_000n * ETH]);
    await refuses(world, queue.address, vault, 'payClaims', [900n * ETH], 0n, 'WindowLimitReached');
  },
  'claims leave reserve and fees alone': async (world, acts) => {
    await acts.deposit(ALICE, 10n);
    await world.send(THIEF, world.pool.vault, 'fundReserve', [], 5n * ETH);
    await refuses(world, world.pool.queue.address, world.pool.vault, 'payClaims', [11n * ETH], 0n, 'CashShort');
  },
  'a bounty has a cap': async (world) => {
    const { vault, ledger } = world.pool;
    await world.send(THIEF, vault, 'fundReserve', [], ETH);
    await world.send(ledger.address, vault, 'payBounty', [KEEPER, 10n ** 15n]);
    const [reserve] = await world.read<[bigint, bigint]>(vault, 'liabilities');
    check(ETH - reserve <= CONFIG.vault.bountyCap, 'more than the cap was paid');
  },
  'bounties have a window': async (world) => {
    const { vault, ledger } = world.pool;
    await world.send(THIEF, vault, 'fundReserve', [], ETH);
    for (let n = 0; n < 30; n += 1) await world.queue(ledger.address, vault, 'payBounty', [KEEPER, 10n ** 15n]);
    await world.slot();
    const [reserve] = await world.read<[bigint, bigint]>(vault, 'liabilities');
    check(ETH - reserve <= CONFIG.vault.bountyLimit / 2n, 'more than the window was paid');
  },
  'a request fee has a cap': async (world, acts) => {
    const { ordinal } = await active(acts);
    await world.evm.rpc('hardhat_setStorageAt', [WITHDRAWALS_7002, '0x0', `0x${(700).toString(16).padStart(64, '0')}`]);
    await refuses(
      world,
      MANAGER,
      world.pool.ledger,
      'requestExit',
      [ordinal, acts.key(ordinal)],
      0n,
      'RequestFeeTooHigh',
    );
  },
};
