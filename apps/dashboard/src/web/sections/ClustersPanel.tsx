import { useState } from 'react';
import type { ClusterAct, ClusterNodeRow, ClusterOrder, ClusterRow, ClusterSlotRow } from '../../shared/clusters.ts';
import { plural } from '../format.ts';
import { Empty, Panel, SlotLink } from '../parts/Panel.tsx';

/** The validators that no machine holds a key of: who takes part, who led, who was late, and what makes a node fail. */
export function ClustersPanel(props: { readonly clusters: readonly ClusterRow[] }) {
  const { clusters } = props;
  const [news, setNews] = useState('');

  const send = async (order: ClusterOrder, what: string) => {
    setNews(`${what}…`);
    try {
      const response = await fetch('/api/clusters', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(order),
      });
      const answer = (await response.json()) as { readonly message?: string; readonly error?: string };
      setNews(response.ok ? `${what}: done` : `${what}: ${answer.error ?? answer.message ?? response.status}`);
    } catch {
      setNews(`${what}: the server does not answer`);
    }
  };

  return (
    <Panel title="Clusters" area="clusters" note={clusters.length > 0 ? plural(clusters.length, 'cluster') : ''}>
      <Starting clusters={clusters} />
      <div className="clusters">
        {clusters.map((cluster) => (
          <Cluster
            key={cluster.name}
            cluster={cluster}
            onAct={(node, act, name) =>
              void send({ cluster: cluster.name, node, act }, `${name} node ${node} of ${cluster.name}`)
            }
          />
        ))}
      </div>
      <p role="status" className="note news">
        {news}
      </p>
    </Panel>
  );
}

/** What goes on until the nodes have the duties. */
function Starting({ clusters }: { readonly clusters: readonly ClusterRow[] }) {
  const nodes = clusters.filter(({ state }) => state === 'starting').flatMap((cluster) => cluster.nodes);
  const up = nodes.filter(({ state }) => state === 'up').length;
  if (clusters.length === 0) {
    return <Empty>The nodes are about to start. Until they have them, the devnet does the duties.</Empty>;
  }
  if (nodes.length === 0) return null;
  return (
    <p className="note" data-testid="clusters-starting">
      <progress max={nodes.length} value={up} aria-label="Nodes that are up" /> {up} of {nodes.length} nodes are up.{' '}
      {up < nodes.length
        ? 'Until all are, the devnet does the duties with its own keys.'
        : 'They take the duties over at the end of the epoch.'}
    </p>
  );
}

type OnAct = (node: number, act: ClusterAct, name: string) => void;

function Cluster(props: { readonly cluster: ClusterRow; readonly onAct: OnAct }) {
  const { name, state, why, threshold, nodes, validators, done, missed, window, slots } = props.cluster;
  return (
    <section className="cluster" data-testid={`cluster-${name}`} data-state={state}>
      <header>
        <h3>{name}</h3>
        <span className={`tag tag-cluster-${state}`}>{state}</span>
        <p className="soft">
          {threshold} of {nodes.length} nodes sign for {plural(validators.length, 'validator')}
        </p>
        <p className="cluster-count">
          <b>{done}</b> duties done, <b className={missed > 0 ? 'bad' : ''}>{missed}</b> missed in {window} slots
        </p>
      </header>
      <p className="note bad" data-testid={`why-${name}`}>
        {why === null ? '' : state === 'halted' ? `Halted for good: ${why}.` : `Stopped, and signs nothing: ${why}.`}
      </p>
      {state === 'halted' ? (
        <p className="note">
          The nodes signed nothing wrong: somewhere a copy of the key did. As nobody knows what else was copied, they
          sign for none of the cluster’s validators any more. The pool exits the others without them (EIP-7002).
        </p>
      ) : null}
      <ol className="cluster-nodes">
        {nodes.map((node) => (
          <Node key={node.node} row={node} atWork={state !== 'starting'} onAct={props.onAct} />
        ))}
      </ol>
      <Slots slots={slots} />
    </section>
  );
}

const STATES: Readonly<Record<ClusterNodeRow['state'], string>> = {
  waiting: 'waits',
  starting: 'starting',
  up: 'up',
  down: 'down',
  frozen: 'frozen',
  cutOff: 'cut off',
};

function Node(props: { readonly row: ClusterNodeRow; readonly atWork: boolean; readonly onAct: OnAct }) {
  const { atWork } = props;
  const { node, state, corrupt, faults, led, partialMs, late } = props.row;
  const act = (kind: ClusterAct, name: string, hint: string, disabled = false) => (
    <button
      type="button"
      title={hint}
      disabled={disabled || !atWork}
      data-act={kind}
      onClick={() => props.onAct(node, kind, name)}
    >
      {name}
    </button>
  );
  const isUp = state === 'up';
  return (
    <li className={`node node-${state}${corrupt ? ' node-corrupt' : ''}`} data-node={node} data-state={state}>
      <p className="node-head">
        <span className="lamp" aria-hidden="true" />
        <b>Node {node}</b> {STATES[state]}
        {corrupt ? <span className="bad"> · corrupt</span> : null}
      </p>
      <dl>
        <dt>Led</dt>
        <dd>{plural(led, 'agreement')}</dd>
        <dt>Signed</dt>
        <dd className={late ? 'late' : ''}>
          {partialMs === null ? 'nothing' : `${partialMs} ms into the slot`}
          {late && partialMs !== null ? ', late' : ''}
        </dd>
        <dt>Caught</dt>
        <dd className={faults > 0 ? 'bad' : ''}>{faults === 0 ? 'never' : plural(faults, 'time')}</dd>
      </dl>
      <div className="buttons">
        {state === 'down'
          ? act('restart', 'Restart', 'Starts it again, with what it has on disk')
          : act('kill', 'Kill', 'Ends the process at once, as when the power fails')}
        {state === 'frozen'
          ? act('thaw', 'Thaw', 'Lets the process go on')
          : act('freeze', 'Freeze', 'The process stands still; its links stay open', !isUp)}
        {state === 'cutOff'
          ? act('reconnect', 'Reconnect', 'Brings its links back')
          : act('cutOff', 'Cut off', 'It goes on, out of the others’ reach', !isUp)}
        {corrupt
          ? act('behave', 'Reform', 'It signs what it should again')
          : act('corrupt', 'Corrupt', 'It sends wrong partial signatures', !isUp)}
      </div>
    </li>
  );
}

const DUTIES: Readonly<Record<string, string>> = {
  proposer: 'block',
  attester: 'vote',
  aggregator: 'aggregate',
  syncMessage: 'sync message',
  syncContribution: 'sync contribution',
};

function Slots(props: { readonly slots: readonly ClusterSlotRow[] }) {
  if (props.slots.length === 0) return null;
  return (
    <div className="scroll">
      <table className="cluster-slots">
        <thead>
          <tr>
            <th scope="col">Slot</th>
            <th scope="col">Duties: who led, in which round, when it was published</th>
          </tr>
        </thead>
        <tbody>
          {props.slots.map(({ slot, duties }) => (
            <tr key={slot}>
              <th scope="row">
                <SlotLink slot={slot}>{slot}</SlotLink>
              </th>
              <td>
                <ul className="duties">
                  {duties.map(({ duty, done, round, leader, doneMs, why }) => (
                    <li key={duty} className={done === false ? 'bad' : done === null ? 'soft' : ''} title={why ?? ''}>
                      {DUTIES[duty] ?? duty}{' '}
                      <span className="soft">
                        {leader === null ? '' : `node ${leader}`}
                        {round === null || round === 1 ? '' : `, round ${round}`}
                        {done === false ? ' missed' : doneMs === null ? ' …' : `, ${doneMs} ms`}
                      </span>
                    </li>
                  ))}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
