import type { Envelope, InstanceId } from '../../message.ts';
import { Traitor } from './Traitor.ts';

const KEPT_MAX = 100;

/** Sends what it has heard once more: to others, in its own name, and in the other instance. */
export class Replayer extends Traitor {
  readonly #kept: Envelope[] = [];

  protected override say(to: readonly number[], envelope: Envelope): void {
    this.world.send(this.index, to, envelope);
    if (this.world.random.chance(0.3)) this.soon(() => this.world.send(this.index, to, envelope), 3000);
  }

  protected override onHeard(_from: number, envelope: Envelope): void {
    if (this.#kept.length < KEPT_MAX) this.#kept.push(envelope);
    const { random } = this.world;
    if (!random.chance(0.3)) return;
    const old = random.pick(this.#kept);
    const other = this.#other(old.instance);
    this.soon(() => {
      if (random.chance(0.3)) this.world.send(this.index, random.some(this.peers), old);
      else if (random.chance(0.5)) this.#transplantDecision(old, other);
      else this.#transplantProposal(old, other);
    }, 1000);
  }

  #other({ slot }: InstanceId): InstanceId {
    return this.world.plan.instances.find(({ instance }) => instance.slot !== slot)!.instance;
  }

  /** The COMMITs of one instance as a decision of the other. */
  #transplantDecision({ instance, message }: Envelope, other: InstanceId): void {
    const commits = this.have(instance, 'COMMIT', message.round);
    const value = this.#kept.find((each) => each.message.valueHash === commits[0]?.valueHash && each.value)?.value;
    if (commits[0] === undefined || value === undefined) return;
    const decided = this.sign(other, 'DECIDED', commits[0].round, commits[0].valueHash);
    this.send(this.peers, other, decided, commits, value);
  }

  /** The ROUND-CHANGEs of one instance as leave to propose in the other. */
  #transplantProposal({ instance, value }: Envelope, other: InstanceId): void {
    for (const round of [2, 3, 4, 5]) {
      const changes = this.have(instance, 'ROUND-CHANGE', round);
      if (!this.leads(other, round) || changes.length === 0 || value === undefined) continue;
      const proposal = this.sign(other, 'PRE-PREPARE', round, this.hash(value));
      this.send(this.world.random.some(this.peers), other, proposal, changes, value);
    }
  }
}
