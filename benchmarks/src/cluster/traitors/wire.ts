import type { Links, PeersOptions } from '@holdfast/node';
import { HoldfastError } from '@holdfast/units';
import { Chance } from './chance.ts';
import type { VirtualTime } from './time.ts';

/** How long a message is under way. Milliseconds. */
const DELAY = { low: 5, high: 40 } as const;
/** How long a link is gone when a peer broke its rules: until the peer dials again. */
const CUT_MS = 1000;

/** Somebody at a place in the cluster. A twin shares its place with another machine. */
export interface Machine {
  readonly place: number;
  readonly hear: (from: number, channel: number, payload: Uint8Array) => void;
}

/**
 * The network of a cluster in virtual time: what its links promise and no more. Each pair of nodes hears in order; a peer
 * that sends what a node cannot bear is cut off for a while, as a real link would be.
 */
export class Wire {
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #machines: Machine[] = [];
  readonly #lanes = new Map<string, { readonly chance: Chance; latestMs: number }>();
  readonly #cut = new Map<string, number>();
  /** Which machine of a place a node is linked to, where there are several. */
  readonly #linked = new Map<string, Machine>();

  constructor(time: VirtualTime, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  join(machine: Machine): void {
    this.#machines.push(machine);
  }

  /** Which machine of its twins each node hears, and which it reaches, is drawn anew. */
  redraw(): void {
    this.#linked.clear();
  }

  send(sender: Machine, to: number, channel: number, payload: Uint8Array): void {
    if (to === sender.place || this.#machineAt(sender.place, `${to} hears`) !== sender) return;
    const receiver = this.#machineAt(to, `${sender.place} reaches`);
    const lane = this.#lane(this.#machines.indexOf(sender), to);
    lane.latestMs = Math.max(lane.latestMs, this.#time.nowMs() + lane.chance.span(DELAY.low, DELAY.high));
    this.#time.alarm(lane.latestMs, () => this.#deliver(sender.place, receiver, channel, payload));
  }

  #lane(from: number, to: number): { readonly chance: Chance; latestMs: number } {
    const key = `${from}/${to}`;
    const lane = this.#lanes.get(key) ?? { chance: new Chance(64 * from + to + 1), latestMs: 0 };
    this.#lanes.set(key, lane);
    return lane;
  }

  #deliver(from: number, receiver: Machine, channel: number, payload: Uint8Array): void {
    const lane = `${from}/${this.#machines.indexOf(receiver)}`;
    if ((this.#cut.get(lane) ?? 0) > this.#time.nowMs()) return;
    try {
      receiver.hear(from, channel, payload);
    } catch (error) {
      // What a link answers by hanging up. Anything else is a crash of the node, and of this trial.
      if (!(error instanceof HoldfastError)) throw error;
      this.#cut.set(lane, this.#time.nowMs() + CUT_MS);
    }
  }

  #machineAt(place: number, whose: string): Machine {
    const machines = this.#machines.filter((machine) => machine.place === place);
    if (machines.length === 1) return machines[0]!;
    const key = `${whose} ${place}`;
    const machine = this.#linked.get(key) ?? this.#chance.pick(machines);
    this.#linked.set(key, machine);
    return machine;
  }
}

/** The links of one node, as `DvCluster` wants them. */
export function linksOf(
  options: PeersOptions,
  send: (to: number, channel: number, payload: Uint8Array) => void,
): Links {
  const { members, identity, onPeer } = options;
  const places = new Map(members.map(({ peerId }, at) => [peerId, at]));
  const others = members.map(({ peerId }) => peerId).filter((peerId) => peerId !== identity.peerId);
  for (const peerId of others) queueMicrotask(() => onPeer?.(peerId, true));
  return {
    addresses: [],
    connected: others,
    send: (peerId, channel, payload) => {
      send(places.get(peerId)!, channel, payload);
      return true;
    },
    broadcast: (channel, payload) => {
      for (const peerId of others) send(places.get(peerId)!, channel, payload);
    },
    close: async () => undefined,
  };
}
