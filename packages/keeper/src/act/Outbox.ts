import type { Hex } from '@holdfast/units';
import type { PublicClient } from 'viem';
import type { Action } from '../decide/action.ts';
import type { Fees } from './fees.ts';

/** A transaction on its way. */
export interface Sent {
  readonly action: Action;
  readonly nonce: number;
  readonly fees: Fees;
  /** Newest last; empty when the node did not answer whether it took the transaction. */
  readonly hashes: readonly Hex[];
  /** The one among them that does nothing: it only uses up the nonce of an action that is no longer wanted. */
  readonly cancelled?: Hex | undefined;
  /** Slot of the head when it was sent, or replaced, last. */
  readonly slot: number;
}

/** A transaction whose nonce is used up. */
export interface Landed {
  readonly action: Action;
  readonly hash: Hex | null;
  /** `reverted`: mined, and refused there. `replaced`: the nonce went to a transaction that is not known here. */
  readonly outcome: 'success' | 'reverted' | 'replaced';
  readonly gasUsed: bigint;
}

/**
 * The account's transactions that are not mined. Only for speed and clearer logs: after a restart the node's count of
 * pending transactions tells that there are some, and they are given time to land before anything else is sent.
 */
export class Outbox {
  private readonly sent = new Map<number, Sent>();
  private latestNonce = 0;
  private pendingNonce = 0;
  private strangersSinceSlot: number | null = null;

  private readonly publicClient: PublicClient;
  private readonly account: Hex;
  private readonly patienceSlots: number;

  constructor(publicClient: PublicClient, account: Hex, patienceSlots: number) {
    this.publicClient = publicClient;
    this.account = account;
    this.patienceSlots = patienceSlots;
  }

  /** Asks the node where the account stands, and returns what has landed since the last time. */
  async sync(slot: number): Promise<Landed[]> {
    const count = (blockTag: 'latest' | 'pending'): Promise<number> =>
      this.publicClient.getTransactionCount({ address: this.account, blockTag });
    const [latest, pending] = await Promise.all([count('latest'), count('pending')]);
    this.latestNonce = latest;
    this.pendingNonce = Math.max(latest, pending);
    const mined = [...this.sent.values()].filter(({ nonce }) => nonce < latest).sort((a, b) => a.nonce - b.nonce);
    const landed: Landed[] = [];
    for (const transaction of mined) {
      landed.push(await this.outcomeOf(transaction));
      this.sent.delete(transaction.nonce);
    }
    this.forgetLost();
    this.watchStrangers(slot);
    return landed;
  }

  /** Keys of the actions on their way. */
  get keys(): ReadonlySet<string> {
    return new Set([...this.sent.values()].map(({ action }) => action.key));
  }

  get size(): number {
    return this.sent.size;
  }

  /** Pending transactions of this account that this process did not send, and that still have time to land. */
  awaitsStrangers(slot: number): boolean {
    return this.strangersSinceSlot !== null && slot < this.strangersSinceSlot + this.patienceSlots;
  }

  /** The lowest free nonce. Those of strangers that did not land in time are taken over. */
  nextNonce(slot: number): number {
    let nonce = this.awaitsStrangers(slot) ? this.pendingNonce : this.latestNonce;
    while (this.sent.has(nonce)) nonce += 1;
    return nonce;
  }

  record(transaction: Sent): void {
    const before = this.sent.get(transaction.nonce);
    const hashes = [...(before?.hashes ?? []), ...transaction.hashes];
    this.sent.set(transaction.nonce, { ...transaction, hashes });
  }

  /** Those that nobody mined for too long, oldest nonce first. */
  stuck(slot: number): Sent[] {
    return [...this.sent.values()]
      .filter((transaction) => slot >= transaction.slot + this.patienceSlots)
      .sort((a, b) => a.nonce - b.nonce);
  }

  private async outcomeOf({ action, hashes, cancelled }: Sent): Promise<Landed> {
    for (const hash of [...hashes].reverse()) {
      const receipt = await this.publicClient.getTransactionReceipt({ hash }).catch(() => null);
      if (receipt === null) continue;
      const outcome = hash === cancelled ? 'replaced' : receipt.status === 'success' ? 'success' : 'reverted';
      return { action, hash, outcome, gasUsed: receipt.gasUsed };
    }
    return { action, hash: hashes.at(-1) ?? null, outcome: 'replaced', gasUsed: 0n };
  }

  /** Transactions that the node did not acknowledge and does not know: they never reached it. */
  private forgetLost(): void {
    for (const { nonce, hashes } of this.sent.values()) {
      if (hashes.length === 0 && nonce >= this.pendingNonce) this.sent.delete(nonce);
    }
  }

  private watchStrangers(slot: number): void {
    const nonces = Array.from({ length: this.pendingNonce - this.latestNonce }, (_, i) => this.latestNonce + i);
    if (nonces.every((nonce) => this.sent.has(nonce))) this.strangersSinceSlot = null;
    else this.strangersSinceSlot ??= slot;
  }
}
