import type { Hex } from '@holdfast/units';
import { getAddress, isAddress } from 'viem';
import { PoolConfigError } from '../errors.ts';
import type { PoolConfig } from './PoolConfig.ts';
import { POOL_CONFIG_RULES, type Rule } from './schema.ts';

type RuleTree = { readonly [key: string]: Rule | RuleTree };

const isRule = (node: Rule | RuleTree): node is Rule => typeof node.kind === 'string';

/**
 * A complete configuration out of anything: JSON text's value, or an object of bigints. Strict: an unknown or missing
 * key, another type, or a value out of bounds is refused.
 *
 * @throws PoolConfigError, whose message names the path, the value and the bounds
 */
export function parsePoolConfig(value: unknown): PoolConfig {
  const config = readTree(value, POOL_CONFIG_RULES as unknown as RuleTree, 'config') as unknown as PoolConfig;
  const { vault, bond } = config;
  requireOrder('vault.requestFeeCap', vault.requestFeeCap, 'half of vault.requestFeeLimit', vault.requestFeeLimit / 2n);
  requireOrder('vault.bountyCap', vault.bountyCap, 'half of vault.bountyLimit', vault.bountyLimit / 2n);
  requireOrder(
    'the pool’s part of one stake',
    (config.ledger.stakeGwei - 10n ** 9n) * 10n ** 9n,
    'half of vault.stakeLimit',
    vault.stakeLimit / 2n,
  );
  requireOrder('1 wei', 1n, 'bond.base', bond.base);
  return config;
}

/** JSON text of a configuration: bigints as strings of digits, keys in the order of the schema. */
export const stringifyPoolConfig = (config: PoolConfig): string =>
  JSON.stringify(config, (_key, value) => (typeof value === 'bigint' ? value.toString() : value), 2);

function readTree(value: unknown, rules: RuleTree, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PoolConfigError(`${path} must be an object`, { data: { value } });
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(rules, key)) {
      throw new PoolConfigError(`${path}.${key} is not a setting`, {
        fix: `Known here: ${Object.keys(rules).join(', ')}`,
      });
    }
  }
  const given = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rules).map(([key, rule]) => {
      const at = `${path}.${key}`;
      if (!Object.hasOwn(given, key)) throw new PoolConfigError(`${at} is missing`);
      return [key, isRule(rule) ? readField(given[key], rule, at) : readTree(given[key], rule, at)];
    }),
  );
}

function readField(value: unknown, rule: Rule, path: string): bigint | number | string {
  if (rule.kind === 'text') {
    if (typeof value === 'string' && value.length > 0 && value.length <= rule.max) return value;
    throw new PoolConfigError(`${path} must be a text of 1 to ${rule.max} characters`, { data: { value } });
  }
  if (rule.kind === 'address') return readAddress(value, path);
  const integer = asInteger(value);
  if (integer === null) {
    throw new PoolConfigError(`${path} must be a whole number`, {
      data: { value },
      fix: 'Write it as a string of digits, such as "32000000000"',
    });
  }
  if (integer < rule.min || integer > rule.max) {
    throw new PoolConfigError(`${path} is out of bounds`, { data: { value: integer, min: rule.min, max: rule.max } });
  }
  return rule.kind === 'small' ? Number(integer) : integer;
}

/** An address as it came from outside: any case, but a mixed case must be the checksum. Returned with its checksum. */
export function readAddress(value: unknown, path: string): Hex {
  if (typeof value === 'string' && isAddress(value)) return getAddress(value);
  throw new PoolConfigError(`${path} must be an address`, { data: { value } });
}

function asInteger(value: unknown): bigint | null {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null;
  return typeof value === 'string' && /^\d{1,78}$/.test(value) ? BigInt(value) : null;
}

function requireOrder(smallName: string, small: bigint, largeName: string, large: bigint): void {
  if (small <= large) return;
  throw new PoolConfigError(`${smallName} must not be over ${largeName}, or it could never pass`, {
    data: { [smallName]: small, [largeName]: large },
  });
}
