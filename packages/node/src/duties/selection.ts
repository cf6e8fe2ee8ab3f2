import { createHash } from 'node:crypto';
import { SYNC_COMMITTEE_SIZE, SYNC_COMMITTEE_SUBNET_COUNT } from '@lodestar/params';

const TARGET_AGGREGATORS_PER_COMMITTEE = 16;
const TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE = 16;

/** `bytes_to_uint64(hash(selection_proof)[0:8]) % modulo == 0` */
function chosen(selectionProof: Uint8Array, modulo: number): boolean {
  const hash = createHash('sha256').update(selectionProof).digest();
  return hash.readBigUInt64LE(0) % BigInt(modulo) === 0n;
}

/** `is_aggregator` (phase0, validator.md). */
export function isAggregator(committeeLength: number, selectionProof: Uint8Array): boolean {
  return chosen(selectionProof, Math.max(1, Math.floor(committeeLength / TARGET_AGGREGATORS_PER_COMMITTEE)));
}

/** `is_sync_committee_aggregator` (altair, validator.md). */
export function isSyncCommitteeAggregator(selectionProof: Uint8Array): boolean {
  const members = Math.floor(SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT);
  return chosen(selectionProof, Math.max(1, Math.floor(members / TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE)));
}

/** The subcommittees that places in the sync committee belong to. */
export function subcommitteesOf(places: readonly number[]): number[] {
  const members = Math.floor(SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT);
  return [...new Set(places.map((place) => Math.floor(place / members)))].sort((a, b) => a - b);
}
