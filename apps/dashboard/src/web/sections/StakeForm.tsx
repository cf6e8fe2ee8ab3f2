import { type KeyboardEvent, type ReactNode, type SubmitEvent, useRef, useState } from 'react';
import { formatEther, parseEther } from 'viem';
import { eth } from '../format.ts';
import { Tx } from '../parts/Panel.tsx';
import { type Act, type poolActions, reasonOf, type Signer } from '../wallet/actions.ts';
import type { Account } from '../wallet/useAccount.ts';

const ONE = 10n ** 18n;
const GWEI = 10n ** 9n;
/** Ether that Max leaves for gas. */
const GAS_MONEY = ONE / 100n;

interface FormProps {
  readonly signer: Signer | null;
  readonly account: Account | null;
  readonly actions: ReturnType<typeof poolActions>;
  readonly rate: bigint;
  readonly symbol: string;
  readonly requestMax: bigint;
  readonly done: () => void;
}

type Mode = 'deposit' | 'withdraw';
const MODES = ['deposit', 'withdraw'] as const;
const MODE_NAMES = { deposit: 'Deposit', withdraw: 'Withdraw' } as const;

export function StakeForm(props: FormProps) {
  const [mode, setMode] = useState<Mode>('deposit');
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState<ReactNode>('');
  const amount = amountOf(text);
  const refusal = amount === null ? '' : refusalOf(mode, amount, props);
  const ready = props.signer !== null && amount !== null && amount > 0n && refusal === '' && !busy;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!ready || !props.signer || amount === null) return;
    setBusy(true);
    const act: Act = mode === 'deposit' ? { kind: 'deposit', assets: amount } : { kind: 'withdraw', shares: amount };
    try {
      setNews('Waiting for the signature…');
      const hash = await props.actions.act(props.signer, act, (sent) =>
        setNews(
          <>
            Sent <Tx hash={sent} />, waiting for a block…
          </>,
        ),
      );
      const what = mode === 'deposit' ? 'Deposited' : 'Withdrawal requested';
      setNews(
        <>
          {what} in <Tx hash={hash} />
        </>,
      );
      setText('');
    } catch (error) {
      setNews(<span className="bad">{reasonOf(error)}</span>);
    } finally {
      setBusy(false);
      props.done();
    }
  };

  return (
    <form className="stake" onSubmit={(event) => void submit(event)}>
      <Tabs
        mode={mode}
        onMode={(to) => {
          setMode(to);
          setText('');
          setNews('');
        }}
      />
      <div className="amount" role="tabpanel" aria-label={MODE_NAMES[mode]}>
        <label htmlFor="amount" className="hidden">
          {mode === 'deposit' ? 'Ether to deposit' : 'Shares to withdraw'}
        </label>
        <input
          id="amount"
          inputMode="decimal"
          autoComplete="off"
          placeholder="0.0"
          value={text}
          aria-describedby="amount-note"
          aria-invalid={refusal !== '' || (text !== '' && amount === null)}
          onChange={(event) => setText(event.target.value)}
        />
        <span className="amount-unit">{mode === 'deposit' ? 'ETH' : props.symbol}</span>
        <button
          type="button"
          className="quiet"
          onClick={() => setText(formatEther(mostOf(mode, props)))}
          disabled={!props.account}
        >
          Max
        </button>
      </div>
      <p id="amount-note" className={refusal ? 'note bad' : 'note'}>
        {refusal || noteOf(mode, amount, text, props)}
      </p>
      <button type="submit" className="primary" disabled={!ready} data-testid="submit">
        {mode === 'deposit' ? 'Deposit' : 'Request withdrawal'}
      </button>
      <p role="status" className="note news" data-testid="news">
        {news}
      </p>
    </form>
  );
}

function Tabs(props: { readonly mode: Mode; readonly onMode: (mode: Mode) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = props.mode === 'deposit' ? 'withdraw' : 'deposit';
    props.onMode(other);
    list.current?.querySelector<HTMLElement>(`[data-mode="${other}"]`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Direction" ref={list} onKeyDown={keys}>
      {MODES.map((mode) => (
        <button
          key={mode}
          type="button"
          role="tab"
          data-mode={mode}
          aria-selected={props.mode === mode}
          tabIndex={props.mode === mode ? 0 : -1}
          onClick={() => props.onMode(mode)}
        >
          {MODE_NAMES[mode]}
        </button>
      ))}
    </div>
  );
}

/** Null for what is no amount. */
function amountOf(text: string): bigint | null {
  if (!/^\d{0,12}(?:\.\d{0,18})?$/.test(text.trim()) || !/\d/.test(text)) return null;
  return parseEther(text.trim());
}

function mostOf(mode: Mode, { account, rate, requestMax }: FormProps): bigint {
  if (!account) return 0n;
  if (mode === 'deposit') return account.ether > GAS_MONEY ? account.ether - GAS_MONEY : 0n;
  const inOneRequest = (requestMax * ONE) / rate;
  return account.shares < inOneRequest ? account.shares : (inOneRequest / GWEI) * GWEI;
}

function refusalOf(mode: Mode, amount: bigint, { account, rate, requestMax, symbol }: FormProps): string {
  if (!account || amount === 0n) return '';
  if (mode === 'deposit') return amount > account.ether ? `This account has ${eth(account.ether)} ETH` : '';
  if (amount > account.shares) return `This account has ${eth(account.shares)} ${symbol}`;
  if (amount < GWEI) return 'At least one gwei of shares';
  return (amount * rate) / ONE > requestMax ? `At most ${eth(requestMax, 0)} ETH in one request; make several` : '';
}

function noteOf(mode: Mode, amount: bigint | null, text: string, { rate, symbol }: FormProps): string {
  if (text !== '' && amount === null) return 'Not an amount';
  if (amount === null || amount === 0n) {
    return mode === 'deposit'
      ? 'Shares at the rate of now'
      : 'Paid after the next checkpoint, at the lower of two rates';
  }
  if (mode === 'deposit') return `You get ${eth(((amount * ONE) / rate / GWEI) * GWEI, 6)} ${symbol}`;
  return `At most ${eth((amount * rate) / ONE, 6)} ETH`;
}
