import type { Hex } from '@holdfast/units';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface RequestPartialParameters {
  readonly ordinal: number;
  readonly pubkey: Hex;
  readonly amountGwei: bigint;
}

/** Asks for a part of a validator's balance (EIP-7002): its operator, or anybody while the queue is short. */
export function requestPartial(
  pool: Pool,
  parameters: RequestPartialParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'requestPartial',
      args: [parameters.ordinal, parameters.pubkey, parameters.amountGwei],
    },
    options,
  );
}
