import type { ReactNode } from 'react';
import type { DashboardState, OperatorRow, ValidatorRow } from '../../shared/state.ts';
import { duration, gweiEth, plural, short } from '../format.ts';
import { SlotLink } from '../parts/Panel.tsx';
import { shownState } from './validatorState.ts';

/** One validator: what is proven of it, and what the beacon node says. */
export function ValidatorDetails(props: {
  readonly validator: ValidatorRow | null;
  readonly operator: OperatorRow | null;
  readonly state: DashboardState;
}) {
  const { validator, operator } = props;
  if (!validator) return <AllValidators state={props.state} />;
  const { beacon, index } = validator;
  const rows: [string, ReactNode][] = [
    [
      'Key',
      <span className="mono" key="key">
        {short(validator.pubkey)}
      </span>,
    ],
    ['Operator', operator ? operator.name : validator.operatorId],
    ...runnerRows(validator, props.state),
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

/** What they hold together: as proven, and as the beacon node tells it now. */
function AllValidators({ state }: { readonly state: DashboardState }) {
  const live = state.validators.filter(
    ({ status }) => status === 'funded' || status === 'exiting' || status === 'slashed',
  );
  const sum = (of: (validator: ValidatorRow) => string | null | undefined) =>
    live.reduce((total, validator) => total + BigInt(of(validator) ?? 0), 0n);
  const [proven, told] = [sum(({ provenGwei }) => provenGwei), sum(({ beacon }) => beacon?.balanceGwei)];
  const inFlight = sum(({ inFlightGwei }) => inFlightGwei);
  const rows: [string, string][] = [
    ['Counted by checkpoints', plural(live.length, 'validator')],
    ['Proven balances', `${gweiEth(proven, 6)} ETH`],
    ['Deposits in flight', `${gweiEth(inFlight, 6)} ETH`],
    ['Beacon node says', `${gweiEth(told, 6)} ETH`],
    ['Moved since the proof', `${told < proven + inFlight ? '' : '+'}${gweiEth(told - proven - inFlight, 6)} ETH`],
    [
      'Expected loss',
      `${gweiEth(
        sum(({ expectedLossGwei }) => expectedLossGwei),
        6,
      )} ETH`,
    ],
  ];
  return (
    <dl className="details">
      <div className="details-title">
        <dt className="hidden">Shown</dt>
        <dd>All validators</dd>
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

/** Whose nodes do its duties, where anybody tells. */
function runnerRows({ pubkey }: ValidatorRow, { clusters }: DashboardState): [string, ReactNode][] {
  const cluster = clusters?.find(({ validators }) => validators.includes(pubkey));
  if (!cluster) return [];
  const { name, nodes, threshold, state } = cluster;
  return [
    ['Run by', state === 'starting' ? 'the devnet, as yet' : `cluster ${name}: ${threshold} of ${nodes.length} nodes`],
  ];
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
