import type { Flows, History, TimedEvent } from './history.ts';

const WEI_PER_GWEI = 1_000_000_000n;

export function applyFlow(history: History, event: TimedEvent): void {
  const [name, amount] = flowOf(history, event);
  if (name === null) return;
  history.since = { ...history.since, [name]: history.since[name] + amount };
  history.sinceOpen = { ...history.sinceOpen, [name]: history.sinceOpen[name] + amount };
}

function flowOf(history: History, event: TimedEvent): [keyof Flows, bigint] | [null, 0n] {
  if (event.part !== 'vault') return [null, 0n];
  switch (event.name) {
    case 'Deposit':
      return [event.args.sender.toLowerCase() === history.ledger ? 'predeposits' : 'deposits', event.args.assets];
    case 'ClaimsPaid':
      return ['claims', event.args.assets];
    case 'Staked':
      return ['staked', event.args.amountGwei * WEI_PER_GWEI];
    case 'Compensated':
      return ['compensated', event.args.amount];
    case 'LossRecorded':
      return ['losses', event.args.amount];
    default:
      return [null, 0n];
  }
}
