import { zeroAddress } from 'viem';
import type { PoolEvent } from '../read/poolEvents.ts';

const ONE = 10n ** 18n;

/** Wei of finalised requests that nobody has claimed yet, by the events alone. */
export function unclaimedWei(events: readonly PoolEvent[]): bigint {
  const requested = new Map<bigint, { readonly shares: bigint; readonly assets: bigint }>();
  const payable = new Map<bigint, bigint>();
  for (const event of events) {
    if (event.part !== 'queue') continue;
    if (event.name === 'WithdrawalRequested') requested.set(event.args.id, event.args);
    else if (event.name === 'WithdrawalClaimed') payable.delete(event.args.id);
    else if (event.name === 'WithdrawalsFinalized') {
      const { firstId, lastId, rate } = event.args;
      for (let id = firstId; id <= lastId; id += 1n) payable.set(id, payoutOf(requested.get(id)!, rate));
    }
  }
  return [...payable.values()].reduce((sum, payout) => sum + payout, 0n);
}

/** The lower of the worths at request and at finalisation. */
function payoutOf({ shares, assets }: { readonly shares: bigint; readonly assets: bigint }, rate: bigint): bigint {
  const atFinalization = (shares * rate) / ONE;
  return atFinalization < assets ? atFinalization : assets;
}

/** Shares minted less shares burned, by the events alone. */
export function mintedShares(events: readonly PoolEvent[]): bigint {
  let supply = 0n;
  for (const event of events) {
    if (event.part !== 'token' || event.name !== 'Transfer') continue;
    if (event.args.from === zeroAddress) supply += event.args.value;
    if (event.args.to === zeroAddress) supply -= event.args.value;
  }
  return supply;
}
