import type { Brand } from './brand.ts';
import { HoldfastError } from './errors.ts';

/** An amount of ETH in 10⁻¹⁸ units, the execution layer's. */
export type Wei = Brand<bigint, 'Wei'>;
/** An amount of ETH in 10⁻⁹ units, the consensus layer's. */
export type Gwei = Brand<bigint, 'Gwei'>;

export const WEI_PER_GWEI = 1_000_000_000n;
export const GWEI_PER_ETH = 1_000_000_000n;
export const WEI_PER_ETH = 1_000_000_000_000_000_000n;

export const wei = (value: bigint): Wei => value as Wei;
export const gwei = (value: bigint): Gwei => value as Gwei;

export const gweiToWei = (amount: Gwei): Wei => wei(amount * WEI_PER_GWEI);

/** The whole gwei in an amount; what is below one gwei is dropped, towards zero. */
export const weiToGweiDown = (amount: Wei): Gwei => gwei(amount / WEI_PER_GWEI);

/** `1.5` → 1.5·10¹⁸. Refuses anything but a plain decimal with at most 18 places. */
export function parseEth(text: string): Wei {
  const match = /^(\d+)(?:\.(\d{1,18}))?$/.exec(text.trim());
  if (!match) {
    throw new HoldfastError('UNITS_BAD_ETH', 'not an amount of ETH', {
      data: { value: text },
      fix: 'Write a decimal such as 32 or 0.5, at most 18 places',
    });
  }
  return wei(BigInt(match[1]!) * WEI_PER_ETH + BigInt((match[2] ?? '').padEnd(18, '0')));
}

/** An amount as people read it: `31.998 ETH` has at most `places` decimals, cut (not rounded), no trailing zeros. */
export function formatEth(amount: bigint, places = 6): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const fraction = (absolute % WEI_PER_ETH).toString().padStart(18, '0').slice(0, places).replace(/0+$/, '');
  return `${sign}${absolute / WEI_PER_ETH}${fraction ? `.${fraction}` : ''}`;
}
