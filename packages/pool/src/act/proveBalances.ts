import type { Hex } from '@holdfast/units';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface ProveBalancesParameters {
  readonly ordinals: readonly number[];
  readonly chunks: readonly Hex[];
  readonly siblings: readonly Hex[];
}

/** Counts the balances of a batch of validators (`balancesBatch`). What is counted already is skipped. */
export function proveBalances(
  pool: Pool,
  parameters: ProveBalancesParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'proveBalances',
      args: [parameters.ordinals, parameters.chunks, parameters.siblings],
    },
    options,
  );
}
