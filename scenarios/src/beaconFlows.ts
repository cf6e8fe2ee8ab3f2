import type { Devnet, DevnetState } from '@holdfast/devnet';
import { type Hex, toHex } from '@holdfast/units';

/** What the beacon chain gave to and took from a set of validators so far, in gwei. */
export interface BeaconTotals {
  readonly rewards: bigint;
  readonly penalties: bigint;
  /** Balances and pending deposits now. */
  readonly held: bigint;
}

/**
 * Follows the pool's validators slot by slot, from the beacon state alone: what their balances and pending deposits
 * changed by that neither a deposit nor a withdrawal explains is reward (or penalty). Consolidations among them cancel.
 */
export class BeaconFlows {
  readonly #devnet: Devnet;
  readonly #pubkeys = new Set<Hex>();
  readonly #indices = new Map<Hex, number>();
  #held = 0n;
  #rewards = 0n;
  #penalties = 0n;

  constructor(devnet: Devnet) {
    this.#devnet = devnet;
  }

  /** Before the key's first deposit. */
  watch(pubkey: Hex): void {
    this.#pubkeys.add(pubkey);
  }

  /** After each slot, exactly once. `blockSlot` is null when the slot was missed. */
  afterSlot(blockSlot: number | null): void {
    const state = this.#devnet.state;
    const held = this.#heldIn(state);
    const { deposited, withdrawn } = blockSlot === null ? { deposited: 0n, withdrawn: 0n } : this.#moved(blockSlot);
    const net = held - this.#held + withdrawn - deposited;
    if (net > 0n) this.#rewards += net;
    else this.#penalties -= net;
    this.#held = held;
  }

  totals(): BeaconTotals {
    return { rewards: this.#rewards, penalties: this.#penalties, held: this.#held };
  }

  #heldIn(state: DevnetState): bigint {
    let held = 0n;
    for (const pubkey of this.#pubkeys) {
      const index = this.#indices.get(pubkey) ?? this.#devnet.indexOf(pubkey);
      if (index === null) continue;
      this.#indices.set(pubkey, index);
      held += BigInt(state.balances.get(index));
    }
    for (const deposit of state.pendingDeposits.getAllReadonly()) {
      if (this.#pubkeys.has(toHex(deposit.pubkey))) held += BigInt(deposit.amount);
    }
    return held;
  }

  /** Deposits and withdrawals of the watched validators in one block. */
  #moved(slot: number): { deposited: bigint; withdrawn: bigint } {
    const body = this.#devnet.chain.store.bySlot(slot)?.block.message.body;
    if (!body || !('executionPayload' in body)) throw new Error(`no block with a payload at slot ${slot}`);
    const watched = new Set(this.#indices.values());
    let deposited = 0n;
    let withdrawn = 0n;
    for (const { pubkey, amount } of body.executionRequests.deposits) {
      if (this.#pubkeys.has(toHex(pubkey))) deposited += BigInt(amount);
    }
    for (const { validatorIndex, amount } of body.executionPayload.withdrawals) {
      if (watched.has(validatorIndex)) withdrawn += BigInt(amount);
    }
    return { deposited, withdrawn };
  }
}
