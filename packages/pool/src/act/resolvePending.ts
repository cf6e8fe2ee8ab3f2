import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import type { PendingRun } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ResolvePendingParameters {
  readonly ordinal: number;
  readonly run: PendingRun;
}

/** Shows that a validator's deposit in flight still waits in the checkpoint's state (`pendingRun` at its position). */
export function resolvePending(
  pool: Pool,
  parameters: ResolvePendingParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'resolvePending',
      args: [parameters.ordinal, parameters.run],
    },
    options,
  );
}
