import { useMemo } from 'react';
import type { DashboardState } from '../../shared/state.ts';
import { eth, short } from '../format.ts';
import { Panel } from '../parts/Panel.tsx';
import { addressOf, poolActions } from '../wallet/actions.ts';
import { testAccount } from '../wallet/testAccounts.ts';
import { useAccount } from '../wallet/useAccount.ts';
import { useSigner } from '../wallet/useSigner.ts';
import { RequestList } from './RequestList.tsx';
import { StakeForm } from './StakeForm.tsx';

/** Deposit, withdraw, and what one has. */
export function StakePanel(props: { readonly state: DashboardState }) {
  const { state } = props;
  const { chainId, name } = state.network;
  const { vault, token, queue, symbol, requestMax } = state.pool;
  const actions = useMemo(
    () => poolActions({ network: { ...state.network, chainId, name }, pool: { ...state.pool, vault, token, queue } }),
    // The rest of the state changes with each block and is not used by the actions.
    [chainId, name, vault, token, queue],
  );
  const who = useSigner(state);
  const address = who.signer ? addressOf(who.signer) : null;
  const { account, reload } = useAccount(actions, address, state.head?.block ?? '');
  const rate = BigInt(state.rate?.current ?? 10n ** 18n);
  return (
    <Panel title="Deposit and withdraw" area="stake">
      <Who who={who} state={state} switchChain={actions.switchChain} />
      <dl className="position" data-account={account ? 'read' : 'unread'}>
        <div>
          <dt>Ether</dt>
          <dd className="num" data-testid="ether">
            {account ? eth(account.ether) : '–'}
          </dd>
        </div>
        <div>
          <dt>{symbol}</dt>
          <dd className="num" data-testid="shares">
            {account ? eth(account.shares) : '–'}
          </dd>
        </div>
        <div>
          <dt>Worth, ETH</dt>
          <dd className="num">{account ? eth((account.shares * rate) / 10n ** 18n) : '–'}</dd>
        </div>
      </dl>
      <StakeForm
        signer={who.wrongChain ? null : who.signer}
        account={account}
        actions={actions}
        rate={rate}
        symbol={symbol}
        requestMax={BigInt(requestMax)}
        done={reload}
      />
      <RequestList signer={who.wrongChain ? null : who.signer} account={account} actions={actions} done={reload} />
    </Panel>
  );
}

function Who(props: {
  readonly who: ReturnType<typeof useSigner>;
  readonly state: DashboardState;
  readonly switchChain: ReturnType<typeof poolActions>['switchChain'];
}) {
  const { who, state } = props;
  if (state.devnet) {
    return (
      <label className="field">
        <span>Test account</span>
        <select
          value={who.index ?? ''}
          onChange={(event) => who.choose(Number(event.target.value))}
          data-testid="account"
        >
          {who.accounts.map(({ index, label }) => (
            <option key={index} value={index}>
              {label} · {short(testAccount(index).address)}
            </option>
          ))}
        </select>
      </label>
    );
  }
  if (who.connection) {
    const { wallet, address } = who.connection;
    return (
      <p className="field who">
        <span>{wallet.info.name}</span>
        <span className="mono">{short(address)}</span>
        {who.wrongChain ? (
          <button
            type="button"
            className="quiet"
            onClick={() => void props.switchChain(wallet.provider).catch(() => {})}
          >
            Wrong network: switch to {state.network.name}
          </button>
        ) : null}
      </p>
    );
  }
  return (
    <div className="field who">
      <span>Wallet</span>
      {who.wallets.length === 0 ? <span className="soft">No wallet found in this browser</span> : null}
      {who.wallets.map((wallet) => (
        <button type="button" key={wallet.info.uuid} className="quiet wallet" onClick={() => who.connect(wallet)}>
          <img src={wallet.info.icon} alt="" width="16" height="16" />
          {wallet.info.name}
        </button>
      ))}
      <span role="status" className="bad">
        {who.failure}
      </span>
    </div>
  );
}
