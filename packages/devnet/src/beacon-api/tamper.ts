import type { BeaconStateAllForks } from '@lodestar/state-transition';

/**
 * How the Beacon API misbehaves, for those who must not trust it. The chain itself stays true.
 *
 * - `lyingBalances`: every answer that shows balances shows them `gwei` higher (lower, if negative), in the full state
 *   too, whose root therefore is no longer the one in the header. `validators` limits it to some indices.
 * - `wrongStateRoot`: block headers, blocks and state roots carry a state root that belongs to no state.
 * - `error500`: every request is answered with 500.
 * - `stall`: requests get no answer at all until the tampering ends.
 *
 * `path` limits the last two to requests whose path begins so. The control endpoints always answer.
 */
export type Tamper =
  | { readonly kind: 'lyingBalances'; readonly gwei: number; readonly validators?: readonly number[] }
  | { readonly kind: 'wrongStateRoot' }
  | { readonly kind: 'error500' | 'stall'; readonly path?: string };

/** The balance that a lying node gives out for this validator. */
export function toldBalance(tamper: Tamper | null, index: number, balance: number): number {
  if (tamper?.kind !== 'lyingBalances') return balance;
  if (tamper.validators && !tamper.validators.includes(index)) return balance;
  return Math.max(0, balance + tamper.gwei);
}

/** The state that a lying node gives out: a copy with edited balances. */
export function toldState(tamper: Tamper | null, state: BeaconStateAllForks): BeaconStateAllForks {
  if (tamper?.kind !== 'lyingBalances') return state;
  const lie = state.type.getViewDU(state.node as never) as BeaconStateAllForks;
  for (let index = 0; index < lie.balances.length; index++) {
    lie.balances.set(index, toldBalance(tamper, index, lie.balances.get(index)));
  }
  lie.commit();
  return lie;
}

export function toldStateRoot(tamper: Tamper | null, stateRoot: Uint8Array): Uint8Array {
  return tamper?.kind === 'wrongStateRoot' ? stateRoot.map((byte) => byte ^ 0xff) : stateRoot;
}
