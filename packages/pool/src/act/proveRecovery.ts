import { slashingEnforcerAbi } from '../generated/SlashingEnforcer.ts';
import type { Pool } from '../Pool.ts';
import type { Hop, StateProof, WithdrawalProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveRecoveryParameters {
  readonly ordinal: number;
  readonly state: StateProof;
  /** `noHop` when the recent state is that block's own. */
  readonly hop: Hop;
  readonly withdrawal: WithdrawalProof;
}

/** Shows a withdrawal of a slashed validator to the Vault, in the block whose state is proven. */
export function proveRecovery(
  pool: Pool,
  parameters: ProveRecoveryParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.enforcer,
      abi: slashingEnforcerAbi,
      functionName: 'proveRecovery',
      args: [parameters.ordinal, parameters.state, parameters.hop, parameters.withdrawal],
    },
    options,
  );
}
