import { getGenesis } from '@ethereumjs/genesis';
import type { Hex } from '@holdfast/units';
import { BadExecutionDataError } from './errors.ts';

/** consensus-specs `DEPOSIT_CONTRACT_ADDRESS` as on mainnet and Hoodi. */
export const DEPOSIT_CONTRACT_ADDRESS: Hex = '0x00000000219ab540356cbb839cbe05303d7705fa';
/** EIP-4788 `BEACON_ROOTS_ADDRESS`. */
export const BEACON_ROOTS_ADDRESS: Hex = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02';
/** EIP-2935 `HISTORY_STORAGE_ADDRESS`. */
export const HISTORY_STORAGE_ADDRESS: Hex = '0x0000f90827f1c53a10cb7a02335b175320002935';
/** EIP-7002 `WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS`. */
export const WITHDRAWAL_REQUEST_ADDRESS: Hex = '0x00000961ef480eb55e80d19ad83579a64c007002';
/** EIP-7251 `CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS`. */
export const CONSOLIDATION_REQUEST_ADDRESS: Hex = '0x0000bbddc7ce488642fb579f8b00f3a590007251';
/** The sender of the calls that a block makes itself (EIP-4788, 2935, 7002, 7251). */
export const SYSTEM_ADDRESS: Hex = '0xfffffffffffffffffffffffffffffffffffffffe';
/** EIP-4788 `HISTORY_BUFFER_LENGTH`, in slots of the ring. */
export const HISTORY_BUFFER_LENGTH = 8191;
/** EIP-2935 `HISTORY_SERVE_WINDOW`, in blocks. */
export const HISTORY_SERVE_WINDOW = 8191;
/** EIP-7825: no transaction may carry more gas. */
export const TRANSACTION_GAS_CAP = 16_777_216n;

export interface Predeploy {
  readonly address: Hex;
  readonly code: Hex;
  readonly nonce: bigint;
  readonly storage: readonly (readonly [slot: Hex, value: Hex])[];
}

/** Hoodi was born with Prague's system contracts in its genesis, so its allocation is the source of their code. */
const HOODI_CHAIN_ID = 560048;

/** The contracts that Ethereum itself needs, as they stand in a genesis block: the two request queues inhibited. */
export function systemPredeploys(): readonly Predeploy[] {
  const allocation = getGenesis(HOODI_CHAIN_ID) ?? {};
  const byAddress = new Map(Object.entries(allocation).map(([address, account]) => [address.toLowerCase(), account]));
  return [
    DEPOSIT_CONTRACT_ADDRESS,
    BEACON_ROOTS_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    WITHDRAWAL_REQUEST_ADDRESS,
    CONSOLIDATION_REQUEST_ADDRESS,
  ].map((address) => {
    const account = byAddress.get(address);
    const [, code, storage, nonce] = Array.isArray(account) ? account : [];
    if (code === undefined || code === '0x') {
      throw new BadExecutionDataError('a system contract is missing from the genesis package', { data: { address } });
    }
    return { address, code, nonce: BigInt(nonce ?? 0), storage: storage ?? [] };
  });
}
