import type { PartialSignature } from '@holdfast/keys';
import { toHex } from '@holdfast/units';
import type { WirePartial } from './wire.ts';

/** How many different things one node may sign for one validator in one slot; more is a flood. */
const ROOTS_MAX = 24;
/** How many slots back and ahead of the current one are kept. */
const SLOTS_BACK = 2;
const SLOTS_AHEAD = 1;

export type Offence = 'stale' | 'future' | 'flood' | 'unknownValidator' | 'repeated';

interface SlotPartials {
  /** By validator and root: who signed, in the order of arrival. */
  readonly byTask: Map<string, PartialSignature[]>;
  /** By node and validator: how many roots. */
  readonly roots: Map<string, number>;
}

/**
 * Partial signatures that have come, ours among them. They may come before this node knows what to sign, so they are kept
 * unverified, within bounds that no peer can stretch: a few roots a node, a validator and a slot, for four slots.
 */
export class PartialBook {
  readonly #validators: number;
  readonly #slots = new Map<number, SlotPartials>();
  #current = 0;

  constructor(validators: number) {
    this.#validators = validators;
  }

  /** Forgets what is over. Partials of slots that are not near this one are refused. */
  advance(slot: number): void {
    this.#current = slot;
    for (const old of this.#slots.keys()) if (old < slot - SLOTS_BACK) this.#slots.delete(old);
  }

  /** Takes a partial; says why when it does not. `index` is the share's, from 1. */
  add(slot: number, index: number, { validator, signingRoot, signature }: WirePartial): Offence | null {
    if (slot < this.#current - SLOTS_BACK) return 'stale';
    if (slot > this.#current + SLOTS_AHEAD) return 'future';
    if (validator >= this.#validators) return 'unknownValidator';
    const book = this.#at(slot);
    const task = taskKey(validator, signingRoot);
    const partials = book.byTask.get(task) ?? [];
    if (partials.some((partial) => partial.index === index)) return 'repeated';
    const quota = `${index}/${validator}`;
    const roots = book.roots.get(quota) ?? 0;
    if (roots >= ROOTS_MAX) return 'flood';
    book.roots.set(quota, roots + 1);
    partials.push({ index, signature });
    book.byTask.set(task, partials);
    return null;
  }

  partials(slot: number, validator: number, signingRoot: Uint8Array): readonly PartialSignature[] {
    return this.#slots.get(slot)?.byTask.get(taskKey(validator, signingRoot)) ?? [];
  }

  #at(slot: number): SlotPartials {
    const known = this.#slots.get(slot);
    if (known) return known;
    const fresh = { byTask: new Map(), roots: new Map() };
    this.#slots.set(slot, fresh);
    return fresh;
  }
}

const taskKey = (validator: number, signingRoot: Uint8Array): string => `${validator}${toHex(signingRoot)}`;
