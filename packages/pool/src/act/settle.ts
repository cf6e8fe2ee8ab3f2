import { slashingEnforcerAbi } from '../generated/SlashingEnforcer.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface SettleParameters {
  readonly ordinal: number;
}

/** Settles a slashing: the bond pays what did not come back. */
export function settle(pool: Pool, parameters: SettleParameters, options?: ActOptions): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.enforcer,
      abi: slashingEnforcerAbi,
      functionName: 'settle',
      args: [parameters.ordinal],
    },
    options,
  );
}
