import { parseEth } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type BackingReport,
  type BackingRow,
  deposit,
  fundReserve,
  requestExit,
  requestWithdrawal,
  verifyBacking,
} from '../src/index.ts';
import { Life } from './life-kit.ts';

let life: Life;
const ETH = parseEth('1');

beforeAll(async () => {
  life = await Life.start();
  const { kit, staker } = life;
  await life.do(deposit(staker, { assets: 100n * ETH + 12_345n, receiver: kit.address(2) }));
  await life.do(fundReserve(staker, { amount: ETH }));
  const key = await life.offer(1);
  const index = await life.proveAndFund(key);
  const active = () => kit.devnet.state.validators.getReadonly(index).activationEpoch <= kit.devnet.epoch;
  await kit.devnet.stepUntil(active, 300);
  await kit.devnet.step(24);
  await life.checkpoint();
  await life.offer(2);
}, 120_000);
afterAll(() => life?.close());

const verify = (more: object = {}): Promise<BackingReport> =>
  verifyBacking({ ...life.kit, manifest: life.pool.manifest, ...more });
const broken = ({ rows }: BackingReport): BackingRow[] => rows.filter(({ ok }) => ok === false);

test('an honest pool is proven to be backed', async () => {
  const report = await verify();
  expect(broken(report)).toEqual([]);
  expect(report.rows.filter(({ ok }) => ok === null)).toEqual([]);
  expect(report.backed).toBe(true);
  const exact = ['Vault holds what came less what went', 'share supply = minted − burned'];
  for (const check of exact) expect(report.rows.find((row) => row.check === check)?.diffWei).toBe(0n);
  expect(report.rows.find(({ check }) => check.startsWith('NAV'))?.diffWei).toBe(0n);
  expect(report.assetsWei! - report.owedWei!).toBeGreaterThanOrEqual(0n);
});

test('the audit may begin at the last checkpoint', async () => {
  const report = await verify({ auditBlocksMax: 0n });
  expect(report.backed).toBe(true);
  const row = report.rows.find(({ check }) => check.startsWith('Vault holds'));
  expect(row).toMatchObject({ diffWei: 0n, note: expect.stringContaining('froze') });
});

test('it stays backed while a withdrawal and an exit are under way', async () => {
  const { kit, staker, operator } = life;
  await life.do(requestWithdrawal(staker, { shares: 50n * ETH, owner: kit.address(2) }));
  const [first] = (await life.snapshot()).validators;
  await life.do(requestExit(operator, first!));
  expect(broken(await verify())).toEqual([]);
  await kit.devnet.step(40);
  await life.checkpoint();
  const report = await verify();
  expect(broken(report)).toEqual([]);
  expect(report.backed).toBe(true);
});

test.each([
  ['balances one gwei too high', { kind: 'lyingBalances', gwei: 1 } as const],
  ['another state root', { kind: 'wrongStateRoot' } as const],
])('a beacon node that shows %s refutes', async (_name, tamper) => {
  const { devnet } = life.kit;
  await devnet.step();
  devnet.tamper(tamper);
  try {
    const report = await verify();
    expect(report.backed).toBe(false);
    expect(broken(report).map(({ check }) => check)).toEqual(['beacon state']);
    expect(report.assetsWei).toBeNull();
  } finally {
    devnet.tamper(null);
  }
});

test('a beacon node that answers 500 proves nothing either way', async () => {
  const { devnet } = life.kit;
  devnet.tamper({ kind: 'error500' });
  await expect(verify()).rejects.toMatchObject({ code: 'BEACON_HTTP' });
  devnet.tamper(null);
});

test('a vault short by one wei refutes, and so does a bond vault', async () => {
  const { devnet, publicClient } = life.kit;
  const { addresses } = life.pool.manifest;
  for (const [part, check] of [
    ['vault', 'Vault holds what came less what went'],
    ['bonds', 'bond vault holds all bonds'],
  ] as const) {
    const mark = await devnet.snapshot();
    const balance = await publicClient.getBalance({ address: addresses[part] });
    await devnet.execution.rpc('hardhat_setBalance', [addresses[part], `0x${(balance - 1n).toString(16)}`]);
    await devnet.step(2);
    const report = await verify();
    expect(report.backed).toBe(false);
    expect(broken(report)).toMatchObject([{ check, diffWei: -1n }]);
    await devnet.restore(mark);
  }
  expect((await verify()).backed).toBe(true);
});

test('a part with other code than the manifest says refutes', async () => {
  const { manifest } = life.pool;
  const config = { ...manifest.config, vault: { ...manifest.config.vault, bountyCap: 1n } };
  const report = await verify({ manifest: { ...manifest, config } });
  expect(report.backed).toBe(false);
  expect(broken(report).map(({ check }) => check)).toEqual(['code of vault']);
  const symbol = { ...manifest.config, token: { ...manifest.config.token, symbol: 'X' } };
  const renamed = await verify({ manifest: { ...manifest, config: symbol } });
  expect(broken(renamed)).toMatchObject([{ check: 'names and layouts in storage', expected: 'token.symbol: X' }]);
});
