import { readFileSync } from 'node:fs';
import {
  type ConfigFacts,
  devnetPoolConfig,
  mainnetPoolConfig,
  type PoolConfig,
  parsePoolConfig,
} from '@holdfast/pool';
import { CliFileError } from '../../errors.ts';

export type PresetName = 'devnet' | 'mainnet';

const PRESETS = { devnet: devnetPoolConfig, mainnet: mainnetPoolConfig };

/** What a configuration stands on where no network was named. The stake of a network moves: prefer its own. */
const USUAL_FACTS: Readonly<Record<PresetName, ConfigFacts>> = {
  devnet: {
    clock: { secondsPerSlot: 2n, slotsPerEpoch: 8n },
    totalActiveGwei: 64n * 32_000_000_000n,
    slashingsVectorEpochs: 64n,
  },
  mainnet: {
    clock: { secondsPerSlot: 12n, slotsPerEpoch: 32n },
    totalActiveGwei: 35_000_000n * 1_000_000_000n,
    slashingsVectorEpochs: 8192n,
  },
};

export const presetConfig = (name: PresetName, facts: ConfigFacts = USUAL_FACTS[name]): PoolConfig =>
  PRESETS[name](facts);

/** @throws CliFileError, PoolConfigError */
export function readPoolConfig(path: string): PoolConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CliFileError('the configuration cannot be read as JSON', { data: { path }, cause });
  }
  return parsePoolConfig(value);
}
