import type { Hex } from '@holdfast/units';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

export interface RequestConsolidationParameters {
  readonly source: number;
  readonly sourcePubkey: Hex;
  readonly target: number;
  readonly targetPubkey: Hex;
}

/** Merges one of an operator's validators into another of its own (EIP-7251). Only its manager. */
export function requestConsolidation(
  pool: Pool,
  parameters: RequestConsolidationParameters,
  options?: ActOptions,
): Promise<ActResult<void>> {
  return send(
    pool,
    {
      address: pool.manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      functionName: 'requestConsolidation',
      args: [parameters.source, parameters.sourcePubkey, parameters.target, parameters.targetPubkey],
    },
    options,
  );
}
