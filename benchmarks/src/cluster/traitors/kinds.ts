import {
  type Envelope,
  hashValue,
  type InstanceId,
  instanceKey,
  leaderOf,
  quorumOf,
  type SignedMessage,
} from '@holdfast/consensus';
import { CHANNELS, decodePartials, encodePartials, type WirePartial } from '@holdfast/node';
import type { Root } from '@holdfast/units';
import { STATE_ROOT } from './beacon.ts';
import type { Stage } from './stage.ts';

/**
 * Who sits among the four. Each runs a whole node, to know what goes on and to take part, and lies in one way:
 * - `equivocator`: proposes one value to some and another to the rest, and votes for both.
 * - `silentLeader`: follows, but proposes nothing.
 * - `selectiveSender`: sends each message to some peers only.
 * - `replayer`: sends what it heard once more, of this slot and of old ones, in its own name and in that of others.
 * - `forger`: speaks in the names of others, and sends noise.
 * - `conflictingJustifier`: proposes, prepares and decides by justifications that do not justify.
 * - `badPartials`: agrees on everything and sends wrong partial signatures.
 * - `slashableLeader`: proposes votes that surround what was signed before, as soon as others cannot check them.
 * - `twins`: one identity and one share on two machines with two disks.
 */
export const KINDS = [
  'equivocator',
  'silentLeader',
  'selectiveSender',
  'replayer',
  'forger',
  'conflictingJustifier',
  'badPartials',
  'slashableLeader',
  'twins',
] as const;
export type TraitorKind = (typeof KINDS)[number];

/** What stands between a traitor's node and the wire. */
export interface Mask {
  readonly says?: (to: number, channel: number, payload: Uint8Array) => void;
  readonly hears?: (from: number, channel: number, payload: Uint8Array) => void;
}

type MaskOf = (stage: Stage) => Mask;

const NO_VALUE = `0x${'00'.repeat(32)}` as Root;
const UNKNOWN_CHANNEL = 9;

const equivocator: MaskOf = (stage) => {
  const second = new Map<string, { readonly proposal: SignedMessage; readonly value: Uint8Array }>();
  const isFavoured = (to: number, { slot }: InstanceId): boolean => (to + slot) % 2 === 0;
  return {
    says(to, channel, payload) {
      if (channel !== CHANNELS.consensus) return stage.raw(to, channel, payload);
      const { instance, message, justification, value } = stage.read(payload);
      const key = `${instanceKey(instance)}/${message.round}`;
      if (message.type === 'PRE-PREPARE' && value && !second.has(key)) {
        const other = changed(value);
        const proposal = stage.sign(instance, 'PRE-PREPARE', message.round, hashValue(other));
        second.set(key, { proposal, value: other });
      }
      const lie = second.get(key);
      if (lie === undefined || isFavoured(to, instance)) stage.raw(to, channel, payload);
      if (lie === undefined) return;
      const { valueHash } = lie.proposal;
      if (message.type === 'COMMIT')
        stage.send([to], instance, stage.sign(instance, 'COMMIT', message.round, valueHash));
      if (isFavoured(to, instance)) return;
      if (message.type === 'PRE-PREPARE') stage.send([to], instance, lie.proposal, justification, lie.value);
      else if (message.type === 'PREPARE')
        stage.send([to], instance, stage.sign(instance, 'PREPARE', message.round, valueHash), [lie.proposal]);
      else stage.raw(to, channel, payload);
    },
  };
};

const silentLeader: MaskOf = (stage) => ({
  says(to, channel, payload) {
    if (channel === CHANNELS.consensus && stage.read(payload).message.type === 'PRE-PREPARE') return;
    stage.raw(to, channel, payload);
  },
});

const selectiveSender: MaskOf = (stage) => ({
  says(to, channel, payload) {
    if (stage.chance.of(0.5)) stage.raw(to, channel, payload);
  },
});

const HEARD_MAX = 300;

const replayer: MaskOf = (stage) => {
  const heard: { readonly channel: number; readonly payload: Uint8Array }[] = [];
  const again = (channel: number, payload: Uint8Array): void =>
    stage.later(stage.chance.between(0, 3000), () => stage.raw(stage.chance.pick(stage.peers), channel, payload));
  return {
    says(to, channel, payload) {
      stage.raw(to, channel, payload);
      if (stage.chance.of(0.3)) again(channel, payload);
    },
    hears(_from, channel, payload) {
      heard.push({ channel, payload });
      if (heard.length > HEARD_MAX) heard.shift();
      const old = stage.chance.pick(heard);
      if (stage.chance.of(0.3)) again(old.channel, old.payload);
    },
  };
};

const forger: MaskOf = (stage) => {
  const { chance, peers } = stage;
  const forged = (like: SignedMessage, sender: number): SignedMessage => ({
    ...like,
    sender,
    signature: chance.of(0.5) ? like.signature : chance.bytes(64),
  });
  const fromAll = (own: SignedMessage): SignedMessage[] => [own, ...peers.map((node) => forged(own, node))].slice(0, 3);
  const acts: ((envelope: Envelope) => void)[] = [
    ({ instance, message: { round }, value }) => {
      const lie = changed(value ?? chance.bytes(128));
      const commits = fromAll(stage.sign(instance, 'COMMIT', round, hashValue(lie)));
      stage.send(peers, instance, stage.sign(instance, 'DECIDED', round, hashValue(lie)), commits, lie);
    },
    ({ instance, message: { round }, value }) => {
      const next = nextLed(stage, instance, round);
      const lie = changed(value ?? chance.bytes(128));
      const changes = fromAll(stage.sign(instance, 'ROUND-CHANGE', next, NO_VALUE));
      stage.send(peers, instance, stage.sign(instance, 'PRE-PREPARE', next, hashValue(lie)), changes, lie);
    },
    ({ instance, message }) => stage.send(peers, instance, forged(message, chance.pick(peers))),
    () => stage.raw(chance.pick(peers), CHANNELS.consensus, chance.bytes(chance.between(0, 400))),
    () => stage.raw(chance.pick(peers), CHANNELS.partials, chance.bytes(8 + 132 * chance.between(1, 3))),
    () => stage.raw(chance.pick(peers), chance.pick([UNKNOWN_CHANNEL, CHANNELS.partials]), chance.bytes(77)),
  ];
  return {
    hears(_from, channel, payload) {
      if (channel === CHANNELS.consensus && chance.of(0.3)) chance.pick(acts)(stage.read(payload));
    },
  };
};

const conflictingJustifier: MaskOf = (stage) => {
  const { chance, peers, nodes } = stage;
  const times = (message: SignedMessage): SignedMessage[] => Array.from({ length: quorumOf(nodes) }, () => message);
  const acts: ((instance: InstanceId, round: number, value: Uint8Array) => void)[] = [
    (instance, round, value) => {
      const next = nextLed(stage, instance, round);
      const changes = times(stage.sign(instance, 'ROUND-CHANGE', next, NO_VALUE));
      const proposal = stage.sign(instance, 'PRE-PREPARE', next, hashValue(value));
      stage.send(peers, instance, proposal, chance.pick([[], changes, changes.slice(1)]), value);
    },
    (instance, round, value) => {
      const prepare = stage.sign(instance, 'PREPARE', round, hashValue(value));
      const change = stage.sign(instance, 'ROUND-CHANGE', round + 1, hashValue(value), round);
      stage.send(peers, instance, change, times(prepare), value);
    },
    (instance, round, value) => {
      const commits = times(stage.sign(instance, 'COMMIT', round, hashValue(value)));
      stage.send(peers, instance, stage.sign(instance, 'DECIDED', round, hashValue(value)), commits, value);
    },
  ];
  return {
    says(to, channel, payload) {
      // One node alone may learn of a decision.
      const isCommit = channel === CHANNELS.consensus && stage.read(payload).message.type === 'COMMIT';
      if (!isCommit || to === peers[0]) stage.raw(to, channel, payload);
    },
    hears(_from, channel, payload) {
      if (channel !== CHANNELS.consensus || !chance.of(0.2)) return;
      const { instance, message, value } = stage.read(payload);
      const act = chance.pick(acts);
      stage.later(chance.between(0, 800), () => act(instance, message.round, changed(value ?? chance.bytes(128))));
    },
  };
};

const badPartials: MaskOf = (stage) => {
  const { chance } = stage;
  let heard: WirePartial | undefined;
  const INFINITY = Uint8Array.from({ length: 96 }, (_, at) => (at === 0 ? 0xc0 : 0));
  const wrong = ({ validator, signingRoot, signature }: WirePartial): WirePartial => {
    const signatures = [chance.bytes(96), INFINITY, heard?.signature ?? signature];
    const ofAnother = stage.partial(validator, chance.bytes(32));
    return { validator, signingRoot, signature: chance.pick([...signatures, ofAnother, ofAnother]) };
  };
  return {
    says(to, channel, payload) {
      if (channel !== CHANNELS.partials) return stage.raw(to, channel, payload);
      const { slot, partials } = decodePartials(payload);
      const flood = Array.from({ length: chance.of(0.05) ? 40 : 0 }, () => ({
        ...partials[0]!,
        signingRoot: chance.bytes(32),
      }));
      stage.raw(to, channel, encodePartials({ slot, partials: [...flood, ...partials.map(wrong)] }));
    },
    hears(_from, channel, payload) {
      if (channel === CHANNELS.partials) heard = decodePartials(payload).partials[0];
    },
  };
};

/** Their lies are in what their beacon nodes say, or in being two. */
const truthful: MaskOf = () => ({});

const MASKS: Readonly<Record<TraitorKind, MaskOf>> = {
  equivocator,
  silentLeader,
  selectiveSender,
  replayer,
  forger,
  conflictingJustifier,
  badPartials,
  slashableLeader: truthful,
  twins: truthful,
};

export const maskOf = (kind: TraitorKind, stage: Stage): Mask => MASKS[kind](stage);

/** The next round after `round` that the traitor leads. */
function nextLed({ place, nodes }: Stage, instance: InstanceId, round: number): number {
  for (let next = round + 1; ; next += 1) if (leaderOf(instance, next, nodes) === place) return next;
}

/** Another value of the same duty that passes every check: another head to vote for, another state of the block. */
function changed(value: Uint8Array): Uint8Array {
  const other = Uint8Array.from(value);
  const at = value.length === 128 ? 16 : Buffer.from(other.buffer).indexOf(STATE_ROOT);
  other[Math.max(0, at)]! ^= 1;
  return other;
}
