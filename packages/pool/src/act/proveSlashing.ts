import { slashingEnforcerAbi } from '../generated/SlashingEnforcer.ts';
import type { Pool } from '../Pool.ts';
import type { StateProof, ValidatorProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveSlashingParameters {
  readonly ordinal: number;
  readonly state: StateProof;
  readonly validator: ValidatorProof;
}

/** Shows that a validator is slashed: its operator is frozen, the expected loss leaves the rate. */
export function proveSlashing(
  pool: Pool,
  parameters: ProveSlashingParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.enforcer,
      abi: slashingEnforcerAbi,
      functionName: 'proveSlashing',
      args: [parameters.ordinal, parameters.state, parameters.validator],
    },
    options,
  );
}
