import { type Root, toHex } from '@holdfast/units';
import { roundSchedule } from '../cluster/schedule.ts';
import { Agreement } from '../machine/Agreement.ts';
import type { Effect, Input } from '../machine/effects.ts';
import { type Envelope, type InstanceId, instanceKey } from '../message.ts';
import { isFit, simValue } from './values.ts';
import { describe } from './Witness.ts';
import type { Host, World } from './world.ts';

interface Kept {
  record: Uint8Array;
  readonly values: Map<Root, Uint8Array>;
}

/** How a machine speaks: an honest one into the network, a traitor's through the traitor. */
export type Say = (to: readonly number[], envelope: Envelope) => void;

/** A node as it should be: an agreement for each instance, a disk, a clock that is wrong, and crashes. */
export class Machine implements Host {
  readonly index: number;
  readonly #world: World;
  readonly #honest: boolean;
  readonly #variant: string;
  readonly #say: Say;
  readonly #disk = new Map<string, Kept>();
  readonly #agreements = new Map<string, Agreement>();
  readonly #timers = new Map<string, number>();
  /** What it has prepared since it last came up, by instance and round, to know what it must notice. */
  readonly #prepared = new Map<string, Root>();
  readonly #begun: number[] = [];
  #timer = 0;
  #up = true;
  #effectsToLive = Number.POSITIVE_INFINITY;
  #restartAt = 0;

  constructor(world: World, index: number, options: { honest: boolean; variant?: string; say: Say }) {
    this.index = index;
    this.#world = world;
    this.#honest = options.honest;
    this.#variant = options.variant ?? '';
    this.#say = options.say;
  }

  begin(which: number): void {
    this.#begun.push(which);
    if (this.#up) this.#start(which);
  }

  deliver(from: number, envelope: Envelope): void {
    if (!this.#up) return;
    this.#watch(from, envelope);
    this.#give(envelope.instance, { type: 'message', from, envelope });
  }

  reconnected(to: number): void {
    this.#toAll({ type: 'resend', to });
  }

  suspect(nodes: readonly number[]): void {
    this.#toAll({ type: 'suspect', nodes });
  }

  /** The network is whole again, and so is this machine. */
  heal(): void {
    this.#effectsToLive = Number.POSITIVE_INFINITY;
    if (!this.#up) this.#restart();
    this.#toAll({ type: 'recheck' });
  }

  /** The machine dies after so many more effects, and comes back later with its disk. */
  crashAfter(effects: number, forMs: number): void {
    this.#effectsToLive = effects;
    this.#restartAt = this.#world.timeline.now + forMs;
  }

  #start(which: number): void {
    const { plan, timeline, random } = this.#world;
    const { instance } = plan.instances[which]!;
    const value = simValue(instance, this.index, this.#variant);
    const late = plan.valueLateness[this.index]!;
    this.#give(instance, late > 0 ? { type: 'start' } : { type: 'start', value });
    if (late > 0) timeline.at(timeline.now + late, () => this.#give(instance, { type: 'value', value }));
    if (timeline.now < plan.healAt && random.chance(plan.suspicionRate))
      this.#give(instance, { type: 'suspect', nodes: [random.between(0, plan.nodes - 1)] });
  }

  #toAll(input: Input): void {
    for (const { instance } of this.#world.plan.instances) {
      if (this.#agreements.has(instanceKey(instance))) this.#give(instance, input);
    }
  }

  #give(instance: InstanceId, input: Input): void {
    if (!this.#up) return;
    try {
      this.#perform(instance, this.#agreement(instance).step(input));
    } catch (error) {
      this.#world.witness.violated(
        'crash',
        `node ${this.index}: ${error instanceof Error ? error.stack : String(error)}`,
      );
    }
  }

  #agreement(instance: InstanceId): Agreement {
    const key = instanceKey(instance);
    const known = this.#agreements.get(key);
    if (known) return known;
    const { plan, rules, authenticators, lockHash } = this.#world;
    const kept = this.#disk.get(key);
    const agreement = new Agreement({
      cluster: { lockHash, nodes: plan.nodes, self: this.index },
      instance,
      authenticator: authenticators[this.index]!,
      schedule: roundSchedule(instance.duty, plan.nodes, undefined, 0),
      isValid: (value) => isFit(instance, value) && !this.#refuses(value),
      valueBytesMax: 200,
      rules,
      ...(kept ? { restore: { record: kept.record, values: (hash: Root) => kept.values.get(hash) } } : {}),
    });
    this.#agreements.set(key, agreement);
    return agreement;
  }

  /** A view that differs: some fit values seem unfit to some nodes until the network heals. */
  #refuses(value: Uint8Array): boolean {
    const { plan, timeline } = this.#world;
    if (plan.refusalRate === 0 || timeline.now >= plan.healAt) return false;
    return ((value.at(-1)! * 31 + value.length * 7 + this.index * 13) % 100) / 100 < plan.refusalRate;
  }

  #perform(instance: InstanceId, effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.#effectsToLive -= 1;
      if (this.#effectsToLive < 0) {
        this.#die();
        return;
      }
      this.#do(instance, effect);
    }
  }

  #do(instance: InstanceId, effect: Effect): void {
    const { witness } = this.#world;
    switch (effect.type) {
      case 'persist':
        this.#write(instanceKey(instance), effect);
        break;
      case 'send':
        if (this.#honest) witness.said(effect.envelope);
        if (effect.envelope.message.type === 'PREPARE') this.#hasPrepared(effect.envelope);
        this.#say(effect.to, effect.envelope);
        break;
      case 'timer':
        this.#setTimer(instance, effect.round, effect.atMs);
        break;
      case 'decided':
        this.#world.log(() => `${this.index} decides '${Buffer.from(effect.value)}' in round ${effect.round}`);
        if (this.#honest) witness.decided(this.index, instance, effect);
        break;
      case 'accused':
        this.#world.log(() => `${this.index} accuses ${effect.evidence.culprit} of ${effect.evidence.kind}`);
        if (this.#honest) witness.accusedBy(this.index, effect.evidence);
        break;
      case 'forked':
        this.#world.log(() => `${this.index} sees two decisions`);
        break;
      case 'dropped':
        this.#world.log(() => `${this.index} drops a message of ${effect.from}: ${effect.reason}`);
        break;
    }
  }

  #write(key: string, { record, value }: Extract<Effect, { type: 'persist' }>): void {
    const kept = this.#disk.get(key) ?? { record, values: new Map<Root, Uint8Array>() };
    kept.record = record;
    if (value) kept.values.set(value.hash, value.bytes);
    this.#disk.set(key, kept);
    this.#world.log(() => `${this.index} writes ${toHex(record.subarray(-8))}`);
  }

  #setTimer(instance: InstanceId, round: number, atMs: number): void {
    const { plan, timeline, random } = this.#world;
    const key = instanceKey(instance);
    this.#timer += 1;
    const mine = this.#timer;
    this.#timers.set(key, mine);
    const { slotStart } = plan.instances.find((each) => each.instance.slot === instance.slot)!;
    const haste = plan.hasteMs > 0 && timeline.now < plan.healAt ? random.between(0, plan.hasteMs) : 0;
    timeline.at(slotStart + plan.skews[this.index]! + atMs - haste, () => {
      if (this.#timers.get(key) === mine) this.#give(instance, { type: 'timeout', round });
    });
  }

  #die(): void {
    const { timeline, log } = this.#world;
    log(() => `${this.index} crashes`);
    this.#world.counts.crashes += 1;
    this.#up = false;
    this.#effectsToLive = Number.POSITIVE_INFINITY;
    this.#agreements.clear();
    this.#timers.clear();
    this.#prepared.clear();
    timeline.at(this.#restartAt, () => {
      if (!this.#up) this.#restart();
    });
  }

  #restart(): void {
    this.#up = true;
    this.#world.log(() => `${this.index} comes back`);
    for (const which of this.#begun) this.#start(which);
    this.#world.reconnect(this.index);
  }

  #hasPrepared({ instance, message }: Envelope): void {
    this.#prepared.set(`${instanceKey(instance)}/${message.round}`, message.valueHash);
  }

  /** Notes when a leader must be found out: an honest peer's PREPARE shows that it told that peer something else. */
  #watch(from: number, { instance, message, justification }: Envelope): void {
    const { witness, isHonest } = this.#world;
    if (!this.#honest || message.type !== 'PREPARE' || !isHonest(from)) return;
    const mine = this.#prepared.get(`${instanceKey(instance)}/${message.round}`);
    const proposal = justification[0];
    if (mine === undefined || mine === message.valueHash || proposal === undefined) return;
    witness.mustName(
      proposal.sender,
      `${describe(message)} reached node ${this.index}, which prepared ${mine.slice(2, 8)}`,
    );
  }
}
