import { expect, test } from 'vitest';
import { Backoff } from '../src/act/Backoff.ts';
import { bumpedFees, feesFor } from '../src/act/fees.ts';
import { Standby } from '../src/act/Standby.ts';
import { action } from '../src/decide/action.ts';
import { WithdrawalScan } from '../src/evidence/WithdrawalScan.ts';
import { jsonLog } from '../src/report/log.ts';
import { Metrics } from '../src/report/Metrics.ts';

test('a failed action rests, twice as long each time, up to a limit; another does not', () => {
  const backoff = new Backoff();
  const restOf = (slot: number): number => {
    let slots = 0;
    while (backoff.resting(slot + slots).has('fund:1')) slots += 1;
    return slots;
  };
  const rests = Array.from({ length: 9 }, (_, i) => {
    backoff.failed('fund:1', 1_000 * i);
    return restOf(1_000 * i);
  });
  expect(rests).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
  expect(backoff.resting(8_000).has('fund:2')).toBe(false);
  backoff.overtaken('fund:1', 9_000);
  expect(restOf(9_000)).toBe(8);
  backoff.succeeded('fund:1');
  backoff.failed('fund:1', 10_000);
  expect(restOf(10_000)).toBe(1);
  backoff.prune(11_000);
  backoff.failed('fund:1', 11_000);
  expect(restOf(11_000)).toBe(1);
});

test('fees leave room for the base fee to double, rise by a quarter, and keep to the ceiling', () => {
  expect(feesFor(10n, 2n, 1_000n)).toEqual({ maxFeePerGas: 22n, maxPriorityFeePerGas: 2n });
  expect(feesFor(10n, 20n, 15n)).toEqual({ maxFeePerGas: 15n, maxPriorityFeePerGas: 15n });
  const sent = { maxFeePerGas: 100n, maxPriorityFeePerGas: 8n };
  expect(bumpedFees(sent, feesFor(1n, 1n, 1_000n), 1_000n)).toEqual({ maxFeePerGas: 126n, maxPriorityFeePerGas: 11n });
  expect(bumpedFees(sent, feesFor(100n, 1n, 1_000n), 1_000n)).toMatchObject({ maxFeePerGas: 201n });
  expect(bumpedFees(sent, feesFor(1n, 1n, 1_000n), 125n)).toBeNull();
});

test('on standby an action is done when it was wanted for long enough without a break', () => {
  const standby = new Standby(2);
  const [fund, finish] = [action({ kind: 'fund', ordinal: 1 }), action({ kind: 'finishCheckpoint' })];
  expect(standby.due([fund], 10)).toEqual([]);
  expect(standby.due([fund, finish], 11)).toEqual([]);
  expect(standby.due([fund, finish], 12)).toEqual([fund]);
  expect(standby.due([finish], 13)).toEqual([finish]);
  expect(standby.due([fund, finish], 14)).toEqual([finish]);
  expect(new Standby(0).due([fund], 1)).toEqual([fund]);
});

test('metrics are Prometheus text, labels escaped', () => {
  const metrics = new Metrics();
  expect(metrics.text()).toBe('\n');
  metrics.add('holdfast_keeper_errors_total', { part: 'a"b\\c\nd' });
  metrics.add('holdfast_keeper_errors_total', { part: 'a"b\\c\nd' }, 2);
  metrics.set('holdfast_keeper_head_slot', 7);
  expect(metrics.text()).toBe(
    [
      '# HELP holdfast_keeper_errors_total What could not be read or done, by part',
      '# TYPE holdfast_keeper_errors_total counter',
      'holdfast_keeper_errors_total{part="a\\"b\\\\c\\nd"} 3',
      '# HELP holdfast_keeper_head_slot Slot of the latest execution block',
      '# TYPE holdfast_keeper_head_slot gauge',
      'holdfast_keeper_head_slot 7',
      '',
    ].join('\n'),
  );
});

test('a log line is JSON, with bigints and errors in it', () => {
  const lines: string[] = [];
  jsonLog((line) => lines.push(line))({
    level: 'info',
    event: 'x',
    wei: 10n ** 20n,
    error: new TypeError('bad\nvery'),
  });
  expect(lines).toEqual([
    '{"level":"info","event":"x","wei":"100000000000000000000","error":{"code":"TypeError","message":"bad"}}\n',
  ]);
});

const VAULT = '0x00000000000000000000000000000000000000aa';

/** An execution chain of which block n is of slot n; some blocks pay the Vault. */
class FakeChain {
  readonly asked: bigint[] = [];
  branch = 'a';
  paying = new Map<number, { index: number; validatorIndex: number; address?: string }>();

  scan(blocksPerRound = 1_000): WithdrawalScan {
    const publicClient = { getBlock: async ({ blockNumber }: { blockNumber: bigint }) => this.block(blockNumber) };
    const slotOf = (timestamp: bigint) => Number(timestamp);
    return new WithdrawalScan({ publicClient: publicClient as never, vault: VAULT, slotOf, blocksPerRound });
  }

  private block(number: bigint) {
    this.asked.push(number);
    const paid = this.paying.get(Number(number));
    const withdrawals = paid && [
      { index: paid.index, validatorIndex: paid.validatorIndex, address: paid.address ?? VAULT },
    ];
    return {
      number,
      timestamp: number,
      hash: `${this.branch}${number}`,
      parentHash: `${this.branch}${number - 1n}`,
      withdrawals,
    };
  }
}

test('withdrawals are found forward and backward, each block looked at once', async () => {
  const chain = new FakeChain();
  chain.paying.set(20, { index: 1, validatorIndex: 7 });
  chain.paying.set(60, { index: 2, validatorIndex: 7 });
  chain.paying.set(61, { index: 3, validatorIndex: 7, address: `0x${'bb'.repeat(20)}` });
  chain.paying.set(105, { index: 4, validatorIndex: 8 });
  const scan = chain.scan();
  expect(await scan.extend(100n, 50)).toBe(true);
  expect(scan.of(7, 0).map(({ withdrawalIndex }) => withdrawalIndex)).toEqual([2]);
  expect(await scan.extend(110n, 50)).toBe(true);
  expect(scan.of(8, 0)).toMatchObject([{ withdrawalIndex: 4, slot: 105 }]);
  expect(scan.of(8, 106)).toEqual([]);
  expect(await scan.extend(110n, 10)).toBe(true);
  expect(scan.of(7, 0)).toHaveLength(2);
  expect(new Set(chain.asked).size).toBe(chain.asked.length);
});

test('a long way is gone in rounds, and a reorg forgets what was found', async () => {
  const chain = new FakeChain();
  chain.paying.set(60, { index: 2, validatorIndex: 7 });
  const scan = chain.scan(20);
  const rounds: boolean[] = [];
  while (rounds.at(-1) !== true) rounds.push(await scan.extend(100n, 50));
  expect(rounds).toEqual([false, false, true]);
  expect(scan.of(7, 0)).toHaveLength(1);
  chain.branch = 'b';
  chain.paying.clear();
  while (!(await scan.extend(101n, 50)));
  expect(scan.of(7, 0)).toEqual([]);
});
