/** Complaints of receivers about the shares they got, and the dealers' public answers. */
import type { Scalar } from '../threshold/scalar.ts';
import type { ShareIndex } from '../threshold/scheme.ts';
import { MalformedError, Reader, strictlyAscending, Writer } from './codec.ts';
import type { Party } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

/** By dealer: the validators whose share is wrong, or `all` where none came. */
export type Complaints = ReadonlyMap<Party, readonly number[] | 'all'>;

/** One share made public to answer a complaint. */
export interface Revealed {
  readonly receiver: ShareIndex;
  readonly validator: number;
  readonly share: Scalar;
}

export function encodeComplaints(complaints: Complaints): Uint8Array {
  const out = new Writer();
  for (const [dealer, validators] of [...complaints].sort(([a], [b]) => a - b)) {
    out.u8(dealer).u16(validators === 'all' ? 0 : validators.length);
    if (validators !== 'all') for (const validator of validators) out.u16(validator);
  }
  return out.done();
}

/** @throws MalformedError */
export function decodeComplaints(payload: Uint8Array, plan: CeremonyPlan, complainer: Party): Complaints {
  const { validators } = plan.definition;
  const reader = new Reader(payload);
  const complaints = new Map<Party, readonly number[] | 'all'>();
  while (reader.left > 0) {
    const dealer = reader.u8(1, plan.identities.length);
    if (dealer === complainer || !plan.dealers.has(dealer)) throw new MalformedError('a complaint about nobody');
    const count = reader.u16(0, validators);
    const named = Array.from({ length: count }, () => reader.u16(0, validators - 1));
    strictlyAscending(named);
    complaints.set(dealer, count === 0 ? 'all' : named);
    strictlyAscending([...complaints.keys()]);
  }
  return complaints;
}

export function encodeRevealed(revealed: readonly Revealed[]): Uint8Array {
  const out = new Writer();
  for (const { receiver, validator, share } of revealed) out.u8(receiver).u16(validator).bytes(share);
  return out.done();
}

/** The shares that a dealer made public, if they are exactly those it was asked for. @throws MalformedError */
export function decodeRevealed(payload: Uint8Array, asked: readonly Omit<Revealed, 'share'>[]): Revealed[] {
  const reader = new Reader(payload);
  const revealed = asked.map(({ receiver, validator }) => {
    if (reader.u8(receiver, receiver) !== receiver || reader.u16(validator, validator) !== validator)
      throw new MalformedError('another share than the one asked for');
    return { receiver, validator, share: reader.bytes(32) };
  });
  reader.end();
  return revealed;
}

/** What a dealer has to make public, in order, given who complains about what. */
export function askedOf(
  complaints: ReadonlyMap<ShareIndex, Complaints>,
  dealer: Party,
  validators: number,
): Omit<Revealed, 'share'>[] {
  return [...complaints]
    .sort(([a], [b]) => a - b)
    .flatMap(([receiver, about]) => {
      const named = about.get(dealer) ?? [];
      const list = named === 'all' ? Array.from({ length: validators }, (_, i) => i) : named;
      return list.map((validator) => ({ receiver, validator }));
    });
}
