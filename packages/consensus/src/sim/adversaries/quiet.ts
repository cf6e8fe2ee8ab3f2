import type { Envelope } from '../../message.ts';
import type { World } from '../world.ts';
import { Traitor } from './Traitor.ts';

/** Never says a word. */
export class Dead extends Traitor {
  protected override say(): void {}
}

/** Follows, but proposes nothing. */
export class SilentLeader extends Traitor {
  protected override say(to: readonly number[], envelope: Envelope): void {
    if (envelope.message.type !== 'PRE-PREPARE') this.world.send(this.index, to, envelope);
  }
}

/** Speaks to some peers only, always the same or others each time. */
export class SelectiveSender extends Traitor {
  readonly #favoured: readonly number[] | undefined;

  constructor(world: World, index: number) {
    super(world, index);
    this.#favoured = world.random.chance(0.5) ? world.random.some(this.peers) : undefined;
  }

  protected override say(to: readonly number[], envelope: Envelope): void {
    const favoured = this.#favoured ?? this.world.random.some(this.peers);
    this.world.send(
      this.index,
      to.filter((node) => favoured.includes(node)),
      envelope,
    );
  }
}
