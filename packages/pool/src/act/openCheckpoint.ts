import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import type { BalancesOpening, StateProof } from '../proofs/types.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface OpenCheckpointParameters {
  readonly state: StateProof;
  readonly opening: BalancesOpening;
}

/** Shows the state behind the frozen root, and opens its list of balances. The proof's timestamp is not read. */
export function openCheckpoint(
  pool: Pool,
  parameters: OpenCheckpointParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'openCheckpoint',
      args: [parameters.state, parameters.opening],
    },
    options,
  );
}
