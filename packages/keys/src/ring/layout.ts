// The memory that the ring and its signing threads share.
//
//   secrets   one growable buffer, 32 bytes a slot: the only place where the ring keeps secrets
//   requests  one ring of fixed-size records, by position modulo capacity
//
//      settled ≤ HEAD ≤ TAIL ≤ settled + capacity
//      [settled, HEAD)  claimed by a thread, signed, or failed; the ring settles them in about this order
//      [HEAD, TAIL)     queued
//
// A record belongs to whom its state names, and each change of hands is one atomic operation, so that a thread may die
// between any two instructions and the ring still knows what it held.
export const HEAD = 0;
export const TAIL = 1;
/** Counts pushes and the stop: threads sleep on it. */
export const WAKE = 2;
/** Counts wakes of the ring by the threads: the ring sleeps on it. */
export const DONE = 3;
export const STOP = 4;
const CONTROL_WORDS = 16;

export const EMPTY = 0;
export const QUEUED = 1;
export const SIGNED = 2;
export const FAILED = 3;
/** A record that thread n has claimed has the state CLAIMED + n. */
export const CLAIMED = 16;

const SECRET = 32;
const ROOT = 32;
const SIGNATURE = 96;

/** What a signing thread is started with. */
export interface ThreadData {
  readonly thread: number;
  readonly capacity: number;
  readonly records: SharedArrayBuffer;
  readonly secrets: SharedArrayBuffer;
}

/** Views of the record ring. `capacity` is a power of two. */
export interface Records {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly states: Int32Array<SharedArrayBuffer>;
  readonly slots: Int32Array<SharedArrayBuffer>;
  readonly roots: Uint8Array<SharedArrayBuffer>;
  readonly signatures: Uint8Array<SharedArrayBuffer>;
}

export function recordBytes(capacity: number): number {
  return 4 * CONTROL_WORDS + capacity * (4 + 4 + ROOT + SIGNATURE);
}

export function viewRecords(buffer: SharedArrayBuffer, capacity: number): Records {
  const states = 4 * CONTROL_WORDS;
  const slots = states + 4 * capacity;
  const roots = slots + 4 * capacity;
  return {
    control: new Int32Array(buffer, 0, CONTROL_WORDS),
    states: new Int32Array(buffer, states, capacity),
    slots: new Int32Array(buffer, slots, capacity),
    roots: new Uint8Array(buffer, roots, ROOT * capacity),
    signatures: new Uint8Array(buffer, roots + ROOT * capacity, SIGNATURE * capacity),
  };
}

export const secretAt = (secrets: Uint8Array, slot: number): Uint8Array =>
  secrets.subarray(slot * SECRET, (slot + 1) * SECRET);
export const rootAt = (records: Records, index: number): Uint8Array =>
  records.roots.subarray(index * ROOT, (index + 1) * ROOT);
export const signatureAt = (records: Records, index: number): Uint8Array =>
  records.signatures.subarray(index * SIGNATURE, (index + 1) * SIGNATURE);
