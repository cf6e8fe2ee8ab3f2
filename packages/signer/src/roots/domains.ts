import { fromHex, type Hex } from '@holdfast/units';
import {
  DOMAIN_AGGREGATE_AND_PROOF,
  DOMAIN_APPLICATION_BUILDER,
  DOMAIN_BEACON_ATTESTER,
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_CONTRIBUTION_AND_PROOF,
  DOMAIN_DEPOSIT,
  DOMAIN_RANDAO,
  DOMAIN_SELECTION_PROOF,
  DOMAIN_SYNC_COMMITTEE,
  DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  DOMAIN_VOLUNTARY_EXIT,
} from '@lodestar/params';
import type { ForkInfo, SignType } from '../requests/types.ts';
import { containerRoot } from './merkle.ts';

/** Each type's domain type (consensus-specs, phase0 and altair; builder-specs for registrations). */
const DOMAIN_TYPES: Readonly<Record<SignType, Uint8Array>> = {
  BLOCK: DOMAIN_BEACON_PROPOSER,
  BLOCK_V2: DOMAIN_BEACON_PROPOSER,
  ATTESTATION: DOMAIN_BEACON_ATTESTER,
  AGGREGATION_SLOT: DOMAIN_SELECTION_PROOF,
  AGGREGATE_AND_PROOF: DOMAIN_AGGREGATE_AND_PROOF,
  AGGREGATE_AND_PROOF_V2: DOMAIN_AGGREGATE_AND_PROOF,
  DEPOSIT: DOMAIN_DEPOSIT,
  RANDAO_REVEAL: DOMAIN_RANDAO,
  VOLUNTARY_EXIT: DOMAIN_VOLUNTARY_EXIT,
  SYNC_COMMITTEE_MESSAGE: DOMAIN_SYNC_COMMITTEE,
  SYNC_COMMITTEE_SELECTION_PROOF: DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF: DOMAIN_CONTRIBUTION_AND_PROOF,
  VALIDATOR_REGISTRATION: DOMAIN_APPLICATION_BUILDER,
};

export const ZERO_ROOT: Hex = `0x${'00'.repeat(32)}`;

/** A client may send any fork version: what is kept is bounded, and dropped as a whole when full. */
const KEPT_MAX = 256;
const kept = new Map<string, Uint8Array>();

/** `compute_domain`: the type, then the first 28 bytes of the fork data's root. Kept, since a network has few. */
export function domainOf(type: SignType, forkVersion: Hex, genesisValidatorsRoot: Hex): Uint8Array {
  const key = type + forkVersion + genesisValidatorsRoot;
  const known = kept.get(key);
  if (known) return known;
  const forkDataRoot = containerRoot([fromHex(forkVersion, 4), fromHex(genesisValidatorsRoot, 32)]);
  const domain = new Uint8Array(32);
  domain.set(DOMAIN_TYPES[type], 0);
  domain.set(forkDataRoot.subarray(0, 28), 4);
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, domain);
  return domain;
}

/** The fork version that `get_domain` chooses for an epoch: the one before the fork until the fork's epoch. */
export const versionAt = (fork: ForkInfo, epoch: bigint): Hex =>
  epoch < fork.epoch ? fork.previousVersion : fork.currentVersion;
