import { slashingEnforcerAbi } from '../generated/SlashingEnforcer.ts';
import type { Pool } from '../Pool.ts';
import type { BalancesProof, Hop, StateProof, ValidatorProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveReferenceParameters {
  readonly ordinal: number;
  readonly state: StateProof;
  readonly hop: Hop;
  /** Of the older state. */
  readonly validator: ValidatorProof;
  /** Of the older state. */
  readonly balance: BalancesProof;
}

/** Shows a slashed validator's balance in an older state in which it was not slashed yet; the youngest such state counts. */
export function proveReference(
  pool: Pool,
  parameters: ProveReferenceParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.enforcer,
      abi: slashingEnforcerAbi,
      functionName: 'proveReference',
      args: [parameters.ordinal, parameters.state, parameters.hop, parameters.validator, parameters.balance],
    },
    options,
  );
}
