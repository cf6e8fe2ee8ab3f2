import type { Hex } from '@holdfast/units';
import type { RpcCall } from '../dev-wallet.ts';
import { BadExecutionDataError } from '../errors.ts';

/** Takes `wei` from an account in the state of the newest block; every block from then on has it so. */
export async function takeBalance(call: RpcCall, address: Hex, wei: bigint): Promise<void> {
  const before = BigInt((await call('eth_getBalance', [address, 'latest'])) as Hex);
  if (before < wei) {
    throw new BadExecutionDataError('an account cannot lose more than it has', {
      data: { address, balance: before, wei },
    });
  }
  await call('hardhat_setBalance', [address, `0x${(before - wei).toString(16)}`]);
}
