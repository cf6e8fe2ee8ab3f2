import { type ChainForkConfig, chainConfigFromJson, createChainForkConfig } from '@lodestar/config';
import { ACTIVE_PRESET, activePreset } from '@lodestar/params';
import { BeaconAnswerError, BeaconPresetError } from '../errors.ts';
import type { Answer } from './read.ts';

/** A network's parameters, checked against the preset that this process computes with. */
export interface BeaconSpec {
  readonly presetBase: string;
  readonly configName: string;
  /** The configuration under its consensus-specs names, with the fork schedule's helpers (`getForkName(slot)`). */
  readonly config: ChainForkConfig;
  /** Every value as the node gave it. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Preset values that shape the state or enter the arithmetic. Those of forks still in the making are left out: nodes
 * and libraries disagree on them until they are final, and no state of today depends on them.
 */
const CHECKED_PRESET_KEYS = [
  'SLOTS_PER_EPOCH',
  'SLOTS_PER_HISTORICAL_ROOT',
  'HISTORICAL_ROOTS_LIMIT',
  'EPOCHS_PER_ETH1_VOTING_PERIOD',
  'EPOCHS_PER_HISTORICAL_VECTOR',
  'EPOCHS_PER_SLASHINGS_VECTOR',
  'VALIDATOR_REGISTRY_LIMIT',
  'SYNC_COMMITTEE_SIZE',
  'EPOCHS_PER_SYNC_COMMITTEE_PERIOD',
  'MAX_SEED_LOOKAHEAD',
  'EFFECTIVE_BALANCE_INCREMENT',
  'MIN_ACTIVATION_BALANCE',
  'MAX_EFFECTIVE_BALANCE_ELECTRA',
  'BASE_REWARD_FACTOR',
  'MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA',
  'PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX',
  'INACTIVITY_PENALTY_QUOTIENT_BELLATRIX',
  'PENDING_DEPOSITS_LIMIT',
  'PENDING_PARTIAL_WITHDRAWALS_LIMIT',
  'PENDING_CONSOLIDATIONS_LIMIT',
  'MAX_WITHDRAWALS_PER_PAYLOAD',
  'MAX_ATTESTATIONS_ELECTRA',
] as const;

/** Configuration that the arithmetic needs and no default may stand in for. */
const REQUIRED_CONFIG_KEYS = [
  'MIN_VALIDATOR_WITHDRAWABILITY_DELAY',
  'SHARD_COMMITTEE_PERIOD',
  'CHURN_LIMIT_QUOTIENT',
  'MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA',
  'MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT',
  'INACTIVITY_SCORE_BIAS',
  'INACTIVITY_SCORE_RECOVERY_RATE',
  'CAPELLA_FORK_EPOCH',
  'DENEB_FORK_EPOCH',
  'ELECTRA_FORK_EPOCH',
] as const;

/**
 * Reads `/eth/v1/config/spec` and checks it.
 *
 * @throws BeaconPresetError when the network's preset is not this process's; it says which LODESTAR_PRESET to set
 */
export function readSpec(answer: Answer, node: string): BeaconSpec {
  const data = answer.get('data');
  const presetBase = data.get('PRESET_BASE').text();
  requirePreset(data, presetBase, node);
  for (const key of REQUIRED_CONFIG_KEYS) data.get(key).uint64();
  // SECONDS_PER_SLOT is being replaced by SLOT_DURATION_MS; a node may give either.
  const slotMs = data.has('SLOT_DURATION_MS')
    ? data.get('SLOT_DURATION_MS').count()
    : data.get('SECONDS_PER_SLOT').count() * 1000;
  const values = Object.fromEntries(
    data.entries().filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  try {
    const config = createChainForkConfig({
      ...chainConfigFromJson(known(data)),
      SLOT_DURATION_MS: slotMs,
      SECONDS_PER_SLOT: slotMs / 1000,
    });
    return { presetBase, configName: values.CONFIG_NAME ?? presetBase, config, values };
  } catch (cause) {
    throw new BeaconAnswerError('the spec cannot be read', { data: { node }, cause });
  }
}

/** Strings as they are; of structured values only the blob schedule has a meaning here. */
function known(data: Answer): Record<string, unknown> {
  return Object.fromEntries(
    data.entries().filter(([key, value]) => typeof value === 'string' || key === 'BLOB_SCHEDULE'),
  );
}

function requirePreset(data: Answer, presetBase: string, node: string): void {
  const differences: string[] = [];
  for (const key of CHECKED_PRESET_KEYS) {
    if (!data.has(key)) {
      if (key === 'SLOTS_PER_EPOCH') data.get(key);
      continue;
    }
    const theirs = data.get(key).uint64();
    if (theirs !== BigInt(activePreset[key])) differences.push(`${key}: node ${theirs}, here ${activePreset[key]}`);
  }
  if (presetBase === ACTIVE_PRESET && differences.length === 0) return;
  throw new BeaconPresetError({
    data: { node, theirs: presetBase, ours: ACTIVE_PRESET, differences },
    fix:
      presetBase === ACTIVE_PRESET
        ? 'The node runs that preset with changed values: ask another node, or start this process with the same overrides'
        : `Start this process with LODESTAR_PRESET=${presetBase}`,
  });
}
