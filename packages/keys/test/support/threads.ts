import { Worker } from 'node:worker_threads';
import { SIGNED, STOP, type ThreadData, viewRecords } from '../../src/ring/layout.ts';
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
const HEAD_WORD = 0;
const TAIL_WORD = 1;
const QUEUED_STATE = 1;
const CLAIMED_BASE = 16;

const scripted =
  (script: string): SpawnThread =>
  (workerData) =>
    new Worker(`${PRELUDE}${script}\nparentPort.postMessage('ready');`, { eval: true, workerData });

/** Comes up and takes nothing. */
export const frozenThread = scripted('');

/** Claims the first request and dies before it signs, in the middle of the claim: HEAD is not moved on. */
export const claimingThread = scripted(`
setInterval(() => {
  if (Atomics.load(control, ${TAIL_WORD}) === Atomics.load(control, ${HEAD_WORD})) return;
  const index = Atomics.load(control, ${HEAD_WORD}) & (capacity - 1);
  if (Atomics.compareExchange(states, index, ${QUEUED_STATE}, ${CLAIMED_BASE} + thread) === ${QUEUED_STATE}) process.exit(1);
}, 1);
`);

/** Claims the first request, waits until its key is removed, and then says that it has signed. */
export const lateThread = scripted(`
setInterval(() => {
  if (Atomics.load(control, ${TAIL_WORD}) === Atomics.load(control, ${HEAD_WORD})) return;
  const index = Atomics.load(control, ${HEAD_WORD}) & (capacity - 1);
  if (new Uint8Array(secrets, slots[index] * 32, 32).some((byte) => byte !== 0)) return;
  Atomics.store(states, index, ${SIGNED});
  Atomics.add(control, ${HEAD_WORD}, 1);
  Atomics.add(control, 3, 1);
  Atomics.notify(control, 3);
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
