import { availableParallelism } from 'node:os';
import { KeysConfigError } from '../errors.ts';
import { type SpawnThread, spawnSigningThread } from './threads.ts';

export interface KeyRingOptions {
  /** Signing threads. Default: one for each core. */
  readonly threads?: number;
  /** How many signatures may wait or be in work at once; rounded up to a power of two. Default 8192. */
  readonly queueMax?: number;
  /** How a thread is started; for tests. */
  readonly spawn?: SpawnThread;
}

const THREADS_MAX = 256;
/** More than twice a slot's share of 100,000 validators. */
const QUEUE_DEFAULT = 8192;
const QUEUE_MAX = 2 ** 20;

/** @throws KeysConfigError when an option is out of bounds */
export function checkedOptions(options: KeyRingOptions) {
  const threads = inRange('threads', options.threads ?? availableParallelism(), THREADS_MAX);
  const queueMax = inRange('queueMax', options.queueMax ?? QUEUE_DEFAULT, QUEUE_MAX);
  // Positions are taken modulo the capacity by a mask.
  return { threads, capacity: 2 ** Math.ceil(Math.log2(queueMax)), spawn: options.spawn ?? spawnSigningThread };
}

function inRange(name: string, value: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new KeysConfigError(`${name} is out of bounds`, { data: { [name]: value, min: 1, max } });
}
