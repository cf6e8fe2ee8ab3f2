import type { Hex } from '@holdfast/units';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { compoundingCredentials, depositDataRoot } from '../proofs/hash.ts';
import { type ActOptions, type ActResult, send } from './send.ts';

/** consensus-specs: the beacon chain does not look at the signature of a top-up; the Vault sends this one. */
const ZERO_SIGNATURE: Hex = `0x${'00'.repeat(96)}`;
const PREDEPOSIT_GWEI = 1_000_000_000n;

export interface FundParameters {
  readonly ordinal: number;
  readonly pubkey: Hex;
}

/** Tops a proven validator up to the pool's stake, out of the Vault. First predeposited, first funded. */
export function fund(pool: Pool, parameters: FundParameters, options?: ActOptions): Promise<ActResult<void>> {
  const { addresses } = pool.manifest;
  const args = [parameters.ordinal, parameters.pubkey, topUpRoot(pool, parameters.pubkey)] as const;
  return send(pool, { address: addresses.ledger, abi: validatorLedgerAbi, functionName: 'fund', args }, options);
}

/** `deposit_data_root` of the pool's part of the stake. */
function topUpRoot({ manifest }: Pool, pubkey: Hex): Hex {
  return depositDataRoot({
    pubkey,
    withdrawalCredentials: compoundingCredentials(manifest.addresses.vault),
    amount: manifest.config.ledger.stakeGwei - PREDEPOSIT_GWEI,
    signature: ZERO_SIGNATURE,
  });
}
