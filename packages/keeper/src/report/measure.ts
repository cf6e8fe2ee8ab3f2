import { formatEth } from '@holdfast/units';
import type { View } from '../observe/Observer.ts';
import type { Metrics } from './Metrics.ts';
import type { TickReport } from './TickReport.ts';

const ether = (wei: bigint): number => Number(formatEth(wei, 18));

/** Gauges of what was observed. */
export function measureView(metrics: Metrics, { observation, moment }: View, balanceWei: bigint): void {
  const { now, pool, slot } = observation;
  metrics.set('holdfast_keeper_head_slot', slot);
  if (moment) metrics.set('holdfast_keeper_proven_slot', moment.header.slot);
  metrics.set('holdfast_keeper_account_balance_ether', ether(balanceWei));
  metrics.clear('holdfast_keeper_validators');
  for (const status of new Set(pool.validators.map((validator) => validator.status))) {
    const count = pool.validators.filter((validator) => validator.status === status).length;
    metrics.set('holdfast_keeper_validators', count, { status });
  }
  if (pool.checkpoint.startedAt > 0) {
    metrics.set('holdfast_keeper_checkpoint_age_seconds', now - pool.checkpoint.startedAt);
  }
  const inProgress = pool.checkpoint.phase !== 'idle';
  metrics.set('holdfast_keeper_checkpoint_remaining', inProgress ? pool.checkpoint.remaining : 0);
  metrics.set('holdfast_keeper_queue_requests', pool.lastRequestId - pool.payableId);
  const shortfallWei = pool.wantedWei - pool.comingWei;
  metrics.set('holdfast_keeper_shortfall_ether', shortfallWei > 0n ? ether(shortfallWei) : 0);
  if (pool.requestFeeWei !== null) metrics.set('holdfast_keeper_request_fee_wei', Number(pool.requestFeeWei));
}

/** Counters of what was done. */
export function measureTick(metrics: Metrics, report: TickReport, times: { startMs: number; endMs: number }): void {
  metrics.add('holdfast_keeper_ticks_total', { result: report.ok ? 'ok' : 'failed' });
  metrics.set('holdfast_keeper_tick_duration_seconds', (times.endMs - times.startMs) / 1000);
  metrics.set('holdfast_keeper_pending_transactions', report.inFlight);
  metrics.set('holdfast_keeper_resting_actions', report.resting);
  if (report.ok) metrics.set('holdfast_keeper_last_tick_timestamp_seconds', times.endMs / 1000);
  for (const { part } of report.errors) metrics.add('holdfast_keeper_errors_total', { part });
  for (const { kind, outcome } of report.actions) metrics.add('holdfast_keeper_actions_total', { kind, outcome });
  for (const { kind, outcome, gasUsed } of report.landed) {
    metrics.add('holdfast_keeper_transactions_total', { kind, outcome });
    metrics.add('holdfast_keeper_gas_used_total', { kind }, Number(gasUsed));
  }
  if (report.replaced.length > 0) metrics.add('holdfast_keeper_replacements_total', {}, report.replaced.length);
}
