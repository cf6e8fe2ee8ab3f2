import type { Hex } from '@holdfast/units';
import type { ChainConfig } from '@lodestar/config';
import type { ValidatorRefs } from './consensus/faults.ts';
import type { ExecutionPort } from './execution/port.ts';

/** Which rules hold from slot 0 on. */
export type DevnetFork = 'electra' | 'fulu' | 'gloas';

/** A validator that is active from slot 0. */
export interface GenesisValidator {
  readonly secretKey: Uint8Array;
  readonly withdrawalCredentials: Hex;
  /** Gwei. */
  readonly balance: number;
}

export interface DevnetOptions {
  /** The execution layer under the beacon chain. The devnet closes it in `close()`. */
  readonly execution: ExecutionPort;
  /** Default `fulu`. */
  readonly fork?: DevnetFork;
  /**
   * How many interop validators (keys as eth2.0-pm `interop` derives them: known to everyone) are active at genesis,
   * 32 ETH each, or the validators themselves. Default 64.
   */
  readonly validators?: number | readonly GenesisValidator[];
  /**
   * Seconds since 1970 of slot 0, or `now`. Default: the timestamp of the execution head, so that both layers begin at
   * one moment. Never before the execution head.
   */
  readonly genesisTime?: number | 'now';
  /** Whole seconds. Default 12, as on mainnet. Stepping ignores the wall clock whatever this says. */
  readonly secondsPerSlot?: number;
  /** Any other field of the chain's configuration; wins over the devnet's defaults (`consensus/chain-config.ts`). */
  readonly config?: Partial<ChainConfig>;
  /** Genesis validators, by index or public key, that validator clients drive through the Beacon API. Default none. */
  readonly external?: ValidatorRefs;
  /** Where transaction fees go unless a validator was given its own recipient. */
  readonly feeRecipient?: Hex;
  /** How many of the newest blocks are kept. Default 16,384. */
  readonly blocksKept?: number;
  /**
   * How many of the newest post-states are kept. Default 8,192: of every root that EIP-4788's ring still holds. A slot's
   * block and state take about 40 KB with 256 validators.
   */
  readonly statesKept?: number;
}
