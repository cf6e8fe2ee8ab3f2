import type { ReactNode } from 'react';
import type { DashboardState, OperatorRow, ValidatorRow } from '../../shared/state.ts';
import { duration, gweiEth, short } from '../format.ts';
import { SlotLink } from '../parts/Panel.tsx';
import { shownState } from './validatorState.ts';

/** One validator: what is proven of it, and what the beacon node says. */
export function ValidatorDetails(props: {
  readonly validator: ValidatorRow | null;
  readonly operator: OperatorRow | null;
  readonly state: DashboardState;
}) {
  const { validator, operator } = props;
  if (!validator) return <dl className="details details-empty" aria-live="polite" />;
  const { beacon, index } = validator;
  const rows: [string, ReactNode][] = [
    [
      'Key',
      <span className="mono" key="key">
        {short(validator.pubkey)}
      </span>,
    ],
    ['Operator', operator ? operator.name : validator.operatorId],
    ['State', shownState(validator)],
    ['Proven balance', `${gweiEth(validator.provenGwei, 9)} ETH`],
    ['Proven at', validator.provenSlot > 0 ? <SlotLink slot={validator.provenSlot} key="slot" /> : 'not yet'],
    ['In flight', `${gweiEth(validator.inFlightGwei)} ETH`],
    ['Beacon node says', beacon ? `${gweiEth(beacon.balanceGwei, 9)} ETH` : 'nothing'],
    ['', beacon ? beacon.status.replaceAll('_', ' ') : ''],
    ['Exit / withdrawable', `${beacon?.exitEpoch ?? '–'} / ${beacon?.withdrawableEpoch ?? '–'}`],
    ...lossRows(validator, props.state),
  ];
  return (
    <dl className="details" aria-live="polite">
      <div className="details-title">
        <dt className="hidden">Validator</dt>
        <dd>
          {index === null ? (
            `Key ${validator.ordinal}`
          ) : (
            <a href={`/validator/${index}`} target="_blank" rel="noreferrer">
              Validator {index}
            </a>
          )}
        </dd>
      </div>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function lossRows(
  { expectedLossGwei, bondCoverGwei, settleableFrom }: ValidatorRow,
  state: DashboardState,
): [string, ReactNode][] {
  if (expectedLossGwei === null) return [];
  const wait = settleableFrom !== null && state.head ? settleableFrom - state.head.timestamp : 0;
  return [
    ['Expected loss', `${gweiEth(expectedLossGwei, 6)} ETH`],
    ['Bond covers', `${gweiEth(bondCoverGwei ?? '0', 6)} ETH`],
    ['Settles', wait > 0 ? `in ${duration(wait)} at the earliest` : 'when its balance is proven gone'],
  ];
}
