import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { quorumOf } from '@holdfast/consensus';
import { identityAuthenticator, type NodeIdentity } from '@holdfast/node';
import { toHex } from '@holdfast/units';

/** What an agreement cannot do without beside BLS, each by itself. Milliseconds. */
export interface Physical {
  readonly fsyncMs: number;
  readonly signMs: number;
  readonly verifyMs: number;
  /** A small message to a peer and back. */
  readonly roundTripMs: number;
}

/**
 * The longest way through an agreement of n nodes: proposal, PREPARE, COMMIT and partial signature are on the wire one
 * after the other; the leader's votes, a PREPARE and a COMMIT are made durable before they are sent; each is signed, and
 * a proposal and two quorums are verified.
 */
export function pathMs({ fsyncMs, signMs, verifyMs, roundTripMs }: Physical, n: number): number {
  return 4 * (roundTripMs / 2) + 3 * fsyncMs + 4 * signMs + (1 + 2 * (quorumOf(n) - 1)) * verifyMs;
}

const TIMES = 5;
const MESSAGE = new Uint8Array(95).fill(7);
const PAGE = Buffer.alloc(4096, 1);

/** Measures all but the way to a peer. `path` is of a file of its own, on the disk that the votes are on. */
export class Alone {
  readonly #file: number;
  readonly #authenticator: ReturnType<typeof identityAuthenticator>;
  readonly #signature: Uint8Array;

  constructor(path: string, identity: NodeIdentity) {
    this.#file = openSync(path, 'w');
    this.#authenticator = identityAuthenticator(identity, [toHex(identity.privateKey.publicKey.raw)]);
    this.#signature = this.#authenticator.sign(MESSAGE);
  }

  measure(): Omit<Physical, 'roundTripMs'> {
    return {
      fsyncMs: median(() => {
        writeSync(this.#file, PAGE, 0, PAGE.length, 0);
        fsyncSync(this.#file);
      }),
      signMs: median(() => this.#authenticator.sign(MESSAGE)),
      verifyMs: median(() => this.#authenticator.verify(0, MESSAGE, this.#signature)),
    };
  }

  close(): void {
    closeSync(this.#file);
  }
}

function median(work: () => void): number {
  const samples = Array.from({ length: TIMES }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return samples.sort((a, b) => a - b)[Math.floor(TIMES / 2)]!;
}
