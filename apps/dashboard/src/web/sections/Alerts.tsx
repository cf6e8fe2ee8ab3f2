import type { Live } from '../live/useLiveState.ts';

/** What is wrong with the sources, in words. Stands over the page, so that nothing below it moves. */
export function Alerts(props: { readonly live: Live }) {
  const alerts = alertsOf(props.live);
  return (
    <div className="alerts" role="alert">
      {alerts.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  );
}

function alertsOf({ state, connected }: Live): string[] {
  if (!state) return [];
  const { rpc, beacon, devnet } = state.health;
  const alerts: string[] = [];
  if (!connected)
    alerts.push('Connection to the dashboard’s server lost. What you see is the last it told; trying again.');
  if (rpc.state === 'wrong-network') alerts.push(`Wrong network. ${rpc.message}.`);
  if (rpc.state === 'down') alerts.push(`The execution node does not answer; figures stand still. ${rpc.message}`);
  if (beacon.state === 'wrong-network') alerts.push(`Wrong network. ${beacon.message}.`);
  if (beacon.state === 'down')
    alerts.push(`The beacon node does not answer; validators’ live state stands still. ${beacon.message}`);
  if (devnet?.state === 'down') alerts.push('The devnet’s control does not answer.');
  return alerts;
}
