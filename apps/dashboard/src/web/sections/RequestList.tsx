import { type ReactNode, useState } from 'react';
import type { RequestRow, RequestState } from '../../shared/state.ts';
import { eth } from '../format.ts';
import { Tx } from '../parts/Panel.tsx';
import { type poolActions, reasonOf, type Signer } from '../wallet/actions.ts';
import type { Account } from '../wallet/useAccount.ts';

const SHOWN = 6;

/** One's withdrawal requests, and where each stands. */
export function RequestList(props: {
  readonly signer: Signer | null;
  readonly account: Account | null;
  readonly actions: ReturnType<typeof poolActions>;
  readonly done: () => void;
}) {
  const requests = props.account?.requests ?? [];
  const [all, setAll] = useState(false);
  return (
    <div className="requests">
      <h3>My withdrawal requests</h3>
      {requests.length === 0 ? <p className="empty">None.</p> : null}
      <ul>
        {requests.slice(0, all ? undefined : SHOWN).map((request) => (
          <Row key={request.id} request={request} {...props} />
        ))}
      </ul>
      {requests.length > SHOWN ? (
        <button type="button" className="quiet" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'Show fewer' : `Show all ${requests.length}`}
        </button>
      ) : null}
    </div>
  );
}

const STATE_TEXT: Readonly<Record<RequestState, string>> = {
  queued: 'queued, waits for a checkpoint',
  proven: 'queued, waits for cash',
  payable: 'payable',
  claimed: 'claimed',
};
const STEPS: readonly (readonly [string, readonly RequestState[]])[] = [
  ['queued', ['queued', 'proven', 'payable', 'claimed']],
  ['payable', ['payable', 'claimed']],
  ['claimed', ['claimed']],
];

function Row(props: {
  readonly request: RequestRow;
  readonly signer: Signer | null;
  readonly actions: ReturnType<typeof poolActions>;
  readonly done: () => void;
}) {
  const { request, signer } = props;
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState<ReactNode>('');
  const claim = async () => {
    if (!signer) return;
    setBusy(true);
    setNews('');
    try {
      await props.actions.act(signer, { kind: 'claim', id: BigInt(request.id) }, () => {});
    } catch (error) {
      setNews(<span className="bad">{reasonOf(error)}</span>);
    } finally {
      setBusy(false);
      props.done();
    }
  };
  return (
    <li data-testid={`request-${request.id}`} data-state={request.state}>
      <span className="request-id">#{request.id}</span>
      <span className="num">{eth(request.payout ?? request.assets, 5)} ETH</span>
      <span className="steps" role="img" aria-label={STATE_TEXT[request.state]} title={STATE_TEXT[request.state]}>
        {STEPS.map(([step, reached]) => (
          <span key={step} className={reached.includes(request.state) ? 'step reached' : 'step'} />
        ))}
      </span>
      <span className="request-state">
        {request.state === 'payable' ? (
          <button type="button" className="small" onClick={() => void claim()} disabled={busy || !signer}>
            {busy ? 'Claiming…' : 'Claim'}
          </button>
        ) : request.claimTx ? (
          <Tx hash={request.claimTx}>claimed</Tx>
        ) : (
          STATE_TEXT[request.state]
        )}
      </span>
      <span role="status" className="news">
        {news}
      </span>
    </li>
  );
}
