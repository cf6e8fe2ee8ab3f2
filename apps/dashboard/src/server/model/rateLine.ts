import type { RatePoint } from '../../shared/state.ts';
import type { History, RateLine, TimedEvent } from './history.ts';

const ONE = 10n ** 18n;

export function rateAt({ from, since, target, until }: RateLine, time: number): bigint {
  if (time >= until) return target;
  if (time <= since) return from;
  return from + ((target - from) * BigInt(time - since)) / BigInt(until - since);
}

/** Bends the line at each checkpoint and loss, and keeps the corner points of the curve that it drew. */
export function applyRate(history: History, event: TimedEvent): void {
  if (event.part !== 'vault') return;
  const at = event.timestamp;
  if (event.name === 'Deposit' && history.line === null) {
    history.line = { from: ONE, since: at, target: ONE, until: at };
    history.points.push(point(at, ONE, 'start'));
  } else if (event.name === 'Reported') {
    const { current, target, reachedAt } = event.args;
    reach(history, at);
    history.line = { from: current, since: at, target, until: Number(reachedAt) };
    history.points.push(point(at, current, 'checkpoint'));
  } else if (event.name === 'LossRecorded') {
    const { amount, rateBefore, rateAfter } = event.args;
    reach(history, at);
    // ShareRate.lowered: what still drips in pays first; the target falls by the whole loss, the rate by what is left.
    const perShare = history.supply === 0n ? 0n : (amount * ONE + history.supply - 1n) / history.supply;
    const target = (history.line?.target ?? rateBefore) - perShare;
    const flat = target <= rateBefore;
    const until = flat ? at : (history.line?.until ?? at);
    history.line = { from: rateAfter, since: at, target: flat ? rateAfter : target, until };
    history.points.push(point(at, rateBefore, 'reached'), point(at, rateAfter, 'loss'));
  }
}

/** Notes where the line became flat, if it did before `time`. */
function reach(history: History, time: number): void {
  const { line } = history;
  if (line !== null && line.until > line.since && line.until < time) {
    history.points.push(point(line.until, line.target, 'reached'));
  }
}

/** The corner points up to `now`, the last one being now itself. */
export function pointsUntil(history: History, now: number, current: bigint): RatePoint[] {
  const { line, points } = history;
  if (line === null) return [];
  const reached =
    line.until > line.since && line.until < now ? [point(line.until, line.target, 'reached')] : ([] as RatePoint[]);
  return [...points, ...reached, point(now, current, 'reached')];
}

const point = (t: number, rate: bigint, kind: RatePoint['kind']): RatePoint => ({ t, rate: rate.toString(), kind });
