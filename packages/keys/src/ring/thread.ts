// One signing thread of a KeyRing. It takes requests from shared memory, signs, and puts signatures back; it never
// speaks after its first word, and holds a secret only while it signs with it.
import { parentPort, workerData } from 'node:worker_threads';
import { SecretKey } from '@chainsafe/blst';
import {
  CLAIMED,
  DONE,
  FAILED,
  HEAD,
  QUEUED,
  rootAt,
  SIGNED,
  STOP,
  secretAt,
  signatureAt,
  TAIL,
  type ThreadData,
  viewRecords,
  WAKE,
} from './layout.ts';

/** While more work waits, the ring is woken once for so many signatures: a wake costs it about as much as a tenth. */
const SIGNATURES_PER_WAKE = 4;
/** After so many the thread returns to its event loop, where the memory of blst's used objects is given back. */
const SIGNATURES_PER_TURN = 256;

const { thread, capacity, records: shared, secrets: sharedSecrets } = workerData as ThreadData;
const records = viewRecords(shared, capacity);
const { control, states } = records;
const secrets = new Uint8Array(sharedSecrets);
// blst takes no shared memory, so the secret and the root pass through these.
const secret = new Uint8Array(32);
const root = new Uint8Array(32);
let unsignalled = 0;

parentPort?.postMessage('ready');
turn();

function turn(): void {
  for (let signed = 0; ; ) {
    const wake = Atomics.load(control, WAKE);
    if (Atomics.load(control, STOP) !== 0) return;
    const index = claim();
    if (index >= 0) {
      signAt(index);
      unsignalled += 1;
      if (unsignalled >= SIGNATURES_PER_WAKE) signal();
      signed += 1;
      if (signed >= SIGNATURES_PER_TURN) break;
    } else {
      if (unsignalled > 0) signal();
      if (signed > 0) break;
      Atomics.wait(control, WAKE, wake);
    }
  }
  setImmediate(turn);
}

/** The index of a queued record that is now this thread's, or -1. Whoever finds HEAD behind helps it on. */
function claim(): number {
  for (;;) {
    const head = Atomics.load(control, HEAD);
    if (head === Atomics.load(control, TAIL)) return -1;
    const index = head & (capacity - 1);
    const mine = Atomics.compareExchange(states, index, QUEUED, CLAIMED + thread) === QUEUED;
    Atomics.compareExchange(control, HEAD, head, (head + 1) | 0);
    if (mine) return index;
  }
}

function signAt(index: number): void {
  let state = FAILED;
  try {
    secret.set(secretAt(secrets, records.slots[index]!));
    root.set(rootAt(records, index));
    const key = SecretKey.fromBytes(secret);
    signatureAt(records, index).set(key.sign(root).toBytes());
    state = SIGNED;
  } catch {
    // A slot that was zeroed meanwhile holds no secret: the ring knows why.
  } finally {
    secret.fill(0);
  }
  Atomics.store(states, index, state);
}

function signal(): void {
  unsignalled = 0;
  Atomics.add(control, DONE, 1);
  Atomics.notify(control, DONE);
}
