import { Worker } from 'node:worker_threads';
import {
  CLAIMED,
  DONE,
  FAILED,
  HEAD,
  QUEUED,
  SIGNED,
  STOP,
  TAIL,
  type ThreadData,
  viewRecords,
  WAKE,
} from '../../src/ring/layout.ts';
import { type SpawnThread, spawnSigningThread } from '../../src/ring/threads.ts';

// Threads that misbehave in ways that can be told beforehand. The scripts know the layout by its numbers, given here.
const PRELUDE = `
const { parentPort, workerData } = require('node:worker_threads');
const { capacity, records, secrets, thread } = workerData;
const control = new Int32Array(records, 0, 16);
const states = new Int32Array(records, 64, capacity);
const slots = new Int32Array(records, 64 + 4 * capacity, capacity);
setInterval(() => Atomics.load(control, ${STOP}) && process.exit(), 5);
`;

const scripted =
  (script: string): SpawnThread =>
  (workerData) =>
    new Worker(`${PRELUDE}${script}\nparentPort.postMessage('ready');`, { eval: true, workerData });

/** Comes up and takes nothing. */
export const frozenThread = scripted('');

/** Claims the first request and dies before it signs, in the middle of the claim: HEAD is not moved on. */
export const claimingThread = scripted(`
setInterval(() => {
  if (Atomics.load(control, ${TAIL}) === Atomics.load(control, ${HEAD})) return;
  const index = Atomics.load(control, ${HEAD}) & (capacity - 1);
  if (Atomics.compareExchange(states, index, ${QUEUED}, ${CLAIMED} + thread) === ${QUEUED}) process.exit(1);
}, 1);
`);

/** Answers the first request with `state`, once `ready` holds. */
const answeringThread = (state: number, ready: string): SpawnThread =>
  scripted(`
setInterval(() => {
  if (Atomics.load(control, ${TAIL}) === Atomics.load(control, ${HEAD})) return;
  const index = Atomics.load(control, ${HEAD}) & (capacity - 1);
  const secret = new Uint8Array(secrets, slots[index] * 32, 32);
  if (!(${ready})) return;
  Atomics.store(states, index, ${state});
  Atomics.add(control, ${HEAD}, 1);
  Atomics.add(control, ${DONE}, 1);
  Atomics.notify(control, ${DONE});
}, 1);
`);

/** Waits until the key is removed, and then says that it has signed. */
export const lateThread = answeringThread(SIGNED, 'secret.every((byte) => byte === 0)');

/** Says that it could not sign. */
export const failingThread = answeringThread(FAILED, 'true');

/** Sleeps like a real one, takes the wake that was meant for a request, and dies of it. */
export const wokenThread = scripted(`
setTimeout(() => {
  Atomics.wait(control, ${WAKE}, Atomics.load(control, ${WAKE}));
  process.exit(1);
}, 1);
`);

/** Dies before it is ready. */
export const stillbornThread: SpawnThread = (workerData) =>
  new Worker("throw new Error('no such module')", { eval: true, workerData });

/** Real threads that a test can kill, and the memory that they share with the ring. */
export class Threads {
  readonly workers: Worker[] = [];
  data: ThreadData | undefined;

  /** Uses `kinds` for the first threads, in turn, then real ones. */
  readonly spawn: SpawnThread;

  constructor(...kinds: SpawnThread[]) {
    this.spawn = (data) => {
      this.data = data;
      const worker = (kinds.shift() ?? spawnSigningThread)(data);
      this.workers.push(worker);
      return worker;
    };
  }

  get secrets(): Uint8Array {
    return new Uint8Array(this.data!.secrets);
  }

  /** The slot that the request at a position names. */
  slotAt(position: number): number {
    const { records, capacity } = this.data!;
    return viewRecords(records, capacity).slots[position & (capacity - 1)]!;
  }
}
