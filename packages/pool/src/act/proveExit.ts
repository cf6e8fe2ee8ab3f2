import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import type { StateProof, ValidatorProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveExitParameters {
  readonly ordinal: number;
  readonly state: StateProof;
  readonly validator: ValidatorProof;
}

/** Shows that a funded validator is exiting. */
export function proveExit(pool: Pool, parameters: ProveExitParameters, options?: ActOptions): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'proveExit',
      args: [parameters.ordinal, parameters.state, parameters.validator],
    },
    options,
  );
}
