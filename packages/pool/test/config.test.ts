import { expect, test } from 'vitest';
import {
  devnetPoolConfig,
  expectedLossGwei,
  mainnetPoolConfig,
  type PoolConfig,
  parseManifest,
  parsePoolConfig,
  stringifyPoolConfig,
} from '../src/index.ts';

const facts = {
  clock: { secondsPerSlot: 12n, slotsPerEpoch: 32n },
  totalActiveGwei: 35_000_000n * 10n ** 9n,
  slashingsVectorEpochs: 8192n,
};
const config = mainnetPoolConfig(facts);

/** The configuration as JSON holds it, with one value replaced. */
function changed(path: string, value: unknown): Record<string, unknown> {
  const copy = JSON.parse(stringifyPoolConfig(config)) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((node, key) => node[key] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

test.each([config, devnetPoolConfig(facts)])('a configuration survives JSON', (ready: PoolConfig) => {
  expect(parsePoolConfig(JSON.parse(stringifyPoolConfig(ready)))).toEqual(ready);
});

test.each([
  ['vault.feeBps', 10_001, 'config.vault.feeBps is out of bounds'],
  ['vault.feeBps', '7 %', 'config.vault.feeBps must be a whole number'],
  ['vault.dripSeconds', 0, 'config.vault.dripSeconds is out of bounds'],
  ['vault.dripSeconds', 1.5, 'config.vault.dripSeconds must be a whole number'],
  ['vault.maxGrowthPerSecond', '499999999', 'out of bounds'],
  ['vault.claimLimitFloor', '1', 'config.vault.claimLimitFloor is out of bounds'],
  ['vault.requestFeeLimit', '1', 'vault.requestFeeCap must not be over half of vault.requestFeeLimit'],
  ['vault.stakeLimit', '1', 'half of vault.stakeLimit'],
  ['vault.speed', 3, 'config.vault.speed is not a setting'],
  ['vault', 3, 'config.vault must be an object'],
  ['bond', undefined, 'config.bond is missing'],
  ['bond.base', -1, 'config.bond.base is out of bounds'],
  ['bond.base', '0', 'bond.base'],
  ['ledger.stakeGwei', '31999999999', 'config.ledger.stakeGwei is out of bounds'],
  ['token.name', '', 'config.token.name must be a text'],
  ['layoutsAppender', '0x12', 'config.layoutsAppender must be an address'],
  ['layoutsAppender', '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267', 'must be an address'],
])('%s = %s is refused', (path, value, message) => {
  expect(() => parsePoolConfig(changed(path, value))).toThrow(message);
});

test('what is no configuration at all is refused', () => {
  for (const value of [null, 3, 'x', []]) expect(() => parsePoolConfig(value)).toThrow('config must be an object');
  expect(() => mainnetPoolConfig(facts, { vault: { feeBps: 20_000 } })).toThrow('out of bounds');
  expect(() => parseManifest('{')).toThrow('not JSON');
  expect(() => parseManifest({ version: 1 })).toThrow('manifest does not have the right keys');
});

test('an override changes its own setting alone', () => {
  const other = mainnetPoolConfig(facts, { vault: { feeBps: 1 }, token: { symbol: 'ABC' } });
  expect(other).toEqual({
    ...config,
    vault: { ...config.vault, feeBps: 1 },
    token: { ...config.token, symbol: 'ABC' },
  });
});

test('the bond of a devnet covers four validators slashed together', () => {
  const small = { ...facts, totalActiveGwei: 64n * 32n * 10n ** 9n, slashingsVectorEpochs: 64n };
  const { bond } = devnetPoolConfig(small);
  const each = expectedLossGwei({ balanceGwei: 32n * 10n ** 9n, slashedGwei: 128n * 10n ** 9n, ...small });
  expect(bond.base + 3n * bond.perValidator).toBeGreaterThanOrEqual(4n * each * 10n ** 9n);
});
