import {
  type BeaconBlockHeader,
  headerRoot,
  LoadedState,
  type StateFork,
  type StateTreeView,
  type Withdrawal,
} from '@holdfast/beacon';
import { type Hex, type Root, toHex } from '@holdfast/units';
import { SLOTS_PER_HISTORICAL_ROOT } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import type { Random } from './random.ts';

/** A made-up beacon chain: real SSZ states at a few slots, plain headers at all others, some slots missed. */
export interface SampleChain {
  readonly genesisValidatorsRoot: Root;
  /** The header at each slot that had a block. */
  readonly headers: ReadonlyMap<number, BeaconBlockHeader>;
  readonly states: ReadonlyMap<number, LoadedState>;
  /** What the blocks of those states paid out. */
  readonly withdrawals: ReadonlyMap<number, readonly Withdrawal[]>;
  /** `block_roots` of the period that begins at `slot`, once it is over: what its summary commits to. */
  periodRoots(slot: number): Root[];
}

export interface SampleSlot {
  readonly slot: number;
  readonly fork: StateFork;
  readonly validators: number;
  readonly pending: number;
}

const N = SLOTS_PER_HISTORICAL_ROOT;

/** Builds the chain up to the last of `wanted` (ascending); slots that are 3 mod 7 have no block unless wanted. */
export function sampleChain(random: Random, wanted: readonly SampleSlot[]): SampleChain {
  const genesis = random.bytes(32);
  const headers = new Map<number, BeaconBlockHeader>();
  const states = new Map<number, LoadedState>();
  const withdrawals = new Map<number, readonly Withdrawal[]>();
  const roots: Root[] = []; // by slot: root of the latest block at or before it
  const periodRoots = (from: number): Root[] => roots.slice(from, from + N);
  const last = wanted.at(-1)!.slot;
  for (let slot = 0; slot <= last; slot += 1) {
    const sample = wanted.find((candidate) => candidate.slot === slot);
    if (sample === undefined && slot % 7 === 3) {
      roots.push(roots[slot - 1]!);
      continue;
    }
    const paid = sampleWithdrawals(random);
    const state = sample && sampleState(random, sample, genesis, roots, paid);
    if (state) {
      states.set(slot, state);
      withdrawals.set(slot, paid);
    }
    const header: BeaconBlockHeader = {
      slot,
      proposerIndex: random.below(1000),
      parentRoot: roots[slot - 1] ?? (random.root() as Root),
      stateRoot: state?.root ?? (random.root() as Root),
      bodyRoot: random.root() as Root,
    };
    headers.set(slot, header);
    roots.push(headerRoot(header));
  }
  return { genesisValidatorsRoot: toHex(genesis) as Root, headers, states, withdrawals, periodRoots };
}

function sampleState(
  random: Random,
  sample: SampleSlot,
  genesis: Uint8Array,
  roots: readonly Root[],
  paid: readonly Withdrawal[],
): LoadedState {
  const { slot, fork, validators, pending } = sample;
  const type = ssz[fork].BeaconState;
  const value = type.defaultValue() as ReturnType<typeof ssz.electra.BeaconState.defaultValue>;
  value.genesisTime = 1_600_000_000 + random.below(1_000_000);
  value.genesisValidatorsRoot = genesis;
  value.slot = slot;
  value.fork.epoch = random.below(1000);
  value.blockRoots = value.blockRoots.map((none, position) => {
    // The youngest slot before `slot` that falls on this place of the ring.
    const shown = slot - 1 - ((((slot - 1 - position) % N) + N) % N);
    return shown < 0 ? none : bytesOf(roots[shown]!);
  });
  for (let from = 0; from + N <= slot; from += N) {
    const period = roots.slice(from, from + N).map(bytesOf);
    value.historicalSummaries.push({
      blockSummaryRoot: ssz.phase0.HistoricalBlockRoots.hashTreeRoot(period),
      stateSummaryRoot: random.bytes(32),
    });
  }
  for (let i = 0; i < validators; i += 1) {
    value.validators.push(sampleValidator(random));
    value.balances.push(random.below(2 ** 32) * 2 ** 20 + random.below(2 ** 20));
  }
  for (let i = 0; i < pending; i += 1) {
    value.pendingDeposits.push({
      pubkey: random.bytes(48),
      withdrawalCredentials: random.bytes(32),
      amount: random.below(2 ** 41),
      signature: random.bytes(96),
      slot: random.below(slot + 1),
    });
  }
  const plain = paid.map((withdrawal) => ({ ...withdrawal, address: bytesOf(withdrawal.address) }));
  if ('payloadExpectedWithdrawals' in value) value.payloadExpectedWithdrawals = plain;
  else value.latestExecutionPayloadHeader.withdrawalsRoot = ssz.capella.Withdrawals.hashTreeRoot(plain);
  const view = (type as unknown as { toViewDU(plain: unknown): StateTreeView }).toViewDU(value);
  return new LoadedState(fork, view);
}

function sampleWithdrawals(random: Random): Withdrawal[] {
  const first = random.below(1_000_000);
  return Array.from({ length: 3 }, (_, i) => ({
    index: first + i,
    validatorIndex: random.below(1_000_000),
    address: toHex(random.bytes(20)),
    amount: BigInt(random.below(2 ** 41)),
  }));
}

function sampleValidator(random: Random) {
  const never = Number.POSITIVE_INFINITY;
  const leaving = random.next() < 0.3;
  const exitEpoch = 1000 + random.below(100_000);
  return {
    pubkey: random.bytes(48),
    withdrawalCredentials: random.bytes(32),
    effectiveBalance: (1 + random.below(2048)) * 1_000_000_000,
    slashed: random.next() < 0.2,
    activationEligibilityEpoch: random.below(1000),
    activationEpoch: random.next() < 0.1 ? never : random.below(1000),
    exitEpoch: leaving ? exitEpoch : never,
    withdrawableEpoch: leaving ? exitEpoch + 256 : never,
  };
}

const bytesOf = (root: Hex): Uint8Array => new Uint8Array(Buffer.from(root.slice(2), 'hex'));
