import type { Party } from './messages.ts';

/** What a party did wrong. */
export type FaultReason =
  /** Said nothing where it had something to say, or missed a deadline. */
  | 'silent'
  /** Signed two different values in one broadcast: proven by its own signatures. */
  | 'equivocated'
  /** Sent bytes that no honest node sends. */
  | 'malformed'
  /** Sent more messages than a ceremony has. */
  | 'flooded'
  /** Dealt commitments that are no points, or without proof that it knows their constant terms. */
  | 'bad-dealing'
  /** More nodes complained about its shares than may be lying. */
  | 'too-many-complaints'
  /** Answered a complaint with a share that does not fit its commitments, or not at all. */
  | 'unjustified'
  /** A complaint against or by it was settled by a share that fits: one of the two was wrong, or the line between them. */
  | 'disputed'
  /** Confirmed another transcript, or one in a signature that is not its own. */
  | 'other-transcript'
  /** Sent a partial signature that is not by its share. */
  | 'bad-partial';

export interface Fault {
  readonly party: Party;
  readonly reason: FaultReason;
  /** Whether the party's dealing was left out for it. */
  readonly excluded: boolean;
}

/** Faults as they are found, each once. */
export class FaultList {
  readonly #faults = new Map<string, Fault>();

  add(party: Party, reason: FaultReason, excluded = false): void {
    const key = `${party}/${reason}`;
    if (!this.#faults.get(key)?.excluded) this.#faults.set(key, { party, reason, excluded });
  }

  all(): readonly Fault[] {
    return [...this.#faults.values()];
  }
}
