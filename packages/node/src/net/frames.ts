import { FrameError } from '../errors.ts';

/** 4 bytes of length, big-endian, then 1 byte that says for whom, then the payload. */
const HEADER = 5;

/** A frame: `channel` says who reads it (consensus, partial signatures, …). */
export interface Frame {
  readonly channel: number;
  readonly payload: Uint8Array;
}

export function encodeFrame(channel: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length + 1);
  frame[4] = channel;
  frame.set(payload, HEADER);
  return frame;
}

/**
 * Cuts a byte stream into frames. Holds at most one frame that is not whole, never more than `maxBytes` of it, so that
 * what a peer sends bounds what it costs here.
 */
export class FrameReader {
  #pending = new Uint8Array(0);
  #filled = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a frame was begun and not ended: a peer that leaves it so is slow, or wants to hold memory. */
  get midFrame(): boolean {
    return this.#filled > 0;
  }

  /** @throws FrameError when a frame announces more than the limit, or nothing. */
  *read(chunk: Uint8Array): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#filled < 4) {
        rest = this.#take(rest, 4);
        if (this.#filled < 4) return;
      }
      const length = new DataView(this.#pending.buffer, this.#pending.byteOffset).getUint32(0);
      if (length === 0 || length > this.#maxBytes) {
        throw new FrameError('a frame of a length that is not allowed', { length, limit: this.#maxBytes });
      }
      rest = this.#take(rest, 4 + length);
      if (this.#filled < 4 + length) return;
      const body = this.#pending.slice(4, 4 + length);
      this.#pending = new Uint8Array(0);
      this.#filled = 0;
      yield { channel: body[0]!, payload: body.subarray(1) };
    }
  }

  /** Fills the pending frame up to `target` bytes; gives what was not needed. Memory grows with what came, not with what was announced. */
  #take(chunk: Uint8Array, target: number): Uint8Array {
    const count = Math.min(target - this.#filled, chunk.length);
    if (this.#pending.length < this.#filled + count) {
      const grown = new Uint8Array(Math.min(target, Math.max(this.#filled + count, 2 * this.#pending.length, 64)));
      grown.set(this.#pending.subarray(0, this.#filled));
      this.#pending = grown;
    }
    this.#pending.set(chunk.subarray(0, count), this.#filled);
    this.#filled += count;
    return chunk.subarray(count);
  }
}
