import type { CompositeTypeAny } from '@chainsafe/ssz';
import { type Pubkey, type Root, toHex } from '@holdfast/units';
import { type phase0, ssz } from '@lodestar/types';
import { BeaconAnswerError, BeaconLieError } from '../errors.ts';
import type { Answer } from './read.ts';

/** One validator's turn to attest. Committee numbers are what its attestation's bits are counted by. */
export interface AttesterDuty {
  readonly pubkey: Pubkey;
  readonly validatorIndex: number;
  readonly slot: number;
  readonly committeeIndex: number;
  readonly committeeLength: number;
  readonly committeesAtSlot: number;
  readonly validatorCommitteeIndex: number;
}

export interface ProposerDuty {
  readonly pubkey: Pubkey;
  readonly validatorIndex: number;
  readonly slot: number;
}

export interface SyncDuty {
  readonly pubkey: Pubkey;
  readonly validatorIndex: number;
  /** Its places in the sync committee: one for each time that it was drawn. */
  readonly validatorSyncCommitteeIndices: readonly number[];
}

/** Duties hold as long as the block `dependentRoot` stays in the chain: `head` events say when it does not. */
export interface Duties<Duty> {
  readonly dependentRoot: Root;
  readonly duties: readonly Duty[];
}

export interface Liveness {
  readonly validatorIndex: number;
  readonly isLive: boolean;
}

export interface SyncingStatus {
  readonly headSlot: number;
  /** In slots. */
  readonly syncDistance: number;
  readonly isSyncing: boolean;
  readonly isOptimistic: boolean;
  readonly elOffline: boolean;
}

const readDuty = (duty: Answer): ProposerDuty => ({
  pubkey: duty.get('pubkey').hex<Pubkey>(48),
  validatorIndex: duty.get('validator_index').count(),
  slot: duty.get('slot').count(),
});

export function readAttesterDuties(answer: Answer): Duties<AttesterDuty> {
  const duties = answer
    .get('data')
    .items()
    .map((duty) => ({
      ...readDuty(duty),
      committeeIndex: duty.get('committee_index').count(),
      committeeLength: duty.get('committee_length').count(),
      committeesAtSlot: duty.get('committees_at_slot').count(),
      validatorCommitteeIndex: duty.get('validator_committee_index').count(),
    }));
  return { dependentRoot: answer.get('dependent_root').hex<Root>(32), duties };
}

export function readProposerDuties(answer: Answer): Duties<ProposerDuty> {
  return {
    dependentRoot: answer.get('dependent_root').hex<Root>(32),
    duties: answer.get('data').items().map(readDuty),
  };
}

export function readSyncDuties(answer: Answer): SyncDuty[] {
  return answer
    .get('data')
    .items()
    .map((duty) => ({
      pubkey: duty.get('pubkey').hex<Pubkey>(48),
      validatorIndex: duty.get('validator_index').count(),
      validatorSyncCommitteeIndices: duty
        .get('validator_sync_committee_indices')
        .items()
        .map((index) => index.count()),
    }));
}

export function readLiveness(answer: Answer): Liveness[] {
  return answer
    .get('data')
    .items()
    .map((item) => ({ validatorIndex: item.get('index').count(), isLive: item.get('is_live').boolean() }));
}

export function readSyncing(answer: Answer): SyncingStatus {
  const data = answer.get('data');
  const flag = (name: string): boolean => data.has(name) && data.get(name).boolean();
  return {
    headSlot: data.get('head_slot').count(),
    syncDistance: data.get('sync_distance').count(),
    isSyncing: data.get('is_syncing').boolean(),
    isOptimistic: flag('is_optimistic'),
    elOffline: flag('el_offline'),
  };
}

/** The vote that a node proposes. What it votes for is the node's word; that it is for the slot asked is checked. */
export function readAttestationData(answer: Answer, slot: number, node: string): phase0.AttestationData {
  const data = readSsz<phase0.AttestationData>(answer.get('data'), ssz.phase0.AttestationData, node);
  requireAsked('the slot of an attestation data', slot, data.slot, node);
  return data;
}

/** An SSZ value in JSON. */
export function readSsz<T>(answer: Answer, type: CompositeTypeAny, node: string): T {
  try {
    return type.fromJson(answer.value) as T;
  } catch (cause) {
    throw new BeaconAnswerError(`${answer.at} is not a ${type.typeName}`, { data: { node }, cause });
  }
}

/** Throws BeaconLieError when a node answers another question than it was asked. */
export function requireAsked(what: string, expected: number | Uint8Array, actual: number | Uint8Array, node: string) {
  const shown = (value: number | Uint8Array): string => (typeof value === 'number' ? String(value) : toHex(value));
  if (shown(expected) === shown(actual)) return;
  throw new BeaconLieError(what, { data: { node, expected: shown(expected), actual: shown(actual) } });
}
