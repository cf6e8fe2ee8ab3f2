import type { Backing, DashboardState } from '../../shared/state.ts';
import { duration, eth, percent, plural, rateDigits } from '../format.ts';
import { Panel, SlotLink, Tx } from '../parts/Panel.tsx';
import { VerifyLine } from './VerifyLine.tsx';

/** What backs each share. */
export function BackingPanel(props: { readonly state: DashboardState; readonly now: number }) {
  const { backing, rate, pool } = props.state;
  return (
    <Panel title="What backs each share" area="backing">
      <div className="hero">
        <p className="hero-rate" data-testid="rate">
          <span className="hero-label">1 {pool.symbol} is worth</span>
          {rate ? <RateNumber rate={rate.current} /> : <span className="rate-number">–</span>}
        </p>
        <Verdict backing={backing} state={props.state} now={props.now} />
      </div>
      {backing ? <Bars backing={backing} /> : <div className="bars-room" />}
      <VerifyLine />
    </Panel>
  );
}

function RateNumber(props: { readonly rate: string }) {
  const { whole, fraction } = rateDigits(props.rate);
  return (
    <span className="rate-number">
      {whole}.
      {fraction.map((digits, i) => (
        <span key={['thousandths', 'millionths', 'billionths'][i]} className={`digits digits-${i}`}>
          {digits}
        </span>
      ))}
      <span className="unit">ETH</span>
    </span>
  );
}

function Verdict(props: { readonly backing: Backing | null; readonly state: DashboardState; readonly now: number }) {
  const { backing, now } = props;
  if (!backing) return <p className="verdict">Reading the pool…</p>;
  const [total, owed] = [BigInt(backing.total), BigInt(backing.owed)];
  if (!backing.proof) {
    return (
      <p className="verdict verdict-wait">
        <strong>No proof yet</strong>
        <span>{eth(total)} ETH by the contracts’ own books; the first checkpoint will prove it.</span>
      </p>
    );
  }
  const slots = Math.max(0, (props.state.head?.slot ?? 0) - backing.proof.slot);
  const backed = total >= owed;
  return (
    <p className={backed ? 'verdict verdict-good' : 'verdict verdict-bad'} data-testid="verdict">
      <strong>{backed ? 'Fully backed' : 'Not fully backed'}</strong>
      <span>
        {eth(total)} ETH proven, {eth(owed)} ETH owed{backed ? '' : `; ${eth(owed - total)} ETH are missing`}
      </span>
      <span className="proof-age">
        Proof of <SlotLink slot={backing.proof.slot} /> in <Tx hash={backing.proof.tx} />,{' '}
        <b data-testid="proof-age">{duration(now - backing.proof.provenAt)}</b> ({plural(slots, 'slot')}) old
      </span>
    </p>
  );
}

const HAVE = [
  ['validators', 'Validators', 'Balances on the beacon chain, at the last checkpoint’s proof'],
  ['inFlight', 'In flight', 'Deposits sent that no proof has seen land'],
  ['vaultCash', 'Vault cash', 'Ether in the Vault that belongs to the shares'],
  ['bondCover', 'Bond cover', 'What operators’ bonds have set aside for slashings that are not settled'],
] as const;

const OWE = [
  ['owedHeld', 'Held shares', 'Shares in stakers’ hands, at the rate of now'],
  ['owedQueued', 'Queued to leave', 'Shares in the queue’s escrow, at the rate of now'],
  ['dripping', 'Dripping in', 'Proven gains that enter the rate over the next while'],
] as const;

function Bars(props: { readonly backing: Backing }) {
  const { backing } = props;
  const amounts = [...HAVE, ...OWE].map(([key]) => BigInt(backing[key]));
  const have = amounts.slice(0, HAVE.length).reduce((sum, each) => sum + each, 0n);
  const owe = amounts.slice(HAVE.length).reduce((sum, each) => sum + each, 0n);
  const scale = have > owe ? have : owe;
  return (
    <div className="bars">
      <Bar name="There is" parts={HAVE} backing={backing} scale={scale} total={have} />
      <Bar name="It answers for" parts={OWE} backing={backing} scale={scale} total={owe} />
      <dl className="aside-facts">
        <Fact name="Set aside for claims" value={backing.setAside} hint="Finalised; nobody else can touch it" />
        <Fact name="Reserve and fees" value={backing.notShares} hint="In the Vault, not the shares’" />
        <Fact name="Provisioned for slashings" value={backing.provisions} hint="Expected loss, bond cover included" />
      </dl>
    </div>
  );
}

function Bar(props: {
  readonly name: string;
  readonly parts: readonly (readonly [keyof Backing & string, string, string])[];
  readonly backing: Backing;
  readonly scale: bigint;
  readonly total: bigint;
}) {
  const rows = props.parts.map(([key, name, hint]) => ({ key, name, hint, wei: BigInt(props.backing[key] as string) }));
  const text = rows.map(({ name, wei }) => `${name} ${eth(wei)} ETH`).join(', ');
  return (
    <div className="bar-group">
      <p className="bar-title">
        <span>{props.name}</span>
        <span className="num">{eth(props.total)} ETH</span>
      </p>
      <div className="bar" role="img" aria-label={`${props.name}: ${text}`}>
        {rows.map(({ key, name, wei }) => (
          <span
            key={key}
            className={`bar-part part-${key}`}
            title={`${name}: ${eth(wei, 9)} ETH`}
            style={{ width: `${percent(wei, props.scale)}%` }}
          />
        ))}
      </div>
      <ul className="bar-legend">
        {rows.map(({ key, name, hint, wei }) => (
          <li key={key} title={hint} className={wei === 0n ? 'none' : ''}>
            <span className={`swatch part-${key}`} aria-hidden="true" />
            <span className="legend-name">{name}</span>
            <span className="num">{eth(wei)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Fact(props: { readonly name: string; readonly value: string; readonly hint: string }) {
  return (
    <div title={props.hint}>
      <dt>{props.name}</dt>
      <dd className="num">{eth(props.value)} ETH</dd>
    </div>
  );
}
