import { formatEth } from '@holdfast/units';

export const eth = (wei: bigint): string => `${formatEth(wei as Parameters<typeof formatEth>[0])} ETH`;
export const gweiAsEth = (gwei: bigint | number): string => eth(BigInt(gwei) * 1_000_000_000n);
export const utc = (seconds: number | bigint): string =>
  `${new Date(Number(seconds) * 1000).toISOString().replace('T', ' ').slice(0, 19)} UTC`;

/** A value of an event or a call, as text. */
export function show(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'object') {
    return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? each.toString() : each));
  }
  return String(value);
}
