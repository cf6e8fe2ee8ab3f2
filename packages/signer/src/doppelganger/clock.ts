import type { DoppelgangerPorts, SlotClock } from './ports.ts';

/** What became of time since the last look. */
export type Elapsed =
  | { readonly kind: 'steady' }
  /** The wall clock was set: epochs counted so far may not have passed. */
  | { readonly kind: 'jumped'; readonly ms: number }
  /** Nobody looked for an epoch or more (a suspended machine): another instance may have been started meanwhile. */
  | { readonly kind: 'paused'; readonly ms: number };

/** The wall clock in slots and epochs, held against a clock that cannot be set. */
export class WatchedClock {
  readonly #network: SlotClock;
  readonly #ports: DoppelgangerPorts;
  #wallMs: number;
  #steadyMs: number;

  constructor(network: SlotClock, ports: DoppelgangerPorts) {
    this.#network = network;
    this.#ports = ports;
    this.#wallMs = ports.wallMs();
    this.#steadyMs = ports.steadyMs();
  }

  /** The slot now; negative before genesis. */
  slot(): number {
    const { genesisTime, secondsPerSlot } = this.#network;
    return Math.floor((this.#ports.wallMs() / 1000 - genesisTime) / secondsPerSlot);
  }

  epoch(): number {
    return Math.floor(this.slot() / this.#network.slotsPerEpoch);
  }

  /** Call it at every look: compares both clocks since the last one. */
  elapsed(): Elapsed {
    const [wallMs, steadyMs] = [this.#ports.wallMs(), this.#ports.steadyMs()];
    const [wall, steady] = [wallMs - this.#wallMs, steadyMs - this.#steadyMs];
    this.#wallMs = wallMs;
    this.#steadyMs = steadyMs;
    const { secondsPerSlot, slotsPerEpoch } = this.#network;
    const slotMs = secondsPerSlot * 1000;
    // A machine that slept shows it on one clock or on both.
    if (Math.max(wall, steady) >= slotMs * slotsPerEpoch) return { kind: 'paused', ms: Math.max(wall, steady) };
    if (Math.abs(wall - steady) >= slotMs) return { kind: 'jumped', ms: wall - steady };
    return { kind: 'steady' };
  }
}
