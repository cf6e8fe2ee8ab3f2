import type { Hex } from '@holdfast/units';
import { vaultAbi } from '../generated/Vault.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface DepositParameters {
  /** Wei. */
  readonly assets: bigint;
  readonly receiver: Hex;
}

/** Deposits ether; its shares go to `receiver`. Returns the shares. */
export function deposit(pool: Pool, parameters: DepositParameters, options?: ActOptions): Promise<ActResult<bigint>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.vault,
      abi: vaultAbi,
      functionName: 'deposit',
      args: [parameters.assets, parameters.receiver],
      value: parameters.assets,
    },
    options,
  );
}
