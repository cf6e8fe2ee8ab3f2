import type { DashboardState, Health } from '../../shared/state.ts';
import { whole } from '../format.ts';

export function Header(props: { readonly state: DashboardState; readonly connected: boolean }) {
  const { network, head, health } = props.state;
  return (
    <header className="top">
      <div className="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true" className="mark">
          <path d="M12 2.5v10M12 12.5c0 4.500-2.600 6.300-7.500 8.500M12 12.500c0 4.500 2.600 6.300 7.500 8.500M12 12.500v8.500" />
        </svg>
        <h1>Holdfast</h1>
        <span className="network">{network.name}</span>
      </div>
      <dl className="head-stats">
        <HeadStat name="Slot" value={head ? whole(head.slot) : '–'} wide />
        <HeadStat name="Epoch" value={head ? whole(head.epoch) : '–'} />
        <HeadStat name="Finalized" value={head?.finalizedEpoch == null ? '–' : whole(head.finalizedEpoch)} />
        <HeadStat name="Block" value={head ? whole(head.block) : '–'} wide />
      </dl>
      <ul className="lights" aria-label="Connections">
        <Light name="Page" state={props.connected ? 'ok' : 'down'} />
        <Light name="Execution" state={health.rpc.state} />
        <Light name="Beacon" state={health.beacon.state} />
      </ul>
    </header>
  );
}

function HeadStat(props: { readonly name: string; readonly value: string; readonly wide?: boolean }) {
  return (
    <div className={props.wide ? 'head-stat wide' : 'head-stat'}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

const LIGHT_TEXT = { ok: 'connected', down: 'down', starting: 'starting', 'wrong-network': 'wrong network' } as const;

function Light(props: { readonly name: string; readonly state: Health['state'] }) {
  return (
    <li className={`light light-${props.state}`} title={`${props.name}: ${LIGHT_TEXT[props.state]}`}>
      <span className="lamp" aria-hidden="true" />
      {props.name}
      <span className="hidden"> {LIGHT_TEXT[props.state]}</span>
    </li>
  );
}
