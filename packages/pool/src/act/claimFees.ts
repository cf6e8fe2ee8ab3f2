import type { Hex } from '@holdfast/units';
import { operatorRegistryAbi } from '../generated/OperatorRegistry.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ClaimFeesParameters {
  readonly operatorId: number;
  readonly to: Hex;
}

/** Pays an operator its fees. Only the manager, and not while the operator is frozen. Returns the wei. */
export function claimFees(
  pool: Pool,
  parameters: ClaimFeesParameters,
  options?: ActOptions,
): Promise<ActResult<bigint>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.registry,
      abi: operatorRegistryAbi,
      functionName: 'claimFees',
      args: [parameters.operatorId, parameters.to],
    },
    options,
  );
}
