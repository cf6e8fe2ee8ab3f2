import { asPubkey, asRoot, type Pubkey, type Root } from '@holdfast/units';
import { Doppelganger, type DoppelgangerEvent, type DoppelgangerOptions } from '../../src/doppelganger/Doppelganger.ts';
import type { LivenessPort } from '../../src/doppelganger/ports.ts';

export const ROOT = asRoot(`0x${'11'.repeat(32)}`);
export const KEY = asPubkey(`0x${'aa'.repeat(48)}`);
export const OTHER = asPubkey(`0x${'bb'.repeat(48)}`);
export const CLOCK = { genesisTime: 1_000, secondsPerSlot: 12, slotsPerEpoch: 32 };

/** A network in which validators are seen at work, and beacon nodes that tell of it, or not. */
export class World {
  wallMs = 0;
  steadyMs = 0;
  /** `epoch key` of every sign of life. */
  readonly live = new Set<string>();
  readonly active = new Set<Pubkey>([KEY, OTHER]);
  readonly own = new Map<Pubkey, bigint>();
  readonly events: DoppelgangerEvent[] = [];
  historyFails = false;

  constructor(slot: number) {
    this.pass(slot, { steady: false });
    this.wallMs += CLOCK.genesisTime * 1000;
  }

  get slot(): number {
    return Math.floor((this.wallMs / 1000 - CLOCK.genesisTime) / CLOCK.secondsPerSlot);
  }

  pass(slots: number, { steady = true } = {}): void {
    this.wallMs += slots * CLOCK.secondsPerSlot * 1000;
    if (steady) this.steadyMs += slots * CLOCK.secondsPerSlot * 1000;
  }

  /** A node that tells the truth, but for what `over` says. */
  node(
    name = 'node',
    over: Partial<LivenessPort> & { genesis?: Root; syncing?: boolean; head?: () => number } = {},
  ): LivenessPort {
    return {
      name,
      status: async () => ({
        genesisValidatorsRoot: over.genesis ?? ROOT,
        headSlot: over.head?.() ?? this.slot,
        syncing: over.syncing ?? false,
      }),
      validators: async (pubkeys) =>
        new Map(
          pubkeys
            .filter((pubkey) => this.active.has(pubkey))
            .map((pubkey) => [pubkey, { index: pubkey === KEY ? 7 : 8, active: true }]),
        ),
      liveness: async (epoch, indices) =>
        new Map(indices.map((index) => [index, this.live.has(`${epoch} ${index === 7 ? KEY : OTHER}`)])),
      ...over,
    };
  }

  watcher(over: Partial<DoppelgangerOptions> = {}): Doppelganger {
    return new Doppelganger({
      nodes: [this.node()],
      history: {
        lastEpochs: async () => {
          if (this.historyFails) throw new Error('the store is gone');
          return this.own;
        },
      },
      network: { ...CLOCK, genesisValidatorsRoot: ROOT },
      ports: { wallMs: () => this.wallMs, steadyMs: () => this.steadyMs },
      onEvent: (event) => this.events.push(event),
      ...over,
    });
  }

  /** Lets slots pass, a look at each. */
  async run(watcher: Doppelganger, slots: number): Promise<void> {
    for (let i = 0; i < slots; i += 1) {
      this.pass(1);
      await watcher.poll();
    }
  }
}

/** How a key stands, in a word. */
export function standing(watcher: Doppelganger, pubkey: Pubkey = KEY): string {
  try {
    watcher.check(pubkey);
    return 'clear';
  } catch (error) {
    return (error as { code: string }).code.replace('SIGNER_DOPPELGANGER_', '').toLowerCase();
  }
}
