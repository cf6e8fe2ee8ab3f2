// What one slot of the devnet costs: proposal, attestations, sync aggregate, both state transitions, the execution block.
import { createEdrExecution, createEmbeddedEthereumjs, Devnet, type ExecutionPort } from '@holdfast/devnet';
import type { BenchRow } from './row.ts';

export const names = ['devnet.msPerSlot', 'devnet.msPerSlotMean', 'devnet.msPerSlotEngine'];
export const env = { LODESTAR_PRESET: 'minimal' };

const GENESIS_TIME = 1_800_000_000;
const VALIDATORS = 256;
const SLOTS_PER_EPOCH = 8;
/** Past the first finality, with the compiler warm. */
const WARM_UP_EPOCHS = 8;
const EPOCHS = 16;
const ENGINE_EPOCHS = 4;
const TARGET_MS = 20;

export async function run(): Promise<BenchRow[]> {
  const edr = await timeSlots(await createEdrExecution({ genesisTime: GENESIS_TIME }), EPOCHS);
  const engine = await timeSlots(await createEmbeddedEthereumjs({ genesisTime: GENESIS_TIME }), ENGINE_EPOCHS);
  const row = (name: string, value: number, baseline?: BenchRow['baseline']): BenchRow => ({
    name,
    value,
    unit: 'ms',
    target: TARGET_MS,
    better: 'lower',
    ...(baseline ? { baseline } : {}),
  });
  return [
    row('devnet.msPerSlot', median(edr), { name: 'through the Engine API', value: median(engine) }),
    row('devnet.msPerSlotMean', mean(edr), { name: 'through the Engine API', value: mean(engine) }),
    // An execution client in TypeScript: what it costs is shown, no promise is made.
    { ...row('devnet.msPerSlotEngine', median(engine)), target: 500 },
  ];
}

/** Milliseconds of each slot of whole epochs, epoch transitions among them. */
async function timeSlots(execution: ExecutionPort, epochs: number): Promise<number[]> {
  const devnet = await Devnet.create({ execution, validators: VALIDATORS });
  await devnet.step(WARM_UP_EPOCHS * SLOTS_PER_EPOCH);
  const times: number[] = [];
  for (let slot = 0; slot < epochs * SLOTS_PER_EPOCH; slot += 1) {
    const started = performance.now();
    const [result] = await devnet.step();
    times.push(performance.now() - started);
    if (!result?.root) throw new Error(`slot ${devnet.slot} has no block: it has no time`);
  }
  const { finalizedCheckpoint } = devnet.state;
  if (finalizedCheckpoint.epoch < devnet.epoch - 3)
    throw new Error('the chain does not finalize: these are no honest slots');
  await devnet.close();
  return times;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
