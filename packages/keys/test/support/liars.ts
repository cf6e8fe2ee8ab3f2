// Lies for ceremonies: each takes what an honest node would send and sends something else instead.
import { SecretKey } from '@chainsafe/blst';
import { sha256, statementOf } from '../../src/dkg/broadcast.ts';
import type { NodeIdentity } from '../../src/dkg/identity.ts';
import type { Message, Party, Phase, ValueMessage } from '../../src/dkg/messages.ts';
import type { CeremonyPlan } from '../../src/dkg/plan.ts';
import { planCeremony } from '../../src/dkg/plan.ts';
import type { Lie, Members, Setting } from './ceremony.ts';

/** Tells a lie of one kind of message only. */
export function about<K extends Message['kind']>(
  kind: K,
  lie: (message: Extract<Message, { kind: K }>, to: Party) => readonly Message[] | readonly Uint8Array[],
): Lie {
  return (message, to) => (message.kind === kind ? lie(message as Extract<Message, { kind: K }>, to) : [message]);
}

/** One lie after another; the later ones see what the earlier ones send. */
export function all(...lies: readonly Lie[]): Lie {
  return (message, to) =>
    lies.reduce<readonly Message[]>(
      (messages, lie) => messages.flatMap((each) => lie(each, to) as readonly Message[]),
      [message],
    );
}

/** Says other words in a phase, signed as they should be. `change` may differ by receiver, and `undefined` is silence. */
export function says(
  setting: Pick<Setting, 'members' | 'previous'>,
  identity: NodeIdentity,
  phase: Phase,
  change: (payload: Uint8Array, to: Party) => Uint8Array | undefined,
): Lie {
  const plan = planCeremony(setting.members.definition, setting.previous);
  const self = plan.identities.indexOf(identity.publicKey) + 1;
  return about('value', (message, to) => {
    if (message.phase !== phase || message.origin !== self) return [message];
    const payload = change(message.payload, to);
    return payload ? [signedValue(plan, identity, self, phase, payload)] : [];
  });
}

export function signedValue(
  plan: CeremonyPlan,
  identity: NodeIdentity,
  self: Party,
  phase: Phase,
  payload: Uint8Array,
): ValueMessage {
  const signature = identity.sign(statementOf(plan.id, phase, self, sha256(payload)));
  return { kind: 'value', phase, origin: self, payload, vouchers: new Map([[self, signature]]) };
}

export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

/** A wrong share of one validator for some receivers. */
export function wrongShares(receivers: readonly Party[], validator = 0): Lie {
  return about('shares', (message, to) =>
    receivers.includes(to)
      ? [{ ...message, shares: message.shares.with(validator, flipped(message.shares[validator]!, 31)) }]
      : [message],
  );
}

/** No shares for some receivers. */
export function withheldShares(receivers: readonly Party[]): Lie {
  return about('shares', (message, to) => (receivers.includes(to) ? [] : [message]));
}

/** A scalar's public key, for commitments of the liar's own. */
export function publicPoint(scalar: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[31] = scalar;
  return SecretKey.fromBytes(bytes).toPublicKey().toBytes();
}

/** The identity of party `i` of members. */
export function identityOf(members: Members, party: Party): NodeIdentity {
  return members.identities[party - 1]!;
}
