import { useState } from 'react';
import type { ClusterRow } from '../../shared/clusters.ts';
import type { DashboardState, DevnetState, ValidatorRow } from '../../shared/state.ts';
import { short } from '../format.ts';
import { Panel } from '../parts/Panel.tsx';

const FAULTS = [
  ['offline', 'Go offline', 'No votes, no proposals, until back online', {}],
  ['online', 'Back online', 'Lifts “offline”', {}],
  ['doubleVote', 'Double vote', 'Signs two votes for one target: slashable', { atOnce: true }],
  ['surroundVote', 'Surround vote', 'Signs a vote around its last one: slashable', { atOnce: true }],
  ['doubleProposal', 'Double proposal', 'Signs two blocks for one slot: slashable', { atOnce: true }],
  ['wrongFeeRecipient', 'Steal fees', 'Blocks pay their fees elsewhere for 32 slots', { forSlots: 32 }],
] as const;

const TAMPERS = [
  ['lyingBalances', 'Lie about balances', 'Every balance told 1 ETH too high', { gwei: 1_000_000_000 }],
  ['wrongStateRoot', 'Wrong state roots', 'Headers carry roots of no state', {}],
  ['error500', 'Answer 500', 'Every request fails', {}],
  ['stall', 'Stall', 'No answer at all', {}],
  ['none', 'Tell the truth', 'Ends the tampering', {}],
] as const;

/** A devnet's levers. */
export function BreakPanel(props: {
  readonly state: DashboardState;
  readonly devnet: DevnetState;
  readonly selected: number | null;
  readonly onSelect: (ordinal: number | null) => void;
}) {
  const { state, devnet, selected, onSelect } = props;
  const [target, setTarget] = useState('');
  const [news, setNews] = useState('');
  const value = selected === null ? target : `validator-${selected}`;
  const targets = targetsOf(state.validators, value);
  const clusters = clustersOf(state.clusters ?? [], targets);

  const send = async (path: 'faults' | 'tamper', body: object, what: string) => {
    setNews(`${what}…`);
    try {
      const response = await fetch(`/api/devnet/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as Answer;
      const note = answer.note === undefined ? '' : `: ${answer.note}`;
      setNews(response.ok ? `${what}: told${note}` : `${what}: ${answer.message ?? answer.error ?? response.status}`);
    } catch {
      setNews(`${what}: the server does not answer`);
    }
  };

  return (
    <Panel title="Break something" area="break" note="Devnet only">
      <div className="break">
        <fieldset>
          <legend>Validators</legend>
          <label className="field">
            <span>Who</span>
            <select
              value={value}
              data-testid="target"
              onChange={(event) => {
                onSelect(null);
                setTarget(event.target.value);
              }}
            >
              <option value="">Choose an operator or a validator</option>
              <optgroup label="All validators of an operator">
                {state.operators.map(({ id, name }) => (
                  <option key={id} value={`operator-${id}`}>
                    {name}
                  </option>
                ))}
              </optgroup>
              <optgroup label="One validator">
                {state.validators.filter(isBreakable).map(({ ordinal, index, operatorId, pubkey }) => (
                  <option key={ordinal} value={`validator-${ordinal}`}>
                    {index === null ? `Key ${ordinal}` : `Validator ${index}`} of operator {operatorId} ·{' '}
                    {short(pubkey)}
                  </option>
                ))}
              </optgroup>
            </select>
          </label>
          <div className="buttons">
            {FAULTS.map(([kind, name, hint, more]) => (
              <button
                key={kind}
                type="button"
                title={hint}
                disabled={targets.length === 0 || (clusters.length > 0 && NODES_ONLY.has(kind))}
                data-fault={kind}
                onClick={() => void send('faults', { kind, validators: targets, ...more }, name)}
              >
                {name}
              </button>
            ))}
          </div>
          {clusters.length > 0 ? (
            <p className="note" data-testid="run-by-clusters">
              Run by {clusters.length === 1 ? 'the cluster' : 'the clusters'} {clusters.join(', ')}, which signs nothing
              wrong: two votes, or two blocks, take a copy of the key in a second place, and here the devnet plays it.
              To take validators offline, stop two nodes of their cluster. Blocks that pay elsewhere its nodes refuse.
            </p>
          ) : null}
        </fieldset>
        <fieldset>
          <legend>The beacon node</legend>
          <p className="note">
            {devnet.tamper === null ? 'It tells the truth.' : `Tampering in force: ${devnet.tamper}`}
          </p>
          <div className="buttons">
            {TAMPERS.map(([kind, name, hint, more]) => (
              <button
                key={kind}
                type="button"
                title={hint}
                aria-pressed={devnet.tamper === kind}
                data-tamper={kind}
                onClick={() => void send('tamper', { kind, ...more }, name)}
              >
                {name}
              </button>
            ))}
          </div>
        </fieldset>
      </div>
      <p role="status" className="note news">
        {news}
      </p>
    </Panel>
  );
}

interface Answer {
  readonly message?: string;
  readonly error?: string;
  /** What it means here. */
  readonly note?: string;
}

/** What the devnet cannot do to validators whose duties nodes do: the nodes have buttons of their own. */
const NODES_ONLY: ReadonlySet<string> = new Set(['offline', 'online']);

/** The names of the clusters at work that run any of these. */
const clustersOf = (clusters: readonly ClusterRow[], pubkeys: readonly string[]): string[] =>
  clusters
    .filter(({ state, validators }) => state !== 'starting' && validators.some((key) => pubkeys.includes(key)))
    .map(({ name }) => name);

const isBreakable = ({ status }: ValidatorRow): boolean => status === 'funded' || status === 'exiting';

/** The public keys that a choice means. */
function targetsOf(validators: readonly ValidatorRow[], choice: string): string[] {
  const [kind, number] = choice.split('-');
  return validators
    .filter(isBreakable)
    .filter(({ ordinal, operatorId }) => Number(number) === (kind === 'operator' ? operatorId : ordinal))
    .map(({ pubkey }) => pubkey);
}
