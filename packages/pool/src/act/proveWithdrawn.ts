import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import type { BalancesProof, StateProof, ValidatorProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveWithdrawnParameters {
  readonly ordinal: number;
  readonly state: StateProof;
  readonly validator: ValidatorProof;
  readonly balance: BalancesProof;
}

/** Shows that an exited validator's whole balance has come back. */
export function proveWithdrawn(
  pool: Pool,
  parameters: ProveWithdrawnParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'proveWithdrawn',
      args: [parameters.ordinal, parameters.state, parameters.validator, parameters.balance],
    },
    options,
  );
}
