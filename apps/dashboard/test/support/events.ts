import type { PoolEvent } from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import { applyEvent } from '../../src/server/model/applyEvent.ts';
import { type History, newHistory, type TimedEvent } from '../../src/server/model/history.ts';

export const LEDGER: Hex = '0x00000000000000000000000000000000000000aa';
const SECONDS_PER_BLOCK = 12;

type Name = PoolEvent['name'];
type ArgsOf<P, N> = Extract<PoolEvent, { readonly part: P; readonly name: N }>['args'];

/** Feeds hand-made events to a history, one block each, as a chain would. */
export class Tape {
  readonly history: History = newHistory(LEDGER);
  #block = 0n;

  get now(): number {
    return Number(this.#block) * SECONDS_PER_BLOCK;
  }

  /** Adds an event in a block of its own, or with `same` in the last one's transaction. */
  add<P extends PoolEvent['part'], N extends Name>(part: P, name: N, args: ArgsOf<P, N>, same = false): this {
    if (!same) this.#block += 1n;
    const transactionHash: Hex = `0x${this.#block.toString(16).padStart(64, '0')}`;
    const event = { part, name, args, blockNumber: this.#block, logIndex: 0, transactionHash, timestamp: this.now };
    // The generic parameters hold part, name and args together; the union cannot be narrowed back to them.
    applyEvent(this.history, event as unknown as TimedEvent);
    return this;
  }

  wait(blocks: number): this {
    this.#block += BigInt(blocks);
    return this;
  }
}
