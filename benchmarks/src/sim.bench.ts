// How fast the simulator explores: schedules of the agreement a second, on one core.
import {
  Agreement,
  type Authenticator,
  type Effect,
  exploreAll,
  type InstanceId,
  roundSchedule,
} from '@holdfast/consensus';
import { type Root, slot } from '@holdfast/units';
import type { BenchRow } from './row.ts';

export const names = ['sim.schedulesPerSecond', 'sim.messageMicros'];

const WARM_UP = 200;
const SCHEDULES = 500;
const REPEATS = 5;
const NODES = 4;
const INSTANCES = 1000;
const LOCK_HASH = `0x${'5e'.repeat(32)}` as Root;

export async function run(): Promise<BenchRow[]> {
  exploreAll({ seed: 1, runs: WARM_UP });
  const rates = Array.from({ length: REPEATS }, (_, repeat) => {
    const started = performance.now();
    const sum = exploreAll({ seed: 1 + WARM_UP + repeat * SCHEDULES, runs: SCHEDULES });
    // A schedule that fails has no rate.
    if (sum.failed > 0) throw new Error(`seed ${sum.failures[0]!.seed} failed: ${sum.failures[0]!.replay}`);
    return (SCHEDULES / (performance.now() - started)) * 1000;
  });
  const micros = Array.from({ length: REPEATS }, messageMicros);
  return [
    { name: 'sim.schedulesPerSecond', value: median(rates), unit: 'schedules/s', target: 200, better: 'higher' },
    { name: 'sim.messageMicros', value: median(micros), unit: 'µs', target: 100, better: 'lower' },
  ];
}

/** What the machine takes for one message of a fault-free agreement of four, signatures aside. */
function messageMicros(): number {
  const free: Authenticator = { sign: () => Uint8Array.of(1), verify: () => true };
  let messages = 0;
  const started = performance.now();
  for (let index = 0; index < INSTANCES; index += 1) messages += agree({ duty: 'attester', slot: slot(index) }, free);
  return ((performance.now() - started) * 1000) / messages;
}

/** Carries one agreement through and gives how many messages were delivered. */
function agree(instance: InstanceId, authenticator: Authenticator): number {
  const nodes = Array.from({ length: NODES }, (_, self) => {
    const cluster = { lockHash: LOCK_HASH, nodes: NODES, self };
    const schedule = roundSchedule(instance.duty, NODES);
    return new Agreement({ cluster, instance, authenticator, schedule, isValid: () => true, valueBytesMax: 1000 });
  });
  let messages = 0;
  const queue: Effect[] = nodes.flatMap((node) => node.step({ type: 'start', value: new Uint8Array(128) }));
  for (let at = 0; at < queue.length; at += 1) {
    const effect = queue[at]!;
    if (effect.type !== 'send') continue;
    for (const to of effect.to) {
      messages += 1;
      const { envelope } = effect;
      queue.push(...nodes[to]!.step({ type: 'message', from: envelope.message.sender, envelope }));
    }
  }
  if (nodes.some(({ decision }) => decision === undefined)) throw new Error('the agreement was not reached');
  return messages;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
