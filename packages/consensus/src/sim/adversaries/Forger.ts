import type { Root } from '@holdfast/units';
import { type Envelope, type InstanceId, type MessageType, NO_VALUE, type SignedMessage } from '../../message.ts';
import { simValue } from '../values.ts';
import { Traitor } from './Traitor.ts';

/** Speaks in the names of others, with signatures that are made up, its own, or taken from elsewhere. */
export class Forger extends Traitor {
  protected override say(to: readonly number[], envelope: Envelope): void {
    this.world.send(this.index, to, envelope);
  }

  protected override onHeard(_from: number, { instance, message }: Envelope): void {
    const { random } = this.world;
    if (!random.chance(0.25)) return;
    this.soon(() => {
      const value = simValue(instance, this.index, 'forged', random.chance(0.5));
      const act = random.pick([this.#decide, this.#propose, this.#change, this.#impersonate]);
      act.call(this, instance, message.round, value);
    }, 800);
  }

  #forged(type: MessageType, sender: number, round: number, valueHash: Root, from: SignedMessage): SignedMessage {
    const { random } = this.world;
    const signature = random.chance(0.5)
      ? from.signature
      : Uint8Array.from({ length: 8 }, () => random.between(0, 255));
    return { type, sender, round, valueHash, preparedRound: 0, signature };
  }

  #fromAll(type: MessageType, round: number, valueHash: Root, own: SignedMessage): SignedMessage[] {
    const others = this.world.random.shuffled(this.peers).slice(0, this.quorum - 1);
    return [own, ...others.map((node) => this.#forged(type, node, round, valueHash, own))];
  }

  #decide(instance: InstanceId, round: number, value: Uint8Array): void {
    const hash = this.hash(value);
    const commits = this.#fromAll('COMMIT', round, hash, this.sign(instance, 'COMMIT', round, hash));
    this.send(this.peers, instance, this.sign(instance, 'DECIDED', round, hash), commits, value);
  }

  #propose(instance: InstanceId, round: number, value: Uint8Array): void {
    const next = [round + 1, round + 2, round + 3, round + 4].find((each) => this.leads(instance, each));
    if (next === undefined) return;
    const changes = this.#fromAll('ROUND-CHANGE', next, NO_VALUE, this.change(instance, next));
    this.send(this.peers, instance, this.sign(instance, 'PRE-PREPARE', next, this.hash(value)), changes, value);
  }

  #change(instance: InstanceId, round: number, value: Uint8Array): void {
    const hash = this.hash(value);
    const prepares = this.#fromAll('PREPARE', round, hash, this.sign(instance, 'PREPARE', round, hash));
    this.send(this.peers, instance, this.sign(instance, 'ROUND-CHANGE', round + 1, hash, round), prepares, value);
  }

  #impersonate(instance: InstanceId, round: number, value: Uint8Array): void {
    const victim = this.world.random.pick(this.peers);
    const own = this.sign(instance, 'COMMIT', round, this.hash(value));
    this.send(this.peers, instance, this.#forged('COMMIT', victim, round, own.valueHash, own));
  }
}
