import { ssz } from '@lodestar/types';
import { LoadedState, type StateFork, type StateTreeView } from '../src/index.ts';

/** A deterministic generator (mulberry32): tests print the seed, and the seed gives the state back. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const randomBytes = (random: () => number, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random() * 256));

export interface SampleOptions {
  readonly validators?: number;
  readonly deposits?: number;
  readonly slot?: number;
  readonly seed?: number;
  readonly summaries?: number;
}

/** The plain value of a state filled with random but valid content. */
export function sampleValue(fork: StateFork, options: SampleOptions = {}) {
  const { validators = 37, deposits = 11, slot = 1000, seed = 1, summaries = 3 } = options;
  const random = seeded(seed);
  const bytes = (length: number) => randomBytes(random, length);
  const state = ssz[fork].BeaconState.defaultValue();
  state.genesisTime = 1_700_000_000;
  state.genesisValidatorsRoot = bytes(32);
  state.slot = slot;
  state.latestBlockHeader = {
    slot: slot - 1,
    proposerIndex: 3,
    parentRoot: bytes(32),
    stateRoot: new Uint8Array(32),
    bodyRoot: bytes(32),
  };
  state.blockRoots = state.blockRoots.map(() => bytes(32));
  state.historicalSummaries = Array.from({ length: summaries }, () => ({
    blockSummaryRoot: bytes(32),
    stateSummaryRoot: bytes(32),
  }));
  state.validators = Array.from({ length: validators }, (_, i) => ({
    pubkey: bytes(48),
    withdrawalCredentials: bytes(32),
    effectiveBalance: 32_000_000_000 + i * 1_000_000_000,
    slashed: i % 5 === 0,
    activationEligibilityEpoch: i,
    activationEpoch: i + 1,
    exitEpoch: i % 3 === 0 ? i + 9 : Number.POSITIVE_INFINITY,
    withdrawableEpoch: i % 3 === 0 ? i + 20 : Number.POSITIVE_INFINITY,
  }));
  state.balances = Array.from({ length: validators }, () => Math.floor(random() * 2 ** 41));
  if ('pendingDeposits' in state) {
    state.pendingDeposits = Array.from({ length: deposits }, (_, i) => ({
      pubkey: bytes(48),
      withdrawalCredentials: bytes(32),
      amount: 1_000_000_000 + i,
      signature: bytes(96),
      slot: slot - deposits + i,
    })) as never;
  }
  if ('payloadExpectedWithdrawals' in state) {
    state.payloadExpectedWithdrawals = Array.from({ length: 7 }, (_, i) => ({
      index: i,
      validatorIndex: 2 * i,
      address: bytes(20),
      amount: 5n + BigInt(i),
    }));
  }
  return state;
}

export const sampleState = (fork: StateFork, options: SampleOptions = {}): LoadedState =>
  fromValue(fork, sampleValue(fork, options));

export function fromValue(fork: StateFork, value: ReturnType<typeof sampleValue>): LoadedState {
  const type = ssz[fork].BeaconState as unknown as { toViewDU(value: unknown): StateTreeView };
  return new LoadedState(fork, type.toViewDU(value));
}

/** Each bit-flip, swap, drop and addition that a hostile prover may try on a list of 32-byte words. */
export function flipBit(word: string, bit: number): `0x${string}` {
  const bytes = Buffer.from(word.slice(2), 'hex');
  const at = Math.floor(bit / 8) % bytes.length;
  bytes[at] = bytes[at]! ^ (1 << (bit % 8));
  return `0x${bytes.toString('hex')}`;
}
