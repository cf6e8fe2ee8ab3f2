import type { IncomingMessage } from 'node:http';
import type { Problem } from './answers.ts';

/** Bytes that all requests together may hold in memory. */
export class ByteBudget {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#free += bytes;
  }
}

/** The client went away, or its connection broke, before its request was whole. Nobody is left to answer. */
export const GONE = Symbol('gone');

const TOO_LARGE: Problem = {
  status: 413,
  code: 'SIGNER_BODY_TOO_LARGE',
  message: 'the body is longer than any request to sign',
  close: true,
};
const NO_MEMORY: Problem = {
  status: 503,
  code: 'SIGNER_SATURATED',
  message: 'too many bodies are being read at once',
  retryAfterSeconds: 1,
  close: true,
};

/** A request's body, and what it holds of the budget until `budget.give(held)`. */
export interface Body {
  readonly bytes: Buffer;
  readonly held: number;
}

/** Bodies up to this length always have room, so that a few large ones cannot keep the ordinary ones out. */
const ALWAYS_BYTES = 16 * 1024;

/**
 * Reads the body of a request, never more than `bytesMax`; or tells why there is none. What is longer than 16 KiB is
 * taken from `budget` as it arrives (not as it is announced: an announcement costs the sender nothing).
 */
export function readBody(
  req: IncomingMessage,
  bytesMax: number,
  budget: ByteBudget,
): Promise<Body | Problem | typeof GONE> {
  if (Number(req.headers['content-length'] ?? 0) > bytesMax) return Promise.resolve(TOO_LARGE);
  return new Promise((resolve) => {
    let [length, held] = [0, 0];
    let chunks: Buffer[] | null = [];
    const fail = (why: Problem | typeof GONE) => {
      if (chunks === null) return;
      chunks = null;
      budget.give(held);
      resolve(why);
    };
    req.on('data', (chunk: Buffer) => {
      if (chunks === null) return;
      length += chunk.length;
      if (length > bytesMax) return fail(TOO_LARGE);
      const more = Math.max(0, length - ALWAYS_BYTES) - held;
      if (!budget.take(more)) return fail(NO_MEMORY);
      held += more;
      chunks.push(chunk);
    });
    req.on('end', () => {
      if (chunks === null) return;
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks = null;
      resolve({ bytes, held });
    });
    req.on('error', () => fail(GONE));
    req.on('close', () => fail(GONE));
  });
}
