import { useState } from 'react';
import type { DashboardState } from '../../shared/state.ts';
import { clock, eth, plural } from '../format.ts';
import { Empty, Panel, SlotLink, Tx } from '../parts/Panel.tsx';

const SHORT = 8;

/** The proofs of the pool's worth, newest first. */
export function CheckpointsPanel(props: { readonly state: DashboardState }) {
  const { checkpoints, checkpoint } = props.state;
  const [all, setAll] = useState(false);
  const note = checkpoint?.open ? `one in progress, ${plural(checkpoint.remaining, 'validator')} to count` : '';
  return (
    <Panel title="Checkpoints" area="checkpoints" note={note}>
      {checkpoints.length === 0 ? (
        <Empty>None yet. A checkpoint proves every balance against the beacon chain’s own root.</Empty>
      ) : (
        <>
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">State of</th>
                  <th scope="col">Finished</th>
                  <th scope="col" className="num">
                    Worth, ETH
                  </th>
                  <th scope="col" className="num">
                    On the beacon chain
                  </th>
                  <th scope="col" className="num">
                    Rate proven
                  </th>
                  <th scope="col" className="num">
                    Validators
                  </th>
                  <th scope="col">Transaction</th>
                </tr>
              </thead>
              <tbody>
                {checkpoints.slice(0, all ? undefined : SHORT).map((row) => (
                  <tr key={row.tx}>
                    <td>
                      <SlotLink slot={row.slot} />
                    </td>
                    <td className="num-left">{clock(row.at)}</td>
                    <td className="num">{eth(row.nav, 6)}</td>
                    <td className="num">{eth(row.outside, 6)}</td>
                    <td className="num">{eth(row.rateTarget, 9)}</td>
                    <td className="num">{row.validators}</td>
                    <td>
                      <Tx hash={row.tx} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {checkpoints.length > SHORT ? (
            <button type="button" className="quiet" onClick={() => setAll(!all)} aria-expanded={all}>
              {all ? 'Show fewer' : `Show all ${checkpoints.length}`}
            </button>
          ) : null}
        </>
      )}
    </Panel>
  );
}
