import { vaultAbi } from '../generated/Vault.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface FundReserveParameters {
  /** Wei. */
  readonly amount: bigint;
}

/** Fills the reserve that bounties are paid from. It buys no shares. */
export function fundReserve(
  pool: Pool,
  parameters: FundReserveParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.vault,
      abi: vaultAbi,
      functionName: 'fundReserve',
      args: [],
      value: parameters.amount,
    },
    options,
  );
}
