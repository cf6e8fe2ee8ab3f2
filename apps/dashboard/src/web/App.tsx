import { useState } from 'react';
import { useChainNow } from './live/useChainNow.ts';
import { useLiveState } from './live/useLiveState.ts';
import { Alerts } from './sections/Alerts.tsx';
import { BackingPanel } from './sections/BackingPanel.tsx';
import { BreakPanel } from './sections/BreakPanel.tsx';
import { CheckpointsPanel } from './sections/CheckpointsPanel.tsx';
import { ClustersPanel } from './sections/ClustersPanel.tsx';
import { Header } from './sections/Header.tsx';
import { IncidentsPanel } from './sections/IncidentsPanel.tsx';
import { OperatorsPanel } from './sections/OperatorsPanel.tsx';
import { RatePanel } from './sections/RatePanel.tsx';
import { StakePanel } from './sections/StakePanel.tsx';
import { ValidatorsPanel } from './sections/ValidatorsPanel.tsx';

export function App() {
  const live = useLiveState();
  const now = useChainNow(live);
  const [selected, setSelected] = useState<number | null>(null);
  const { state } = live;
  if (!state) {
    return (
      <main className="starting" data-live="no">
        <p role="status">{live.connected ? 'Reading the pool…' : 'Connecting…'}</p>
      </main>
    );
  }
  return (
    <div className={live.connected ? 'page' : 'page stale'} data-live={state.backing && live.connected ? 'yes' : 'no'}>
      <Header state={state} connected={live.connected} />
      <Alerts live={live} />
      <main>
        <BackingPanel state={state} now={now} />
        <StakePanel state={state} />
        <RatePanel state={state} now={now} />
        {state.clusters ? <ClustersPanel clusters={state.clusters} /> : null}
        <ValidatorsPanel state={state} selected={selected} onSelect={setSelected} />
        <OperatorsPanel state={state} />
        <IncidentsPanel state={state} />
        {state.devnet ? (
          <BreakPanel state={state} devnet={state.devnet} selected={selected} onSelect={setSelected} />
        ) : null}
        <CheckpointsPanel state={state} />
      </main>
      <footer>
        <p>
          Every figure comes from the two public APIs of the chain. Check them without this page:{' '}
          <code>holdfast verify</code>
        </p>
      </footer>
    </div>
  );
}
