import type { Envelope, InstanceId, SignedMessage } from '../../message.ts';
import { simValue } from '../values.ts';
import { Traitor } from './Traitor.ts';

/** Proposes, prepares and decides by justifications that do not justify: too few, too old, doubled, or of something else. */
export class ConflictingJustifier extends Traitor {
  protected override say(to: readonly number[], envelope: Envelope): void {
    const { message, instance } = envelope;
    const isLate = message.type === 'PRE-PREPARE' && message.round > 1;
    if (message.type === 'COMMIT' && this.world.random.chance(0.5)) this.#commitToOne(envelope);
    else if (!isLate || this.world.random.chance(0.3)) this.world.send(this.index, to, envelope);
    else this.#propose(instance, message.round);
  }

  protected override onHeard(_from: number, { instance, message }: Envelope): void {
    const { random } = this.world;
    if (!random.chance(0.3)) return;
    this.soon(() => {
      const rounds = [2, 3, 4, 5, 6, message.round + 1].filter((round) => this.leads(instance, round));
      if (rounds.length > 0 && random.chance(0.6)) this.#propose(instance, random.pick(rounds));
      else if (random.chance(0.5)) this.#decide(instance, message.round);
      else this.#change(instance, message.round + 1);
    }, 800);
  }

  /** Lets one node decide, and has something else decided by the rest. */
  #commitToOne(envelope: Envelope): void {
    const { instance, message } = envelope;
    const { random } = this.world;
    const chosen = random.pick(this.peers);
    this.world.send(this.index, [chosen], envelope);
    const next = [1, 2, 3, 4].map((ahead) => message.round + ahead).find((round) => this.leads(instance, round));
    if (next !== undefined) this.soon(() => this.#propose(instance, next), random.pick([10, 100, 800]));
  }

  #propose(instance: InstanceId, round: number): void {
    const { random } = this.world;
    const value = simValue(instance, this.index, 'conflicting', random.chance(0.8));
    const heard = this.have(instance, 'ROUND-CHANGE', round);
    const own = this.change(instance, round);
    const unprepared = [...heard.filter(({ preparedRound }) => preparedRound === 0), own];
    const justification = random.pick<readonly SignedMessage[]>([
      [],
      heard,
      [...heard, own],
      unprepared,
      this.#times(own),
      [...unprepared, ...this.#times(own)].slice(0, this.quorum),
      this.have(instance, 'ROUND-CHANGE', round - 1),
      [...heard, ...this.have(instance, 'PREPARE')],
    ]);
    const proposal = this.sign(instance, 'PRE-PREPARE', round, this.hash(value));
    this.send(random.chance(0.5) ? this.peers : random.some(this.peers), instance, proposal, justification, value);
  }

  /** Claims to have prepared its own value. */
  #change(instance: InstanceId, round: number): void {
    if (round < 2) return;
    const value = simValue(instance, this.index, 'claimed');
    const prepare = this.sign(instance, 'PREPARE', round - 1, this.hash(value));
    const change = this.sign(instance, 'ROUND-CHANGE', round, this.hash(value), round - 1);
    this.send(this.peers, instance, change, this.#times(prepare), value);
  }

  /** Claims that its own value is decided. */
  #decide(instance: InstanceId, round: number): void {
    const { random } = this.world;
    const value = simValue(instance, this.index, 'decided', random.chance(0.5));
    const commit = this.sign(instance, 'COMMIT', round, this.hash(value));
    const others = this.have(instance, random.pick(['COMMIT', 'PREPARE'] as const), round);
    const commits = random.chance(0.5) ? this.#times(commit) : [...others, commit];
    this.send(this.peers, instance, this.sign(instance, 'DECIDED', round, this.hash(value)), commits, value);
  }

  #times(message: SignedMessage): SignedMessage[] {
    return Array.from({ length: this.quorum }, () => message);
  }
}
