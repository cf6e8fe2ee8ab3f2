/**
 * The words everything else speaks: amounts, times, hex, signals and the error base. Imports nothing.
 *
 * @example
 * import { gwei, gweiToWei, HoldfastError, parseEth } from '@holdfast/units';
 * gweiToWei(gwei(32_000_000_000n)) === parseEth('32');
 */
export {
  formatEth,
  GWEI_PER_ETH,
  type Gwei,
  gwei,
  gweiToWei,
  parseEth,
  WEI_PER_ETH,
  WEI_PER_GWEI,
  type Wei,
  wei,
  weiToGweiDown,
} from './amounts.ts';
export type { Brand } from './brand.ts';
export { type ErrorDetails, HoldfastError } from './errors.ts';
export { asPubkey, asRoot, fromHex, type Hex, type Pubkey, type Root, sameHex, toHex } from './hex.ts';
export { type JoinedSignal, joinSignals } from './signals.ts';
export { type Epoch, epoch, FAR_FUTURE_EPOCH, type Slot, slot, type ValidatorIndex, validatorIndex } from './time.ts';
