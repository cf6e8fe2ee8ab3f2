import { aggregateSerializedSignatures } from '@chainsafe/blst';
import { BitArray } from '@chainsafe/ssz';
import { type Hex, toHex } from '@holdfast/units';
import { SYNC_COMMITTEE_SIZE, SYNC_COMMITTEE_SUBNET_COUNT, SYNC_COMMITTEE_SUBNET_SIZE } from '@lodestar/params';
import { G2_POINT_AT_INFINITY } from '@lodestar/state-transition';
import type { altair } from '@lodestar/types';
import { syncMessageRequest } from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import type { FaultBook } from './faults.ts';
import type { DevnetState } from './types.ts';

/** What a message or a contribution is about: the head at some slot. */
const keyOf = (slot: number, beaconBlockRoot: Uint8Array): string => `${slot}:${toHex(beaconBlockRoot)}`;

/** Sync committee messages and contributions that came from elsewhere and wait for the next block, verified. */
export class SyncPool {
  #messages = new Map<string, Map<number, Uint8Array>>();
  #contributions = new Map<string, Map<number, altair.SyncCommitteeContribution>>();

  addMessage({ slot, beaconBlockRoot, validatorIndex, signature }: altair.SyncCommitteeMessage): void {
    entry(this.#messages, keyOf(slot, beaconBlockRoot)).set(validatorIndex, signature);
  }

  /** Of each subcommittee the one with most signatures is kept. */
  addContribution(contribution: altair.SyncCommitteeContribution): void {
    const { slot, beaconBlockRoot, subcommitteeIndex } = contribution;
    const best = entry(this.#contributions, keyOf(slot, beaconBlockRoot));
    const count = (one: altair.SyncCommitteeContribution | undefined) =>
      one?.aggregationBits.getTrueBitIndexes().length ?? 0;
    if (count(contribution) > count(best.get(subcommitteeIndex))) best.set(subcommitteeIndex, contribution);
  }

  /** By validator index. */
  messages(slot: number, beaconBlockRoot: Uint8Array): ReadonlyMap<number, Uint8Array> {
    return this.#messages.get(keyOf(slot, beaconBlockRoot)) ?? new Map();
  }

  /** By subcommittee. */
  contributions(slot: number, beaconBlockRoot: Uint8Array): ReadonlyMap<number, altair.SyncCommitteeContribution> {
    return this.#contributions.get(keyOf(slot, beaconBlockRoot)) ?? new Map();
  }

  /** Drops what no block after `slot` can include. */
  prune(slot: number): void {
    for (const map of [this.#messages, this.#contributions]) {
      for (const key of map.keys()) if (Number.parseInt(key, 10) < slot) map.delete(key);
    }
  }

  clone(): SyncPool {
    const copy = new SyncPool();
    for (const [key, messages] of this.#messages) copy.#messages.set(key, new Map(messages));
    for (const [key, contributions] of this.#contributions) copy.#contributions.set(key, new Map(contributions));
    return copy;
  }
}

export interface SyncContext {
  /** Knows the committee that signs at `slot`, which is the one of the slot after it. */
  readonly state: DevnetState;
  /** Of the messages. */
  readonly slot: number;
  readonly headRoot: Uint8Array;
  readonly roster: DutyRoster;
  readonly faults: FaultBook;
  readonly pool: SyncPool;
}

/** Signatures by positions in the committee. */
interface Signed {
  readonly positions: Set<number>;
  readonly signatures: Uint8Array[];
}

/** What the block after `slot` carries: the sync committee signs its parent (Altair `process_sync_aggregate`). */
export function syncAggregate(context: SyncContext): altair.SyncAggregate {
  const syncCommitteeBits = BitArray.fromBitLen(SYNC_COMMITTEE_SIZE);
  const signed: Signed = { positions: new Set(), signatures: [] };
  for (const contribution of context.pool.contributions(context.slot, context.headRoot).values()) {
    const { aggregationBits, subcommitteeIndex, signature } = contribution;
    const first = subcommitteeIndex * SYNC_COMMITTEE_SUBNET_SIZE;
    for (const offset of aggregationBits.getTrueBitIndexes()) signed.positions.add(first + offset);
    signed.signatures.push(signature);
  }
  signSingly(context, range(0, SYNC_COMMITTEE_SIZE), signed);
  for (const position of signed.positions) syncCommitteeBits.set(position, true);
  return { syncCommitteeBits, syncCommitteeSignature: sum(signed) };
}

/** All that is known of one subcommittee's messages; null when there are none. */
export function syncContribution(context: SyncContext, subcommittee: number): altair.SyncCommitteeContribution | null {
  const signed: Signed = { positions: new Set(), signatures: [] };
  const first = subcommittee * SYNC_COMMITTEE_SUBNET_SIZE;
  signSingly(context, range(first, SYNC_COMMITTEE_SUBNET_SIZE), signed);
  if (signed.positions.size === 0) return null;
  const aggregationBits = BitArray.fromBitLen(SYNC_COMMITTEE_SUBNET_SIZE);
  for (const position of signed.positions) aggregationBits.set(position - first, true);
  const { slot, headRoot } = context;
  return { slot, beaconBlockRoot: headRoot, subcommitteeIndex: subcommittee, aggregationBits, signature: sum(signed) };
}

/** Adds the positions not signed yet whose message came by itself or whose key is here. */
function signSingly(context: SyncContext, positions: readonly number[], signed: Signed): void {
  const { state, slot, headRoot, roster, faults, pool } = context;
  const { validatorIndices } = state.epochCtx.getIndexedSyncCommittee(slot);
  const messages = pool.messages(slot, headRoot);
  const signers: Hex[] = [];
  for (const position of positions) {
    const index = validatorIndices[position];
    if (index === undefined || signed.positions.has(position)) continue;
    const message = messages.get(index);
    if (message) {
      signed.signatures.push(message);
    } else {
      const validator = state.validators.getReadonly(index);
      const pubkey = toHex(validator.pubkey);
      if (validator.slashed || roster.performerOf(pubkey) !== 'local' || faults.isOffline(pubkey, slot)) continue;
      signers.push(pubkey);
    }
    signed.positions.add(position);
  }
  if (signers.length === 0) return;
  signed.signatures.push(
    roster.keys.signAggregate(signers, syncMessageRequest(state.config, slot, headRoot).signingRoot),
  );
}

function sum({ signatures }: Signed): Uint8Array {
  if (signatures.length <= 1) return signatures[0] ?? G2_POINT_AT_INFINITY;
  return aggregateSerializedSignatures([...signatures], false).toBytes();
}

const range = (first: number, length: number): number[] => Array.from({ length }, (_, i) => first + i);

function entry<Key, Inner, Value>(map: Map<Key, Map<Inner, Value>>, key: Key): Map<Inner, Value> {
  const known = map.get(key);
  if (known) return known;
  const made = new Map<Inner, Value>();
  map.set(key, made);
  return made;
}

/** The subcommittees in which a validator sits. */
export function subcommitteesOf(state: DevnetState, slot: number, validatorIndex: number): number[] {
  const positions = state.epochCtx.getIndexedSyncCommittee(slot).validatorIndexMap.get(validatorIndex) ?? [];
  const all = positions.map((position) => Math.floor(position / SYNC_COMMITTEE_SUBNET_SIZE));
  return [...new Set(all)].filter((subcommittee) => subcommittee < SYNC_COMMITTEE_SUBNET_COUNT);
}
