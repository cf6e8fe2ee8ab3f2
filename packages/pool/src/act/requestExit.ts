import type { Hex } from '@holdfast/units';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface RequestExitParameters {
  readonly ordinal: number;
  readonly pubkey: Hex;
}

/** Asks the beacon chain to exit a validator (EIP-7002): its operator, or anybody when that is frozen or the queue is short. */
export function requestExit(
  pool: Pool,
  parameters: RequestExitParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'requestExit',
      args: [parameters.ordinal, parameters.pubkey],
    },
    options,
  );
}
