import { operatorRegistryAbi } from '../generated/OperatorRegistry.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface RegisterParameters {
  readonly name: string;
}

/** Registers an operator; the sender becomes its manager. Returns its id. */
export function register(pool: Pool, parameters: RegisterParameters, options?: ActOptions): Promise<ActResult<number>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.registry,
      abi: operatorRegistryAbi,
      functionName: 'register',
      args: [parameters.name],
    },
    options,
  );
}
