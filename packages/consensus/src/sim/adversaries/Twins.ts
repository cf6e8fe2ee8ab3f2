import type { Envelope } from '../../message.ts';
import { Machine } from '../Machine.ts';
import type { Host, World } from '../world.ts';

/** One identity on two machines that know nothing of each other: a copied disk, a failover gone wrong. */
export class Twins implements Host {
  readonly index: number;
  readonly #world: World;
  readonly #machines: readonly Machine[];
  /** Whom each twin can hear and reach; some both, some one of them. */
  readonly #circles: readonly (readonly number[])[];

  constructor(world: World, index: number) {
    this.#world = world;
    this.index = index;
    const peers = Array.from({ length: world.plan.nodes }, (_, node) => node).filter((node) => node !== index);
    this.#circles = ['', 'twin'].map(() => (world.random.chance(0.3) ? peers : world.random.some(peers)));
    this.#machines = ['', 'twin'].map((variant, which) => {
      const say = (to: readonly number[], envelope: Envelope) => {
        const reached = to.filter((node) => this.#circles[which]!.includes(node));
        world.send(index, reached, envelope);
      };
      return new Machine(world, index, { honest: false, variant, say });
    });
  }

  begin(which: number): void {
    for (const machine of this.#machines) machine.begin(which);
  }

  deliver(from: number, envelope: Envelope): void {
    for (const [which, machine] of this.#machines.entries())
      if (this.#circles[which]!.includes(from)) machine.deliver(from, envelope);
  }

  reconnected(to: number): void {
    for (const machine of this.#machines) machine.reconnected(to);
  }

  suspect(nodes: readonly number[]): void {
    for (const machine of this.#machines) machine.suspect(nodes);
  }

  heal(): void {
    this.#world.log(() => `the twins of ${this.index} live on`);
    for (const machine of this.#machines) machine.heal();
  }
}
