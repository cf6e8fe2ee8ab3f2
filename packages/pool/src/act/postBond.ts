import { bondVaultAbi } from '../generated/BondVault.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface PostBondParameters {
  readonly operatorId: number;
  /** Wei. */
  readonly amount: bigint;
}

/** Strengthens an operator's bond. Anybody may. */
export function postBond(pool: Pool, parameters: PostBondParameters, options?: ActOptions): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.bonds,
      abi: bondVaultAbi,
      functionName: 'post',
      args: [parameters.operatorId],
      value: parameters.amount,
    },
    options,
  );
}
