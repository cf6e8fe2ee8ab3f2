import type { Hex } from '@holdfast/units';
import { withdrawalQueueAbi } from '../generated/WithdrawalQueue.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface RequestWithdrawalParameters {
  /** In 1e-18 of a share. */
  readonly shares: bigint;
  readonly owner: Hex;
}

/** Asks for the ether of shares (cut to whole gwei; at most 1,000 ETH worth). The receipt goes to `owner`. Returns its id. */
export function requestWithdrawal(
  pool: Pool,
  parameters: RequestWithdrawalParameters,
  options?: ActOptions,
): Promise<ActResult<bigint>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.queue,
      abi: withdrawalQueueAbi,
      functionName: 'requestWithdrawal',
      args: [parameters.shares, parameters.owner],
    },
    options,
  );
}
