import { withdrawalQueueAbi } from '../generated/WithdrawalQueue.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface FinalizeParameters {
  readonly most: bigint;
}

/** Finalises at most `most` requests, as far as a checkpoint allows and cash reaches. Returns how many. */
export function finalize(pool: Pool, parameters: FinalizeParameters, options?: ActOptions): Promise<ActResult<bigint>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.queue,
      abi: withdrawalQueueAbi,
      functionName: 'finalize',
      args: [parameters.most],
    },
    options,
  );
}
