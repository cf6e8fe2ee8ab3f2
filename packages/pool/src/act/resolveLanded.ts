import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import type { PendingRun, ValidatorProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ResolveLandedParameters {
  readonly ordinal: number;
  readonly validator: ValidatorProof;
  readonly run: PendingRun;
}

/** Shows that a validator's deposit has left the list of the checkpoint's state (`landedRun`). */
export function resolveLanded(
  pool: Pool,
  parameters: ResolveLandedParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'resolveLanded',
      args: [parameters.ordinal, parameters.validator, parameters.run],
    },
    options,
  );
}
