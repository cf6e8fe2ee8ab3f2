import type { Hex } from '@holdfast/units';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface PredepositParameters {
  readonly operatorId: number;
  readonly pubkey: Hex;
  /** Of a deposit of 1 ETH with the Vault's credentials (`compoundingCredentials`). */
  readonly signature: Hex;
  readonly depositDataRoot: Hex;
}

/** Offers a key: puts the operator's own 1 ETH on it, credentials = Vault. Only the manager. Returns the ordinal. */
export function predeposit(
  pool: Pool,
  parameters: PredepositParameters,
  options?: ActOptions,
): Promise<ActResult<number>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'predeposit',
      args: [parameters.operatorId, parameters.pubkey, parameters.signature, parameters.depositDataRoot],
      value: 10n ** 18n,
    },
    options,
  );
}
