import { type Root, slot } from '@holdfast/units';
import {
  Agreement,
  type AgreementOptions,
  type Decision,
  type Effect,
  type Envelope,
  hashValue,
  type InstanceId,
  instancePrefix,
  type Message,
  type MessageType,
  roundSchedule,
  type SignedMessage,
  signingBytes,
} from '../../src/index.ts';
import { macAuthenticator } from '../../src/sim/mac.ts';

export const LOCK_HASH = `0x${'a1'.repeat(32)}` as Root;
export const INSTANCE: InstanceId = { duty: 'attester', slot: slot(7) };
export const NO_VALUE = `0x${'00'.repeat(32)}` as Root;
export const VALUE_BYTES_MAX = 1000;
const SEED = 11;

export const authenticatorOf = (node: number) => macAuthenticator(node, SEED);
export const verify = authenticatorOf(0).verify;
export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

export function agreement(self: number, options: Partial<AgreementOptions> & { nodes?: number } = {}): Agreement {
  const { nodes = 4, ...rest } = options;
  return new Agreement({
    cluster: { lockHash: LOCK_HASH, nodes, self },
    instance: INSTANCE,
    authenticator: authenticatorOf(self),
    schedule: roundSchedule('attester', nodes),
    isValid: () => true,
    valueBytesMax: VALUE_BYTES_MAX,
    ...rest,
  });
}

export function signed(type: MessageType, sender: number, round: number, value: Uint8Array | Root, preparedRound = 0) {
  const valueHash = typeof value === 'string' ? value : hashValue(value);
  const fields: Message = { type, sender, round, valueHash, preparedRound };
  const signature = authenticatorOf(sender).sign(signingBytes(instancePrefix(LOCK_HASH, INSTANCE), fields));
  return { ...fields, signature };
}

export function envelope(
  message: SignedMessage,
  justification: readonly SignedMessage[] = [],
  value?: Uint8Array,
): Envelope {
  const parts = { lockHash: LOCK_HASH, instance: INSTANCE, message, justification };
  return value === undefined ? parts : { ...parts, value };
}

/** The leader of a round of `INSTANCE` among four: (slot 7 + duty 1 + round) mod 4. */
export const leader = (round: number, nodes = 4): number => (7 + 1 + round) % nodes;

export const deliver = (to: Agreement, sent: Envelope): Effect[] =>
  to.step({ type: 'message', from: sent.message.sender, envelope: sent });

export const proposal = (value: Uint8Array, round = 1): Envelope =>
  envelope(signed('PRE-PREPARE', leader(round), round, value), [], value);

export const prepareOf = (node: number, value: Uint8Array, round = 1): Envelope =>
  envelope(signed('PREPARE', node, round, value), [signed('PRE-PREPARE', leader(round), round, value)]);

export const commitOf = (node: number, value: Uint8Array, round = 1): Envelope =>
  envelope(signed('COMMIT', node, round, value));

export const changeOf = (node: number, round: number): Envelope =>
  envelope(signed('ROUND-CHANGE', node, round, NO_VALUE));

export const sentBy = (effects: readonly Effect[]): Extract<Effect, { type: 'send' }>[] =>
  effects.filter((effect) => effect.type === 'send');
export const typesSent = (effects: readonly Effect[]): MessageType[] =>
  sentBy(effects).map((effect) => effect.envelope.message.type);
export const reasons = (effects: readonly Effect[]): string[] =>
  effects.filter((effect) => effect.type === 'dropped').map(({ reason }) => reason);
export const timerOf = (effects: readonly Effect[]) => effects.find((effect) => effect.type === 'timer');
export const decisionOf = (effects: readonly Effect[]): Decision | undefined =>
  effects.find((effect) => effect.type === 'decided');

/** Carries messages between agreements in order until nobody has anything to say; whom `isLost` picks do not get them. */
export function settle(
  nodes: readonly (Agreement | undefined)[],
  first: readonly Effect[],
  isLost: (to: number, sent: Envelope) => boolean = () => false,
): Effect[] {
  const done: Effect[] = [];
  const queue = [...first];
  for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
    done.push(effect);
    if (effect.type !== 'send') continue;
    for (const to of effect.to) {
      const node = nodes[to];
      if (node && !isLost(to, effect.envelope)) queue.push(...deliver(node, effect.envelope));
    }
  }
  return done;
}
