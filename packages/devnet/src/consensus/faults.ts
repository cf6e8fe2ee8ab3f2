import type { Hex, Pubkey } from '@holdfast/units';

/** A fault that a validator commits once, by really signing what it must not sign. */
export type EquivocationKind = 'doubleVote' | 'surroundVote' | 'doubleProposal';

/**
 * What to do to which validators (by index or public key).
 *
 * - `offline`: no proposals, attestations or sync messages, for `forSlots` slots or until `online`.
 * - `wrongFeeRecipient`: proposes blocks whose fees go to `feeRecipient` instead of where they belong.
 * - `doubleVote`, `surroundVote`, `doubleProposal`: signs two conflicting messages at its next duty (a surround vote
 *   surrounds its last vote, so it waits until a justified epoch ≥ 1). With `atOnce` it signs both in the next slot,
 *   duty or not: signatures are slashable whoever's turn it was. The devnet's slasher reports them, and the next block
 *   includes the slashing.
 *
 * Validators that a client drives behind the Beacon API sign nothing for the devnet. Of these a copy of the key, which
 * the devnet was given before, signs what contradicts the client's last message; `wrongFeeRecipient` offers the client
 * blocks that pay elsewhere; `offline` is refused.
 */
export type Fault =
  | { readonly kind: 'offline'; readonly validators: ValidatorRefs; readonly forSlots?: number }
  | { readonly kind: 'online'; readonly validators: ValidatorRefs }
  | { readonly kind: EquivocationKind; readonly validators: ValidatorRefs; readonly atOnce?: boolean }
  | {
      readonly kind: 'wrongFeeRecipient';
      readonly validators: ValidatorRefs;
      readonly forSlots?: number;
      readonly feeRecipient?: Hex;
    };

/** Validators by index in the registry, or by public key. */
export type ValidatorRefs = readonly (number | Hex)[];

/** One fault in force, for people and tests to look at. */
export interface ActiveFault {
  readonly kind: Fault['kind'];
  readonly pubkey: Pubkey;
  /** The last slot in which it holds; absent: until it is lifted, or committed. */
  readonly untilSlot?: number;
}

/** Whom fees go to under `wrongFeeRecipient` when the fault names nobody. */
export const THIEF: Hex = '0x000000000000000000000000000000000000dead';

interface Spell {
  readonly untilSlot: number;
  readonly feeRecipient: Hex;
}

/** The faults in force, by public key: a validator may be told to fail before it is in the registry. */
export class FaultBook {
  readonly #offline = new Map<Hex, Spell>();
  readonly #wrongFeeRecipient = new Map<Hex, Spell>();
  readonly #equivocations = new Map<EquivocationKind, Map<Hex, { readonly atOnce: boolean }>>([
    ['doubleVote', new Map()],
    ['surroundVote', new Map()],
    ['doubleProposal', new Map()],
  ]);

  /** `now` is the last slot that is over. */
  inject(fault: Fault, pubkeys: readonly Pubkey[], now: number): void {
    for (const pubkey of pubkeys) {
      switch (fault.kind) {
        case 'online':
          this.#offline.delete(pubkey);
          break;
        case 'offline':
        case 'wrongFeeRecipient': {
          const untilSlot = fault.forSlots === undefined ? Number.POSITIVE_INFINITY : now + fault.forSlots;
          const feeRecipient = fault.kind === 'wrongFeeRecipient' ? (fault.feeRecipient ?? THIEF) : THIEF;
          const spells = fault.kind === 'offline' ? this.#offline : this.#wrongFeeRecipient;
          spells.set(pubkey, { untilSlot, feeRecipient });
          break;
        }
        default:
          this.#equivocations.get(fault.kind)!.set(pubkey, { atOnce: fault.atOnce ?? false });
      }
    }
  }

  isOffline(pubkey: Hex, slot: number): boolean {
    const spell = this.#offline.get(pubkey);
    return spell !== undefined && slot <= spell.untilSlot;
  }

  /** The recipient that a faulty proposer pays instead, or undefined for an honest one. */
  stolenFeeRecipient(pubkey: Hex, slot: number): Hex | undefined {
    const spell = this.#wrongFeeRecipient.get(pubkey);
    return spell !== undefined && slot <= spell.untilSlot ? spell.feeRecipient : undefined;
  }

  /** Whether the validator commits this fault when its duty comes. */
  atDuty(kind: EquivocationKind, pubkey: Hex): boolean {
    return this.#equivocations.get(kind)!.get(pubkey)?.atOnce === false;
  }

  /** The validators that commit this fault now rather than at their next duty. */
  atOnce(kind: EquivocationKind): Hex[] {
    return [...this.#equivocations.get(kind)!].filter(([, { atOnce }]) => atOnce).map(([pubkey]) => pubkey);
  }

  committed(kind: EquivocationKind, pubkeys: readonly Hex[]): void {
    for (const pubkey of pubkeys) this.#equivocations.get(kind)!.delete(pubkey);
  }

  /** Those in force in the slot after `now`. */
  list(now: number): ActiveFault[] {
    const spells = (kind: 'offline' | 'wrongFeeRecipient', map: Map<Hex, Spell>): ActiveFault[] =>
      [...map]
        .filter(([, { untilSlot }]) => now < untilSlot)
        .map(([pubkey, { untilSlot }]) => ({
          kind,
          pubkey: pubkey as Pubkey,
          ...(Number.isFinite(untilSlot) ? { untilSlot } : {}),
        }));
    const armed = [...this.#equivocations].flatMap(([kind, map]) =>
      [...map.keys()].map((pubkey) => ({ kind, pubkey: pubkey as Pubkey })),
    );
    return [...spells('offline', this.#offline), ...spells('wrongFeeRecipient', this.#wrongFeeRecipient), ...armed];
  }

  clone(): FaultBook {
    const copy = new FaultBook();
    for (const [pubkey, spell] of this.#offline) copy.#offline.set(pubkey, spell);
    for (const [pubkey, spell] of this.#wrongFeeRecipient) copy.#wrongFeeRecipient.set(pubkey, spell);
    for (const [kind, map] of this.#equivocations) copy.#equivocations.set(kind, new Map(map));
    return copy;
  }
}
