import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

/** Enters the NAV of the frozen moment into the rate; requests made before it may then be paid. */
export function finishCheckpoint(pool: Pool, options?: ActOptions): Promise<ActResult<void>> {
  return send(
    pool,
    { address: pool.manifest.addresses.ledger, abi: validatorLedgerAbi, functionName: 'finishCheckpoint', args: [] },
    options,
  );
}
