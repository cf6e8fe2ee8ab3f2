import { type Envelope, type InstanceId, instanceKey, type SignedMessage } from '../../message.ts';
import { simValue } from '../values.ts';
import type { World } from '../world.ts';
import { Traitor } from './Traitor.ts';

/** How it votes: for everything to all, to everyone for what that one has prepared, or not at all. */
const MANNERS = ['all', 'flatter', 'flatter', 'silent'] as const;

/** Proposes one value to some and another to the rest, then votes for both. */
export class Equivocator extends Traitor {
  readonly #manner: (typeof MANNERS)[number];
  readonly #supported = new Set<string>();

  constructor(world: World, index: number) {
    super(world, index);
    this.#manner = world.random.pick(MANNERS);
  }

  protected override say(to: readonly number[], envelope: Envelope): void {
    const { message, instance, justification } = envelope;
    if (message.type === 'PRE-PREPARE' && to.length > 1) this.#propose(to, envelope);
    else if (message.type === 'ROUND-CHANGE' && this.world.random.chance(0.3))
      // As if it had prepared nothing.
      this.send(to, instance, this.change(instance, message.round));
    else if (message.type === 'ROUND-CHANGE' || message.type === 'DECIDED') this.world.send(this.index, to, envelope);
    else if (this.#manner === 'all') this.#support(instance, message, justification, this.peers);
  }

  protected override onHeard(from: number, { instance, message, justification }: Envelope): void {
    const { type } = message;
    if (type !== 'PRE-PREPARE' && type !== 'PREPARE') return;
    const quoted = type === 'PREPARE' ? justification : [message];
    if (this.#manner === 'all') this.#support(instance, message, quoted, this.peers);
    else if (type === 'PREPARE') this.#support(instance, message, quoted, [from]);
  }

  #propose(to: readonly number[], envelope: Envelope): void {
    const { instance, message, justification } = envelope;
    const other = simValue(instance, this.index, 'other', this.world.random.chance(0.9));
    const second = this.sign(instance, 'PRE-PREPARE', message.round, this.hash(other));
    const favoured = this.world.random.some(to);
    const rest = to.filter((node) => !favoured.includes(node));
    const isLocked = justification.some(({ preparedRound }) => preparedRound > 0);
    this.world.send(this.index, favoured, envelope);
    if (isLocked) this.world.send(this.index, rest, envelope);
    else this.send(rest, instance, second, justification, other);
    this.#support(instance, message, [message], favoured);
    this.#support(instance, second, [second], rest);
  }

  /** Votes for a value, once to each. */
  #support(
    instance: InstanceId,
    { round, valueHash }: SignedMessage,
    [proposal]: readonly SignedMessage[],
    to: readonly number[],
  ): void {
    if (proposal === undefined || this.#manner === 'silent') return;
    const key = `${instanceKey(instance)}/${round}/${valueHash}`;
    const fresh = to.filter((node) => !this.#supported.has(`${key}/${node}`));
    if (fresh.length === 0) return;
    for (const node of fresh) this.#supported.add(`${key}/${node}`);
    const prepare = this.sign(instance, 'PREPARE', round, valueHash);
    const commit = this.sign(instance, 'COMMIT', round, valueHash);
    this.soon(() => this.send(fresh, instance, prepare, [proposal]));
    this.soon(() => this.send(fresh, instance, commit));
  }
}
