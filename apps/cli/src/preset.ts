import { CliNetworkError, CliUsageError } from './errors.ts';
import { shown } from './net/urls.ts';

const ASK_MS = 10_000;
const PRESETS: readonly string[] = ['mainnet', 'minimal', 'gnosis'];

/**
 * The preset (sizes of the state's lists and vectors) is a fact of the process: the libraries read it when they are
 * first imported, so a command decides it before it loads anything that knows Ethereum's types.
 */
export function setPreset(name: string): void {
  process.env.LODESTAR_PRESET = name;
}

/** Sets the preset of the network that these beacon nodes are on; the first that answers tells it. */
export async function setPresetOf(beaconUrls: readonly string[]): Promise<void> {
  const failures: string[] = [];
  for (const url of beaconUrls) {
    try {
      return setPreset(await presetOf(url));
    } catch (error) {
      if (error instanceof CliUsageError) throw error;
      failures.push(`${shown(url)}: ${reason(error)}`);
    }
  }
  throw new CliNetworkError('no beacon node says what network it is on', {
    data: { nodes: failures },
    fix: 'Check --beacon-url, and that the node serves the standard Beacon API there',
  });
}

async function presetOf(url: string): Promise<string> {
  const response = await fetch(`${url}/eth/v1/config/spec`, { signal: AbortSignal.timeout(ASK_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const answer = (await response.json()) as { data?: { PRESET_BASE?: unknown } } | null;
  const preset = answer?.data?.PRESET_BASE;
  if (typeof preset !== 'string') throw new Error('no PRESET_BASE in its spec');
  if (PRESETS.includes(preset)) return preset;
  throw new CliUsageError('this network has a preset that is not supported', {
    data: { preset: preset.slice(0, 40), supported: PRESETS },
  });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : error.message;
}
