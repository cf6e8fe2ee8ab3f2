import { shareTokenAbi, validatorLedgerAbi, vaultAbi, withdrawalQueueAbi } from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import type { World } from './world.ts';

/** `Status` of LedgerTypes.sol. */
export const STATUS = {
  predeposited: 1,
  proven: 2,
  rejected: 3,
  funded: 4,
  exiting: 5,
  slashed: 6,
  withdrawn: 7,
} as const;

export const rateOf = ({ publicClient, manifest }: World): Promise<bigint> =>
  publicClient.readContract({ address: manifest.addresses.vault, abi: vaultAbi, functionName: 'rate' });

export const recordOf = ({ publicClient, manifest }: World, ordinal: number) =>
  publicClient.readContract({
    address: manifest.addresses.ledger,
    abi: validatorLedgerAbi,
    functionName: 'recordOf',
    args: [ordinal],
  });

export const sharesOf = ({ publicClient, manifest }: World, account: Hex): Promise<bigint> =>
  publicClient.readContract({
    address: manifest.addresses.token,
    abi: shareTokenAbi,
    functionName: 'balanceOf',
    args: [account],
  });

/** Highest request that is finalised. */
export async function finalizedId({ publicClient, manifest }: World): Promise<bigint> {
  const queue = { address: manifest.addresses.queue, abi: withdrawalQueueAbi } as const;
  const [, , , id] = await publicClient.readContract({ ...queue, functionName: 'state' });
  return BigInt(id);
}
