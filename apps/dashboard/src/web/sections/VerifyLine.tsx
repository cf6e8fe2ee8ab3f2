import { useState } from 'react';
import type { VerifyState } from '../../shared/state.ts';
import { eth } from '../format.ts';

type Outcome = { readonly report: VerifyState } | { readonly failure: string } | 'busy' | null;

/** Recomputes the backing from the chain alone, when asked to. */
export function VerifyLine() {
  const [outcome, setOutcome] = useState<Outcome>(null);
  const verify = async () => {
    setOutcome('busy');
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch('/api/verify', { method: 'POST', headers, body: '{}' });
      const answer = (await response.json()) as VerifyState & { readonly error?: string };
      setOutcome(response.ok ? { report: answer } : { failure: answer.error ?? `status ${response.status}` });
    } catch {
      setOutcome({ failure: 'the server does not answer' });
    }
  };
  return (
    <div className="verify">
      <div className="verify-line">
        <button type="button" onClick={() => void verify()} disabled={outcome === 'busy'} data-testid="verify">
          Recompute from the chain
        </button>
        <p role="status" data-testid="verify-outcome">
          <Sentence outcome={outcome} />
        </p>
      </div>
      {outcome !== null && outcome !== 'busy' && 'report' in outcome ? <Rows rows={outcome.report.rows} /> : null}
    </div>
  );
}

function Sentence({ outcome }: { readonly outcome: Outcome }) {
  if (outcome === null)
    return <span className="soft">Every balance against the chain’s own root, no sum taken on trust</span>;
  if (outcome === 'busy') return <span className="soft">Recomputing…</span>;
  if ('failure' in outcome) return <span className="bad">Nothing proven: {outcome.failure}</span>;
  const { backed, slot, block, assets, owed, rows } = outcome.report;
  if (!backed) {
    const refuted = rows.find(({ ok }) => ok === false);
    return (
      <span className="bad">
        <b>Refuted</b> at block {block}: {refuted?.check}. {refuted?.note}
      </span>
    );
  }
  return (
    <>
      <b className="good">Proven</b> at slot {slot}: {assets === null ? '–' : eth(assets, 6)} ETH for{' '}
      {owed === null ? '–' : eth(owed, 6)} ETH owed, {rows.filter(({ ok }) => ok).length} of {rows.length} checks passed
    </>
  );
}

function Rows({ rows }: { readonly rows: VerifyState['rows'] }) {
  return (
    <details>
      <summary>Checks</summary>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Check</th>
              <th scope="col">Outcome</th>
              <th scope="col" className="num">
                Difference, wei
              </th>
              <th scope="col">Note</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ check, ok, diff, note }) => (
              <tr key={check}>
                <td>{check}</td>
                <td className={ok === false ? 'bad' : ''}>{ok === null ? 'not checked' : ok ? 'passed' : 'refuted'}</td>
                <td className="num">{diff ?? ''}</td>
                <td className="soft">{note}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
