import type { Party } from '@holdfast/keys';
import { FrameError } from '../errors.ts';

const NUMBER_BYTES = 4;
/** How long parcels may stay unacknowledged on a line that is up before they are sent again, milliseconds. */
const STALL_MS = 5_000;

interface Outbox {
  /** Not acknowledged yet; the first has the number `acked`. */
  readonly parcels: Uint8Array[];
  acked: number;
  /** Number of the next one to be put on the line. */
  next: number;
  progressMs: number;
}

export interface CourierOptions {
  readonly parties: readonly Party[];
  /** False when the line is down or full. */
  readonly transmit: (to: Party, parcel: Uint8Array) => boolean;
  readonly nowMs: () => number;
  /** How many parcels of one party are kept before they are taken. */
  readonly waitingMax: number;
}

/**
 * Brings every message to its receiver once and in order, over lines that break and come back: a ceremony says each
 * thing once, and a lost word would make an honest node look silent. Parcels are numbered, kept until acknowledged (the
 * acknowledgement travels in the beat) and sent again when the line comes back.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #out: ReadonlyMap<Party, Outbox>;
  readonly #received = new Map<Party, number>();
  readonly #waiting: { readonly from: Party; readonly bytes: Uint8Array }[] = [];
  #take: ((from: Party, bytes: Uint8Array) => void) | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
    const blank = (): Outbox => ({ parcels: [], acked: 0, next: 0, progressMs: options.nowMs() });
    this.#out = new Map(options.parties.map((party) => [party, blank()]));
  }

  send(to: Party, bytes: Uint8Array): void {
    const outbox = this.#out.get(to);
    if (!outbox) return;
    const number = outbox.acked + outbox.parcels.length;
    const parcel = new Uint8Array(NUMBER_BYTES + bytes.length);
    new DataView(parcel.buffer).setUint32(0, number);
    parcel.set(bytes, NUMBER_BYTES);
    outbox.parcels.push(parcel);
    this.#pump(to, outbox);
  }

  /** A parcel came. Those out of order are dropped: they come again. @throws FrameError when it is none */
  receive(from: Party, parcel: Uint8Array): void {
    if (parcel.length < NUMBER_BYTES) throw new FrameError('a parcel that is none', { bytes: parcel.length });
    const number = new DataView(parcel.buffer, parcel.byteOffset).getUint32(0);
    if (number !== this.received(from)) return;
    const bytes = parcel.slice(NUMBER_BYTES);
    if (this.#take) {
      this.#received.set(from, number + 1);
      this.#take(from, bytes);
      return;
    }
    // We have not begun. What is over the limit comes again later.
    if (this.#waiting.filter((each) => each.from === from).length >= this.#options.waitingMax) return;
    this.#received.set(from, number + 1);
    this.#waiting.push({ from, bytes });
  }

  /** How many parcels of this party came: what the beat tells it. */
  received(from: Party): number {
    return this.#received.get(from) ?? 0;
  }

  /** What the party says it has. It can only cheat itself. */
  acknowledged(by: Party, received: number): void {
    const outbox = this.#out.get(by);
    if (!outbox) return;
    const now = this.#options.nowMs();
    const news = Math.min(received - outbox.acked, outbox.parcels.length);
    if (news > 0) {
      outbox.parcels.splice(0, news);
      outbox.acked += news;
      outbox.next = Math.max(outbox.next, outbox.acked);
      outbox.progressMs = now;
    } else if (outbox.parcels.length === 0) {
      outbox.progressMs = now;
    } else if (now - outbox.progressMs > STALL_MS) {
      outbox.next = outbox.acked;
      outbox.progressMs = now;
    }
    this.#pump(by, outbox);
  }

  /** The line to this party is up again: whatever was under way may be lost. */
  lineUp(to: Party): void {
    const outbox = this.#out.get(to);
    if (!outbox) return;
    outbox.next = outbox.acked;
    this.#pump(to, outbox);
  }

  /** From now on `take` gets what comes, first what came before. */
  subscribe(take: (from: Party, bytes: Uint8Array) => void): () => void {
    this.#take = take;
    for (const { from, bytes } of this.#waiting.splice(0)) take(from, bytes);
    return () => {
      this.#take = () => undefined;
    };
  }

  /** Whether everything that was sent to this party has come there. */
  isDelivered(to: Party): boolean {
    return (this.#out.get(to)?.parcels.length ?? 0) === 0;
  }

  /** Erases what is kept: it holds shares. */
  close(): void {
    for (const { parcels } of this.#out.values()) for (const parcel of parcels.splice(0)) parcel.fill(0);
    for (const { bytes } of this.#waiting.splice(0)) bytes.fill(0);
  }

  #pump(to: Party, outbox: Outbox): void {
    for (; outbox.next < outbox.acked + outbox.parcels.length; outbox.next += 1) {
      if (!this.#options.transmit(to, outbox.parcels[outbox.next - outbox.acked]!)) return;
    }
  }
}
