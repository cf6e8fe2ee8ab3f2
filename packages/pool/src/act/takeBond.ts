import type { Hex } from '@holdfast/units';
import { bondVaultAbi } from '../generated/BondVault.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface TakeBondParameters {
  readonly operatorId: number;
  /** Wei. */
  readonly amount: bigint;
  readonly to: Hex;
}

/** Takes back what is not liable. Only the manager, and not while the operator is frozen. */
export function takeBond(pool: Pool, parameters: TakeBondParameters, options?: ActOptions): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.bonds,
      abi: bondVaultAbi,
      functionName: 'take',
      args: [parameters.operatorId, parameters.amount, parameters.to],
    },
    options,
  );
}
