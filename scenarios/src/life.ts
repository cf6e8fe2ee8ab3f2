import type { Hex, Pubkey } from '@holdfast/units';
import type { World } from './world.ts';

export interface OperatorLife {
  readonly name: string;
  /** Number among the devnet's accounts. */
  readonly account: number;
  readonly id: number;
  /** Keys it offered, with the ordinals the ledger gave them. */
  readonly keys: { readonly pubkey: Pubkey; readonly ordinal: number }[];
}

export interface StakerLife {
  readonly name: string;
  readonly account: number;
  readonly address: Hex;
  readonly deposited: bigint;
  readonly requests: bigint[];
}

/** What the acts hand on to each other. */
export interface Life {
  readonly world: World;
  readonly operators: OperatorLife[];
  readonly stakers: StakerLife[];
  /** Wei per 1e18 shares, before the fault. */
  rateBeforeFault: bigint;
  /** Whom act 7 slashes, and who tries to leave in time. */
  faulty: { operator: OperatorLife; ordinals: number[] } | null;
  earlyLeaver: { staker: StakerLife; requestId: bigint; shares: bigint; rateAtRequest: bigint } | null;
  nextKey: number;
}

export interface Act {
  readonly n: number;
  readonly name: string;
  run(life: Life): Promise<void>;
}

/** What an act claims. It fails with both values in the message. */
export function expect(claim: string, holds: boolean, values: Record<string, unknown> = {}): void {
  if (holds) return;
  const shown = Object.entries(values).map(([name, value]) => `${name} ${String(value)}`);
  throw new Error(`${claim}: does not hold${shown.length > 0 ? ` (${shown.join(', ')})` : ''}`);
}
