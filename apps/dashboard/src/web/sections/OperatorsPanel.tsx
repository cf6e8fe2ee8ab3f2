import type { DashboardState, OperatorRow } from '../../shared/state.ts';
import { eth, percent, plural, short, whole } from '../format.ts';
import { Empty, Panel } from '../parts/Panel.tsx';

export function OperatorsPanel(props: { readonly state: DashboardState }) {
  const { operators } = props.state;
  return (
    <Panel title="Operators" area="operators" note={operators.length > 0 ? plural(operators.length, 'operator') : ''}>
      {operators.length === 0 ? (
        <Empty>Nobody has registered. An operator posts a bond before it runs the first validator.</Empty>
      ) : (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Operator</th>
                <th scope="col">Status</th>
                <th scope="col" className="num">
                  Bond / required
                </th>
                <th scope="col" className="num">
                  Set aside
                </th>
                <th scope="col" className="num">
                  Held
                </th>
                <th scope="col" className="num">
                  Earning
                </th>
                <th scope="col" className="num">
                  Fees
                </th>
              </tr>
            </thead>
            <tbody>
              {operators.map((operator) => (
                <Row key={operator.id} operator={operator} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

const STATUS_HINT: Readonly<Record<OperatorRow['status'], string>> = {
  active: 'May be given stake',
  'short of bond': 'Its bond no longer covers what it runs: no new stake',
  frozen: 'A slashing is proven and not settled: no stake, no fee, no bond back',
  barred: 'Was slashed: no new stake, ever',
};

function Row(props: { readonly operator: OperatorRow }) {
  const { id, name, manager, status, bond, bondRequired, bondReserved, held, earning, fees } = props.operator;
  const filled = Math.min(100, percent(BigInt(bond), BigInt(bondRequired)));
  return (
    <tr data-testid={`operator-${id}`}>
      <th scope="row">
        {name} <span className="soft mono">{short(manager)}</span>
      </th>
      <td>
        <span className={`tag tag-${status.replaceAll(' ', '-')}`} title={STATUS_HINT[status]}>
          {status}
        </span>
      </td>
      <td className="num">
        {eth(bond, 2)} <span className="soft">/ {eth(bondRequired, 2)}</span>
        <span className="meter" aria-hidden="true">
          <span
            style={{ width: `${bondRequired === '0' ? 100 : filled}%` }}
            className={filled < 100 && bondRequired !== '0' ? 'low' : ''}
          />
        </span>
      </td>
      <td className="num">{eth(bondReserved, 2)}</td>
      <td className="num">{whole(held)}</td>
      <td className="num">{whole(earning)}</td>
      <td className="num">{eth(fees, 5)}</td>
    </tr>
  );
}
