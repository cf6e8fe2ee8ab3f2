import { zeroAddress } from 'viem';
import { applyFlow } from './flows.ts';
import { type History, noFlows, type TimedEvent } from './history.ts';
import { applyIncident } from './incidents.ts';
import { applyRate } from './rateLine.ts';
import { applyRequest } from './requests.ts';

/** How many checkpoints and points of the rate are kept: the newest. */
const CHECKPOINTS_KEPT = 400;
const POINTS_KEPT = 4_000;

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
