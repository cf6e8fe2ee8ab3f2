import { useEffect, useMemo, useRef } from 'react';
import type uPlot from 'uplot';
import type { DashboardState, RatePoint } from '../../shared/state.ts';
import { clock, duration, eth } from '../format.ts';
import { Panel } from '../parts/Panel.tsx';

const HEIGHT = 220;

/** The share rate over time: a line that checkpoints bend and losses break. */
export function RatePanel(props: { readonly state: DashboardState; readonly now: number }) {
  const { rate } = props.state;
  const points = rate?.points ?? [];
  const drips = rate && BigInt(rate.target) > BigInt(rate.current);
  const note = drips
    ? `rising to ${eth(rate.target, 9)} ETH within ${duration(rate.reachedAt - props.now)}`
    : rate
      ? 'steady until the next checkpoint'
      : '';
  return (
    <Panel title="Share rate over time" area="rate" note={note}>
      <Chart points={points} />
    </Panel>
  );
}

function Chart(props: { readonly points: readonly RatePoint[] }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useMemo(() => columns(props.points), [props.points]);
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    const element = host.current!;
    const ending = new AbortController();
    // Loaded apart: a browser in which the chart cannot run must still show everything else.
    import('uplot').then(
      ({ default: Plot }) => keepDrawn(Plot, { element, plot, newest, signal: ending.signal }),
      () => element.replaceChildren('The chart cannot be drawn in this browser.'),
    );
    return () => ending.abort();
  }, []);
  useEffect(() => plot.current?.setData(data), [data]);
  const [first, last] = [props.points[0], props.points.at(-1)];
  const text =
    first && last && props.points.length > 1
      ? `From ${eth(first.rate, 9)} ETH at ${clock(first.t)} to ${eth(last.rate, 9)} ETH at ${clock(last.t)}`
      : 'No deposit yet';
  return (
    <div className="chart">
      <div ref={host} role="img" aria-label={`Share rate. ${text}`} />
      {props.points.length < 2 ? <p className="chart-empty">The line begins with the first deposit.</p> : null}
    </div>
  );
}

interface Drawing {
  readonly element: HTMLElement;
  readonly plot: { current: uPlot | null };
  readonly newest: { readonly current: uPlot.AlignedData };
  readonly signal: AbortSignal;
}

/** Draws the chart, and again when the colours change; follows the width of its place. */
function keepDrawn(Plot: typeof uPlot, { element, plot, newest, signal }: Drawing): void {
  if (signal.aborted) return;
  const draw = () => {
    plot.current?.destroy();
    plot.current = new Plot(optionsFor(element), newest.current, element);
  };
  draw();
  const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
  resized.observe(element);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw, { signal });
  signal.addEventListener('abort', () => {
    resized.disconnect();
    plot.current?.destroy();
    plot.current = null;
  });
}

/** uPlot wants times that rise: where the rate jumps, the second point is moved by a thousandth of a second. */
function columns(points: readonly RatePoint[]): uPlot.AlignedData {
  const times: number[] = [];
  for (const { t } of points) times.push(Math.max(t, (times.at(-1) ?? 0) + 0.001));
  return [times, points.map(({ rate }) => Number(BigInt(rate) / 1_000n) / 1e15)];
}

function optionsFor(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color('--soft'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [12, 4, 0, 0],
    legend: { show: true, live: true },
    cursor: { points: { size: 7 }, drag: { x: true, y: false } },
    scales: { x: { time: true }, y: { range: rangeOf } },
    axes: [
      { ...axis, size: 28, values: (_plot, splits) => splits.map(clock), space: 90 },
      { ...axis, size: 86, values: rateLabels, space: 36 },
    ],
    series: [
      { label: 'Time', value: (_plot, t) => (t == null ? '–' : clock(t)) },
      {
        label: 'Rate',
        stroke: color('--accent'),
        fill: color('--accent-wash'),
        width: 1.75,
        points: { show: false },
        value: (_plot, value) => (value == null ? '–' : `${value.toFixed(9)} ETH`),
      },
    ],
  };
}

/** As many decimals as tell two lines apart. */
function rateLabels(_plot: uPlot, splits: number[], _axis: number, _space: number, increment: number): string[] {
  const decimals = Math.max(3, Math.ceil(-Math.log10(increment)));
  return splits.map((value) => value.toFixed(decimals));
}

/** Never so narrow that noise looks like news. */
function rangeOf(_plot: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low == null || high == null) return [0.99999, 1.00001];
  const room = Math.max((high - low) * 0.12, 2e-7);
  return [low - room, high + room];
}
