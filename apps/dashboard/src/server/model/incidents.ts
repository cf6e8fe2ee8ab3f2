import type { History, Place, SlashingCase, TimedEvent } from './history.ts';

export function applyIncident(history: History, event: TimedEvent): void {
  if (event.part === 'enforcer') applyEnforcer(history, event);
  else if (event.part === 'registry' && event.name === 'OperatorFrozen') {
    for (const each of openCases(history, event.args.operatorId)) each.frozen ??= placeOf(event);
    history.frozenAt.set(event.args.operatorId, placeOf(event));
  } else if (event.part === 'ledger') applyLedger(history, event);
}

function applyEnforcer(history: History, event: TimedEvent & { readonly part: 'enforcer' }): void {
  switch (event.name) {
    case 'SlashingProven': {
      const { ordinal, operatorId, expectedGwei, coverGwei, by } = event.args;
      history.cases.set(ordinal, {
        ordinal,
        operatorId,
        proven: { ...placeOf(event), by },
        expectedGwei,
        coverGwei,
        // The freeze is told first, in the same transaction; a later slashing finds its operator frozen already.
        frozen: history.frozenAt.get(operatorId) ?? null,
        exits: [],
        exitsProven: new Set(),
        recoveredGwei: 0n,
        settled: null,
      });
      break;
    }
    case 'RecoveryProven': {
      const known = history.cases.get(event.args.ordinal);
      if (known) known.recoveredGwei += event.args.amountGwei;
      break;
    }
    case 'SlashingSettled': {
      const { ordinal, lossGwei, paid } = event.args;
      const known = history.cases.get(ordinal);
      if (known) known.settled = { ...placeOf(event), lossGwei, paid };
      break;
    }
    default:
  }
}

function applyLedger(history: History, event: TimedEvent & { readonly part: 'ledger' }): void {
  switch (event.name) {
    case 'CredentialsRejected': {
      const { ordinal, operatorId } = event.args;
      history.rejected.push({ ordinal, operatorId, event });
      break;
    }
    case 'ExitRequested': {
      const { ordinal, operatorId } = event.args;
      const { transactionHash: tx, blockNumber, timestamp: at } = event;
      for (const each of openCases(history, operatorId)) {
        if (each.exits.some((exit) => exit.ordinal === ordinal)) continue;
        each.exits.push({ ordinal, tx, block: blockNumber.toString(), at });
      }
      break;
    }
    case 'ExitProven':
      for (const each of history.cases.values()) {
        if (each.exits.some((exit) => exit.ordinal === event.args.ordinal)) each.exitsProven.add(event.args.ordinal);
      }
      break;
    default:
  }
}

const openCases = (history: History, operatorId: number): SlashingCase[] =>
  [...history.cases.values()].filter((each) => each.operatorId === operatorId && each.settled === null);

export const placeOf = (event: TimedEvent): Place => ({
  at: event.timestamp,
  block: event.blockNumber.toString(),
  tx: event.transactionHash,
});
