import { type Envelope, type InstanceId, instanceKey, type SignedMessage } from '../../message.ts';
import { simValue } from '../values.ts';
import { Traitor } from './Traitor.ts';

/** Proposes one value to some and another to the rest, then votes for everything it hears of, or not at all. */
export class Equivocator extends Traitor {
  readonly #supported = new Set<string>();
  readonly #votes = this.world.random.chance(0.7);

  protected override say(to: readonly number[], envelope: Envelope): void {
    const { message, instance, justification } = envelope;
    if (message.type === 'PRE-PREPARE' && to.length > 1) this.#propose(to, envelope);
    else if (message.type === 'ROUND-CHANGE' && this.world.random.chance(0.3))
      // As if it had prepared nothing.
      this.send(to, instance, this.change(instance, message.round));
    else if (message.type === 'ROUND-CHANGE' || message.type === 'DECIDED') this.world.send(this.index, to, envelope);
    else this.#support(instance, message, justification);
  }

  protected override onHeard(_from: number, { instance, message, justification }: Envelope): void {
    if (message.type === 'PRE-PREPARE') this.#support(instance, message, [message]);
    if (message.type === 'PREPARE') this.#support(instance, message, justification);
  }

  #propose(to: readonly number[], envelope: Envelope): void {
    const { instance, message, justification } = envelope;
    const other = simValue(instance, this.index, 'other', this.world.random.chance(0.9));
    const second = this.sign(instance, 'PRE-PREPARE', message.round, this.hash(other));
    const favoured = this.world.random.some(to);
    const isLocked = justification.some(({ preparedRound }) => preparedRound > 0);
    this.world.send(this.index, favoured, envelope);
    const rest = to.filter((node) => !favoured.includes(node));
    if (isLocked) this.world.send(this.index, rest, envelope);
    else this.send(rest, instance, second, justification, other);
    this.#support(instance, message, [message]);
    this.#support(instance, second, [second]);
  }

  /** Votes for a value to all, or to some: as if it had heard of no other. */
  #support(instance: InstanceId, { round, valueHash }: SignedMessage, [proposal]: readonly SignedMessage[]): void {
    const key = `${instanceKey(instance)}/${round}/${valueHash}`;
    if (!this.#votes || proposal === undefined || this.#supported.has(key)) return;
    this.#supported.add(key);
    const { random } = this.world;
    const to = random.chance(0.5) ? this.peers : random.some(this.peers);
    const prepare = this.sign(instance, 'PREPARE', round, valueHash);
    const commit = this.sign(instance, 'COMMIT', round, valueHash);
    this.soon(() => this.send(to, instance, prepare, [proposal]));
    this.soon(() => this.send(to, instance, commit));
  }
}
