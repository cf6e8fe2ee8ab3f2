import { FrameError } from '../errors.ts';

/** What a party tells each other one a few times a second. */
export interface Beat {
  /** It wants to begin: all are here, its patience is over, or enough others want to. */
  readonly wantsStart: boolean;
  /** It has its result, or has failed: nothing more is needed of the receiver. */
  readonly isDone: boolean;
  /** How long its rounds are, milliseconds. All must count alike. */
  readonly roundMs: number;
  /** How many parcels of the receiver it has. */
  readonly received: number;
}

const BYTES = 9;
const WANTS_START = 1;
const IS_DONE = 2;

export function encodeBeat({ wantsStart, isDone, roundMs, received }: Beat): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = (wantsStart ? WANTS_START : 0) | (isDone ? IS_DONE : 0);
  view.setUint32(1, roundMs);
  view.setUint32(5, received);
  return bytes;
}

/** @throws FrameError */
export function decodeBeat(bytes: Uint8Array): Beat {
  const flags = bytes[0];
  if (bytes.length !== BYTES || flags === undefined || flags > (WANTS_START | IS_DONE)) {
    throw new FrameError('a beat that is none', { bytes: bytes.length });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    wantsStart: (flags & WANTS_START) !== 0,
    isDone: (flags & IS_DONE) !== 0,
    roundMs: view.getUint32(1),
    received: view.getUint32(5),
  };
}
