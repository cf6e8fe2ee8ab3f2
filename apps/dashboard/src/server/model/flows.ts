import type { History, TimedEvent } from './history.ts';

const WEI_PER_GWEI = 1_000_000_000n;

/** Wei that moved since a checkpoint froze its moment; what it proved, moved by these, is what there is now. */
export interface Flows {
  readonly deposits: bigint;
  /** Operators' own 1 ETH that became the pool's: it lies in validators, not in the Vault. */
  readonly predeposits: bigint;
  readonly claims: bigint;
  readonly staked: bigint;
  readonly compensated: bigint;
  readonly losses: bigint;
}

export const noFlows = (): Flows => ({
  deposits: 0n,
  predeposits: 0n,
  claims: 0n,
  staked: 0n,
  compensated: 0n,
  losses: 0n,
});

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
