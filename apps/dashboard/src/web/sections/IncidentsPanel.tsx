import { type DashboardState, type Incident, STAGES, type StageMark } from '../../shared/state.ts';
import { clock, eth, plural } from '../format.ts';
import { BlockLink, Empty, Panel, SlotLink, Tx } from '../parts/Panel.tsx';

/** From fault to settlement, one row an incident. */
export function IncidentsPanel(props: { readonly state: DashboardState }) {
  const { incidents, network } = props.state;
  const open = incidents.filter((incident) => incident.open).length;
  const note = incidents.length === 0 ? '' : `${open} open, ${incidents.length - open} closed`;
  return (
    <Panel title="Incidents" area="incidents" note={note}>
      {incidents.length === 0 ? (
        <Empty>
          Nothing has gone wrong. {network.devnet ? 'Break something below, and watch who pays for it.' : ''}
        </Empty>
      ) : (
        <ol className="incidents">
          {incidents.map((incident) => (
            <Row key={incident.id} incident={incident} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

const STAGE_NAMES = {
  fault: 'Fault',
  seen: 'Seen',
  proven: 'Proven',
  enforced: 'Enforced',
  settled: 'Settled',
} as const;

function Row(props: { readonly incident: Incident }) {
  const { incident } = props;
  const stages =
    incident.kind === 'slashing' ? STAGES : STAGES.filter((s) => incident.marks.some((m) => m.stage === s));
  const next = STAGES.find((stage) => !incident.marks.some((mark) => mark.stage === stage));
  return (
    <li className={`incident incident-${incident.kind}`} data-testid={incident.id}>
      <header>
        <h3>{incident.title}</h3>
        <p>
          {incident.operatorName}{' '}
          <span className={incident.open ? 'tag tag-frozen' : 'tag'}>{incident.open ? 'open' : 'closed'}</span>
        </p>
        <Amounts incident={incident} />
      </header>
      <ol className="stages">
        {stages.map((stage) => (
          <StageCell
            key={stage}
            stage={stage}
            mark={incident.marks.find((mark) => mark.stage === stage) ?? null}
            waiting={incident.open && stage === next}
            incident={incident}
          />
        ))}
      </ol>
    </li>
  );
}

function Amounts({ incident }: { readonly incident: Incident }) {
  const { expected, cover, loss, paid } = incident;
  if (loss !== null) {
    const pool = BigInt(loss) - BigInt(paid ?? 0);
    return (
      <p className="amounts">
        Lost {eth(loss, 5)} ETH, bond paid <b>{eth(paid ?? '0', 5)} ETH</b>, stakers{' '}
        {pool > 0n ? eth(pool, 5) : 'nothing'}
      </p>
    );
  }
  if (expected === null) return null;
  return (
    <p className="amounts">
      Expected loss {eth(expected, 5)} ETH, bond covers {eth(cover ?? '0', 5)} ETH
    </p>
  );
}

function StageCell(props: {
  readonly stage: keyof typeof STAGE_NAMES;
  readonly mark: StageMark | null;
  readonly waiting: boolean;
  readonly incident: Incident;
}) {
  const { stage, mark, waiting, incident } = props;
  return (
    <li
      className={mark ? 'stage done' : waiting ? 'stage waiting' : 'stage'}
      data-stage={stage}
      data-done={mark !== null}
    >
      <span className="dot" aria-hidden="true" />
      <p className="stage-name">
        {STAGE_NAMES[stage]}
        {mark?.at == null ? null : <time className="num">{clock(mark.at)}</time>}
        <span className="hidden">{mark ? '' : waiting ? ' next' : ' not yet'}</span>
      </p>
      {mark ? (
        <>
          <p className="stage-text">{mark.text}</p>
          <p className="stage-links">
            {mark.slot === null ? null : <SlotLink slot={mark.slot} />}
            {mark.tx === null ? null : <Tx hash={mark.tx} />}
            {mark.block === null ? null : <BlockLink number={mark.block} />}
          </p>
          {stage === 'enforced' && incident.exits.length > 0 ? (
            <p className="stage-links">
              {plural(incident.exits.length, 'exit')}:{' '}
              {incident.exits.slice(0, 6).map((exit) => (
                <Tx key={exit.tx} hash={exit.tx}>
                  #{exit.ordinal}
                </Tx>
              ))}
            </p>
          ) : null}
        </>
      ) : null}
    </li>
  );
}
