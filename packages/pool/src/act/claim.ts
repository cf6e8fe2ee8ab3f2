import type { Hex } from '@holdfast/units';
import { withdrawalQueueAbi } from '../generated/WithdrawalQueue.ts';
import type { Pool } from '../Pool.ts';
import { decodeRevert, PoolRevertError } from './PoolRevertError.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ClaimParameters {
  readonly id: bigint;
  readonly to: Hex;
  /** The batch that finalised it; looked up when left out. */
  readonly batch?: bigint | undefined;
}

/** Pays a finalised request to `to`. Only the receipt's owner, or whom it approved. Returns the wei. */
export async function claim(pool: Pool, parameters: ClaimParameters, options?: ActOptions): Promise<ActResult<bigint>> {
  const batch = parameters.batch ?? (await batchOf(pool, parameters.id));
  const args = [parameters.id, batch, parameters.to] as const;
  return send(
    pool,
    { address: pool.manifest.addresses.queue, abi: withdrawalQueueAbi, functionName: 'claim', args },
    options,
  );
}

/** The batch that finalised a request. PoolRevertError `RequestNotFinalized` when none has. */
async function batchOf(pool: Pool, id: bigint): Promise<bigint> {
  const { publicClient, manifest } = pool;
  try {
    return await publicClient.readContract({
      address: manifest.addresses.queue,
      abi: withdrawalQueueAbi,
      functionName: 'batchOf',
      args: [id],
    });
  } catch (cause) {
    const revert = decodeRevert(cause);
    throw revert === null ? cause : new PoolRevertError('claim', revert, { cause });
  }
}
