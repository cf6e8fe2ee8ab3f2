import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import type { StateProof, ValidatorProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveCredentialsParameters {
  readonly ordinal: number;
  readonly state: StateProof;
  readonly validator: ValidatorProof;
}

/** Shows how the beacon chain took a predeposit: Proven with the Vault's credentials, Rejected with others. */
export function proveCredentials(
  pool: Pool,
  parameters: ProveCredentialsParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'proveCredentials',
      args: [parameters.ordinal, parameters.state, parameters.validator],
    },
    options,
  );
}
