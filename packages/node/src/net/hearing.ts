/** How long a peer has been silent. A link may be open and nobody at its other end: the peer stands still, or packets are lost. */
export interface Hearing {
  /** Something came from the peer. */
  heard(): void;
  /** Time for a heartbeat of our own. */
  beat(): void;
  /** In beats. Infinity until it is heard for the first time. */
  readonly silence: number;
}

/**
 * Counts silence in beats of our own, not in time of a clock. A process that is held up (a busy machine, a long
 * computation, a suspended laptop) finds one beat due when it goes on, however long it was, and reads what has come in
 * the meantime before the next one: it never takes everybody for dead because it was dead itself.
 */
export class BeatHearing implements Hearing {
  #silence = Number.POSITIVE_INFINITY;

  get silence(): number {
    return this.#silence;
  }

  heard(): void {
    this.#silence = 0;
  }

  beat(): void {
    this.#silence += 1;
  }
}
