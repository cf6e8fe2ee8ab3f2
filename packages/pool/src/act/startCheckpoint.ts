import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

/** Freezes the moment of the block that the transaction lands in. */
export function startCheckpoint(pool: Pool, options?: ActOptions): Promise<ActResult<void>> {
  return send(
    pool,
    { address: pool.manifest.addresses.ledger, abi: validatorLedgerAbi, functionName: 'startCheckpoint', args: [] },
    options,
  );
}
