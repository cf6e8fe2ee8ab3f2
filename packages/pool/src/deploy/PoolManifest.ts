import { asRoot, type Hex } from '@holdfast/units';
import type { PoolConfig } from '../config/PoolConfig.ts';
import { parsePoolConfig, readAddress } from '../config/parse.ts';
import { PoolConfigError } from '../errors.ts';
import type { Layout } from '../proofs/types.ts';
import type { ChainFacts } from './chainFacts.ts';
import type { PoolAddresses } from './parts.ts';
import { planPool } from './planPool.ts';

/** Everything that a program needs to find and to check a pool. Written once, when it is deployed. */
export interface PoolManifest {
  readonly version: 1;
  readonly chainId: number;
  /** The `PoolDeployer`. */
  readonly deployer: Hex;
  readonly addresses: PoolAddresses;
  /** Number of the block that holds the pool's first part: no event of the pool is older. */
  readonly block: bigint;
  readonly config: PoolConfig;
  readonly facts: ChainFacts;
}

export const stringifyManifest = (manifest: PoolManifest): string =>
  `${JSON.stringify(manifest, (_key, value) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`;

/**
 * A manifest out of JSON text, or its parsed value. Strict, and consistent: the addresses must be those that the
 * deployer's own address gives.
 *
 * @throws PoolConfigError
 */
export function parseManifest(source: unknown): PoolManifest {
  const raw = requireKeys(typeof source === 'string' ? parseJson(source) : source, 'manifest', [
    'version',
    'chainId',
    'deployer',
    'addresses',
    'block',
    'config',
    'facts',
  ]);
  if (raw.version !== 1)
    throw new PoolConfigError('manifest.version is not one this program knows', { data: { version: raw.version } });
  const deployer = readAddress(raw.deployer, 'manifest.deployer');
  const config = parsePoolConfig(raw.config);
  const facts = readFacts(raw.facts);
  const { addresses } = planPool(config, facts, deployer);
  const given = requireKeys(raw.addresses, 'manifest.addresses', Object.keys(addresses));
  for (const [part, expected] of Object.entries(addresses)) {
    const actual = readAddress(given[part], `manifest.addresses.${part}`);
    if (actual === expected) continue;
    throw new PoolConfigError(`manifest.addresses.${part} is not the address that the deployer gives it`, {
      data: { expected, actual },
    });
  }
  const chainId = Number(readUint(raw.chainId, 'manifest.chainId', 53));
  if (chainId !== facts.chainId)
    throw new PoolConfigError('manifest.chainId is not that of its facts', { data: { chainId, facts: facts.chainId } });
  return { version: 1, chainId, deployer, addresses, block: readUint(raw.block, 'manifest.block', 64), config, facts };
}

function readFacts(value: unknown): ChainFacts {
  const at = 'manifest.facts';
  const raw = requireKeys(value, at, [
    'chainId',
    'depositContract',
    'clock',
    'genesisValidatorsRoot',
    'layouts',
    'summariesFromSlot',
  ]);
  const clock = requireKeys(raw.clock, `${at}.clock`, [
    'genesisTime',
    'secondsPerSlot',
    'slotsPerEpoch',
    'slotsPerHistoricalRoot',
  ]);
  if (!Array.isArray(raw.layouts))
    throw new PoolConfigError(`${at}.layouts must be a list`, { data: { value: raw.layouts } });
  const uint = (name: keyof typeof clock): bigint => readUint(clock[name], `${at}.clock.${name}`, 64);
  return {
    chainId: Number(readUint(raw.chainId, `${at}.chainId`, 53)),
    depositContract: readAddress(raw.depositContract, `${at}.depositContract`),
    clock: {
      genesisTime: uint('genesisTime'),
      secondsPerSlot: uint('secondsPerSlot'),
      slotsPerEpoch: uint('slotsPerEpoch'),
      slotsPerHistoricalRoot: uint('slotsPerHistoricalRoot'),
    },
    genesisValidatorsRoot: readRoot(raw.genesisValidatorsRoot, `${at}.genesisValidatorsRoot`),
    layouts: raw.layouts.map((layout, i) => readLayout(layout, `${at}.layouts[${i}]`)),
    summariesFromSlot: readUint(raw.summariesFromSlot, `${at}.summariesFromSlot`, 64),
  };
}

const LAYOUT_GINDICES = [
  'validators',
  'balances',
  'pendingDeposits',
  'blockRoots',
  'historicalSummaries',
  'genesis',
  'withdrawals',
] as const;

function readLayout(value: unknown, at: string): Layout {
  const raw = requireKeys(value, at, ['fromSlot', ...LAYOUT_GINDICES, 'withdrawalsDepth', 'progressive']);
  if (typeof raw.progressive !== 'boolean')
    throw new PoolConfigError(`${at}.progressive must be true or false`, { data: { value: raw.progressive } });
  const gindices = Object.fromEntries(
    LAYOUT_GINDICES.map((name) => [name, Number(readUint(raw[name], `${at}.${name}`, 24))]),
  );
  return {
    fromSlot: readUint(raw.fromSlot, `${at}.fromSlot`, 64),
    ...(gindices as Record<(typeof LAYOUT_GINDICES)[number], number>),
    withdrawalsDepth: Number(readUint(raw.withdrawalsDepth, `${at}.withdrawalsDepth`, 8)),
    progressive: raw.progressive,
  };
}

function requireKeys(value: unknown, at: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PoolConfigError(`${at} must be an object`, { data: { value } });
  }
  const missing = keys.filter((key) => !Object.hasOwn(value, key));
  const unknown = Object.keys(value).filter((key) => !keys.includes(key));
  if (missing.length > 0 || unknown.length > 0) {
    throw new PoolConfigError(`${at} does not have the right keys`, { data: { missing, unknown } });
  }
  return value as Record<string, unknown>;
}

function readUint(value: unknown, at: string, bits: number): bigint {
  const text =
    typeof value === 'string' || typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : '';
  const integer = /^\d{1,78}$/.test(text) ? BigInt(text) : -1n;
  if (integer >= 0n && integer < 2n ** BigInt(bits)) return integer;
  throw new PoolConfigError(`${at} must be a whole number of at most ${bits} bits`, { data: { value } });
}

function readRoot(value: unknown, at: string): ReturnType<typeof asRoot> {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) return asRoot(value);
  throw new PoolConfigError(`${at} must be 32 bytes of hex`, { data: { value } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PoolConfigError('the manifest is not JSON', { cause });
  }
}
