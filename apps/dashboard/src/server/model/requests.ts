import type { QueueSnapshot } from '@holdfast/pool';
import { zeroAddress } from 'viem';
import type { RequestRow, RequestState } from '../../shared/state.ts';
import type { History, RequestRecord, TimedEvent } from './history.ts';

const ONE = 10n ** 18n;
const GWEI = 10n ** 9n;

export function applyRequest(history: History, event: TimedEvent): void {
  if (event.part !== 'queue') return;
  const { requests } = history;
  switch (event.name) {
    case 'WithdrawalRequested': {
      const { id, owner, shares, assets } = event.args;
      const { timestamp: requestedAt, transactionHash: tx } = event;
      requests.set(id, {
        id,
        owner: owner.toLowerCase(),
        shares,
        assets,
        payout: null,
        requestedAt,
        tx,
        claimTx: null,
      });
      break;
    }
    case 'WithdrawalsFinalized':
      for (let id = event.args.firstId; id <= event.args.lastId; id++) {
        const request = requests.get(id);
        if (request) request.payout = payoutAt(request, event.args.rate);
      }
      break;
    case 'WithdrawalClaimed': {
      const request = requests.get(event.args.id);
      if (!request) break;
      request.payout = event.args.assets;
      request.claimTx = event.transactionHash;
      break;
    }
    case 'Transfer': {
      const request = requests.get(event.args.tokenId);
      if (request && event.args.to !== zeroAddress) request.owner = event.args.to.toLowerCase();
      break;
    }
    default:
  }
}

/** WithdrawalQueue._payout: the lower of the two rates. */
function payoutAt({ shares, assets }: RequestRecord, rate: bigint): bigint {
  const atFinalization = ((shares / GWEI) * GWEI * rate) / ONE;
  return atFinalization < assets ? atFinalization : assets;
}

/** The requests of an account, newest first. */
export function requestsOf(history: History, owner: string, queue: QueueSnapshot | null): RequestRow[] {
  const wanted = owner.toLowerCase();
  return [...history.requests.values()]
    .filter((request) => request.owner === wanted)
    .reverse()
    .map((request) => requestRow(request, queue));
}

function requestRow(request: RequestRecord, queue: QueueSnapshot | null): RequestRow {
  return {
    id: request.id.toString(),
    owner: request.owner,
    shares: request.shares.toString(),
    assets: request.assets.toString(),
    payout: request.payout?.toString() ?? null,
    state: stateOf(request, queue),
    requestedAt: request.requestedAt,
    tx: request.tx,
    claimTx: request.claimTx,
  };
}

/** `proven`: a checkpoint younger than the request is finished; what it waits for is cash. */
function stateOf({ id, payout, claimTx }: RequestRecord, queue: QueueSnapshot | null): RequestState {
  if (claimTx !== null) return 'claimed';
  if (payout !== null) return 'payable';
  return queue !== null && id <= queue.payableId ? 'proven' : 'queued';
}

export function countRequests(history: History): { waiting: number; payable: number } {
  const open = [...history.requests.values()].filter(({ claimTx }) => claimTx === null);
  const payable = open.filter(({ payout }) => payout !== null).length;
  return { waiting: open.length - payable, payable };
}
