import type { Hex } from '@holdfast/units';
import type { GenesisAccount } from './dev-accounts.ts';
import { DEPOSIT_CONTRACT_ADDRESS, systemPredeploys } from './system-contracts.ts';

/** What every adapter's block 0 is made of. */
export interface ChainGenesis {
  readonly chainId: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly gasLimit: bigint;
  /** Wei. */
  readonly baseFeePerGas: bigint;
  readonly accounts: readonly GenesisAccount[];
}

export const DEFAULT_CHAIN_ID = 31337;
export const DEFAULT_GAS_LIMIT = 60_000_000n;
export const DEFAULT_BASE_FEE = 1_000_000_000n;

export interface GenesisOptions {
  /** Timestamp of block 0, seconds since 1970. */
  readonly genesisTime: number;
  /** Default 31337. */
  readonly chainId?: number;
  /** Default: `devAccounts()`. Those with a private key can be used with `eth_sendTransaction`. */
  readonly accounts?: readonly GenesisAccount[];
  /** Default 60,000,000. */
  readonly gasLimit?: bigint;
  /** Wei; default 1 gwei. */
  readonly baseFeePerGas?: bigint;
}

const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;

interface AllocEntry {
  readonly balance: Hex;
  readonly nonce?: Hex;
  readonly code?: Hex;
  readonly storage?: Record<string, Hex>;
}

const zeros = (bytes: number): Hex => `0x${'00'.repeat(bytes)}`;

/** EIP-7691's blob schedule of Prague; clients ask for it though nobody here sends blobs. */
const BLOB_SCHEDULE = { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 };

/**
 * The same block 0 as a `genesis.json` in geth's format, which reth, Nethermind, Besu and @ethereumjs/client read too:
 * post-merge, Prague active, the system contracts and the accounts in place.
 */
export function gethGenesis(genesis: ChainGenesis) {
  const alloc: Record<string, AllocEntry> = {};
  for (const { address, code, nonce, storage } of systemPredeploys()) {
    alloc[address] = { balance: '0x0', nonce: quantity(nonce), code, storage: Object.fromEntries(storage) };
  }
  for (const { address, balance } of genesis.accounts) alloc[address] = { balance: quantity(balance) };
  return {
    config: {
      chainId: genesis.chainId,
      homesteadBlock: 0,
      eip150Block: 0,
      eip155Block: 0,
      eip158Block: 0,
      byzantiumBlock: 0,
      constantinopleBlock: 0,
      petersburgBlock: 0,
      istanbulBlock: 0,
      berlinBlock: 0,
      londonBlock: 0,
      mergeNetsplitBlock: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      blobSchedule: { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 }, prague: BLOB_SCHEDULE },
      depositContractAddress: DEPOSIT_CONTRACT_ADDRESS,
    },
    nonce: quantity(0),
    timestamp: quantity(genesis.timestamp),
    extraData: zeros(0),
    gasLimit: quantity(genesis.gasLimit),
    difficulty: quantity(0),
    mixHash: zeros(32),
    coinbase: zeros(20),
    baseFeePerGas: quantity(genesis.baseFeePerGas),
    excessBlobGas: quantity(0),
    blobGasUsed: quantity(0),
    alloc,
  };
}
