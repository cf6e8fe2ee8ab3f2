import type { PoolEvent } from '@holdfast/pool';
import { zeroAddress } from 'viem';
import type { CheckpointRow, RatePoint } from '../../shared/state.ts';
import { applyFlow, type Flows, noFlows } from './flows.ts';
import { applyIncident, type Place, type SlashingCase } from './incidents.ts';
import { applyRate, type RateLine } from './rateLine.ts';
import { applyRequest, type RequestRecord } from './requests.ts';

/** An event with the time of its block, in seconds. */
export type TimedEvent = PoolEvent & { readonly timestamp: number };

/** How many checkpoints and points of the rate are kept: the newest. */
const CHECKPOINTS_KEPT = 400;
const POINTS_KEPT = 4_000;

/**
 * Everything the page shows that the pool's state of one block does not hold: folded out of its events, one by one, in
 * the chain's order. After a reorganisation it is thrown away and folded again.
 */
export interface History {
  readonly ledger: string;
  /** In 1e-18 of a share. */
  supply: bigint;
  readonly points: RatePoint[];
  line: RateLine | null;
  /** Newest last. */
  readonly checkpoints: CheckpointRow[];
  /** Deposits that no checkpoint has seen land, in gwei by ordinal. */
  readonly inFlight: Map<number, bigint>;
  /** The same, frozen when the checkpoint in progress started. */
  inFlightFrozen: Map<number, bigint>;
  startedWith: number;
  /** The last finished checkpoint's deposits in flight, in gwei, and what has flowed since it started. */
  provenInFlightGwei: bigint;
  /** What bonds stood for in its sum, in gwei; no event tells it, so whoever has the pool's state sets it. */
  provenCoverGwei: bigint;
  since: Flows;
  sinceOpen: Flows;
  lastReport: { readonly target: bigint; readonly fee: bigint } | null;
  readonly requests: Map<bigint, RequestRecord>;
  readonly cases: Map<number, SlashingCase>;
  /** Each operator's last freeze. */
  readonly frozenAt: Map<number, Place>;
  readonly rejected: { readonly ordinal: number; readonly operatorId: number; readonly event: TimedEvent }[];
}

export const newHistory = (ledger: string): History => ({
  ledger: ledger.toLowerCase(),
  supply: 0n,
  points: [],
  line: null,
  checkpoints: [],
  inFlight: new Map(),
  inFlightFrozen: new Map(),
  startedWith: 0,
  provenInFlightGwei: 0n,
  provenCoverGwei: 0n,
  since: noFlows(),
  sinceOpen: noFlows(),
  lastReport: null,
  requests: new Map(),
  cases: new Map(),
  frozenAt: new Map(),
  rejected: [],
});

/** Folds one event in. */
export function applyEvent(history: History, event: TimedEvent): void {
  applySupply(history, event);
  applyFlow(history, event);
  applyRate(history, event);
  applyRequest(history, event);
  applyIncident(history, event);
  applyCheckpoint(history, event);
}

function applySupply(history: History, event: TimedEvent): void {
  if (event.part !== 'token' || event.name !== 'Transfer') return;
  const { from, to, value } = event.args;
  if (from === zeroAddress) history.supply += value;
  if (to === zeroAddress) history.supply -= value;
}

function applyCheckpoint(history: History, event: TimedEvent): void {
  if (event.part === 'vault' && event.name === 'Reported') {
    history.lastReport = { target: event.args.target, fee: event.args.fee };
  }
  if (event.part !== 'ledger') return;
  switch (event.name) {
    case 'Funded':
      history.inFlight.set(event.args.ordinal, event.args.amountGwei);
      break;
    case 'DepositLanded':
      history.inFlight.delete(event.args.ordinal);
      history.inFlightFrozen.delete(event.args.ordinal);
      break;
    case 'CheckpointStarted':
      history.inFlightFrozen = new Map(history.inFlight);
      history.sinceOpen = noFlows();
      history.startedWith = Number(event.args.validators);
      break;
    case 'CheckpointFinished':
      finish(history, event);
      break;
    default:
  }
}

function finish(history: History, event: TimedEvent & { readonly name: 'CheckpointFinished' }): void {
  history.provenInFlightGwei = [...history.inFlightFrozen.values()].reduce((sum, gwei) => sum + gwei, 0n);
  // A loss proven while the checkpoint was in progress is in its sum already.
  history.since = { ...history.sinceOpen, losses: 0n };
  history.checkpoints.push({
    slot: Number(event.args.slot),
    at: event.timestamp,
    nav: event.args.nav.toString(),
    outside: event.args.outside.toString(),
    rateTarget: (history.lastReport?.target ?? 10n ** 18n).toString(),
    fee: (history.lastReport?.fee ?? 0n).toString(),
    validators: history.startedWith,
    block: event.blockNumber.toString(),
    tx: event.transactionHash,
  });
  history.lastReport = null;
  if (history.checkpoints.length > CHECKPOINTS_KEPT) history.checkpoints.shift();
  if (history.points.length > POINTS_KEPT) history.points.splice(0, history.points.length - POINTS_KEPT);
}
