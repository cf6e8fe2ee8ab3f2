type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: Map<string, number>;
}

/** All that the keeper counts and measures. Names end in their unit; counters in `_total`. */
const FAMILIES = {
  holdfast_keeper_ticks_total: ['counter', 'Rounds of observe, decide, act'],
  holdfast_keeper_errors_total: ['counter', 'What could not be read or done, by part'],
  holdfast_keeper_actions_total: ['counter', 'Actions by kind and outcome'],
  holdfast_keeper_transactions_total: ['counter', 'Mined transactions by kind and outcome'],
  holdfast_keeper_replacements_total: ['counter', 'Transactions sent again with higher fees'],
  holdfast_keeper_gas_used_total: ['counter', 'Gas paid for, by kind'],
  holdfast_keeper_last_tick_timestamp_seconds: ['gauge', 'When the last round that could read the pool ended'],
  holdfast_keeper_tick_duration_seconds: ['gauge', 'How long the last round took'],
  holdfast_keeper_head_slot: ['gauge', 'Slot of the latest execution block'],
  holdfast_keeper_proven_slot: ['gauge', 'Slot of the beacon state that decisions rest on'],
  holdfast_keeper_account_balance_ether: ['gauge', 'What the account can pay with'],
  holdfast_keeper_pending_transactions: ['gauge', 'Sent and not mined'],
  holdfast_keeper_resting_actions: ['gauge', 'Actions that wait after a failure'],
  holdfast_keeper_validators: ['gauge', 'Validators of the pool by status'],
  holdfast_keeper_checkpoint_age_seconds: ['gauge', 'Time since the start of the last checkpoint'],
  holdfast_keeper_checkpoint_remaining: ['gauge', 'Validators that the checkpoint in progress has not counted'],
  holdfast_keeper_queue_requests: ['gauge', 'Withdrawal requests that no checkpoint has released'],
  holdfast_keeper_shortfall_ether: ['gauge', 'What the queue needs beyond cash and exits on their way'],
  holdfast_keeper_request_fee_wei: ['gauge', 'EIP-7002 fee of an exit'],
} as const satisfies Record<string, readonly ['counter' | 'gauge', string]>;

export type MetricName = keyof typeof FAMILIES;

/** Counters and gauges in the Prometheus text format, version 0.0.4. */
export class Metrics {
  private readonly families: ReadonlyMap<string, Family> = new Map(
    Object.entries(FAMILIES).map(([name, [type, help]]) => [name, { type, help, samples: new Map() }]),
  );

  add(name: MetricName, labels: Labels = {}, amount = 1): void {
    const { samples } = this.families.get(name)!;
    const at = labelText(labels);
    samples.set(at, (samples.get(at) ?? 0) + amount);
  }

  set(name: MetricName, value: number, labels: Labels = {}): void {
    this.families.get(name)!.samples.set(labelText(labels), value);
  }

  /** Drops all samples of a gauge whose labels come and go. */
  clear(name: MetricName): void {
    this.families.get(name)!.samples.clear();
  }

  get(name: MetricName, labels: Labels = {}): number | undefined {
    return this.families.get(name)!.samples.get(labelText(labels));
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, { type, help, samples }] of this.families) {
      if (samples.size === 0) continue;
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
