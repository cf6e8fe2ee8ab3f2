import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumBrowser } from '../src/browser.ts';
import {
  type ClusterNodeRow,
  type ClusterRow,
  type ClustersPort,
  type Dashboard,
  type DashboardState,
  serveDashboard,
} from '../src/index.ts';
import { World } from './support/World.ts';

// A person at the page, on a living devnet: deposits, watches a slashing unfold, withdraws and claims.
const PACE_MS = 60;
const STORY_MS = 300_000;
/** How long one step of the story may take. */
const STEP_MS = 240_000;

let world: World;
let dashboard: Dashboard;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
/** What the page is told of a cluster of the first operator's. */
let cluster: ClusterRow | null = null;
const clusters: ClustersPort = { rows: () => (cluster ? [cluster] : []), act: () => Promise.resolve() };

beforeAll(async () => {
  const operators = [
    { name: 'Anemone', validators: 2 },
    { name: 'Bryozoan', validators: 2 },
  ];
  world = await World.start({ paceMs: PACE_MS, operators, staked: '140' });
  const { manifest, rpcUrl, beaconUrl } = world;
  dashboard = await serveDashboard({ manifest, rpcUrl, beaconUrl, devnetUrl: beaconUrl, clusters, pollMs: 200 });
  browser = await chromiumBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, locale: 'en-GB' });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(dashboard.url);
}, STORY_MS);

afterAll(async () => {
  await browser?.close();
  await dashboard?.close();
  await world?.close();
}, 60_000);

const state = async (): Promise<DashboardState> =>
  (await (await fetch(`${dashboard.url}/api/state`)).json()) as DashboardState;
const text = (id: string): Promise<string> => page.getByTestId(id).innerText();
const shares = async (): Promise<number> => Number((await text('shares')).replaceAll('\u202f', ''));

test(
  'the page comes alive, and says what backs the shares',
  async () => {
    await page.locator('[data-live="yes"]').waitFor({ timeout: STEP_MS });
    await world.until((pool) => pool.validators.every(({ status }) => status === 'funded'), 'the funding', STEP_MS);
    await page.getByTestId('verdict').getByText('Fully backed').waitFor({ timeout: STEP_MS });
    expect(await page.getByTestId('proof-age').innerText()).toMatch(/\d/);
    expect(await page.getByTestId('operator-1').innerText()).toContain('Anemone');
    await page.getByTestId('count-active').filter({ hasText: '4' }).waitFor({ timeout: STEP_MS });
    await page.locator('.chart canvas').waitFor({ timeout: STEP_MS });
  },
  STORY_MS,
);

test(
  'a cluster starts, runs, stops and halts before one’s eyes; what its nodes alone can fail at is left to them',
  async () => {
    const shown = page.getByTestId('cluster-Anemone');
    const first = (await state()).validators.filter(({ operatorId }) => operatorId === 1);
    await page.getByText('The nodes are about to start').waitFor({ timeout: STEP_MS });
    cluster = clusterOf(
      first.map(({ pubkey }) => pubkey),
      { state: 'starting' },
      ['up', 'starting', 'waiting', 'waiting'],
    );
    await page.getByTestId('clusters-starting').getByText('1 of 4 nodes are up').waitFor({ timeout: STEP_MS });
    expect(await shown.locator('button:enabled').count()).toBe(0);
    await page.getByTestId('target').selectOption('operator-1');
    expect(await page.locator('[data-fault="offline"]').isEnabled()).toBe(true);

    cluster = { ...cluster, state: 'running', nodes: nodesOf(['up', 'up', 'up', 'up']) };
    await page.getByTestId('run-by-clusters').getByText('Run by the cluster Anemone').waitFor({ timeout: STEP_MS });
    expect(await page.getByTestId('clusters-starting').count()).toBe(0);
    expect(await page.locator('[data-fault="offline"]').isEnabled()).toBe(false);
    expect(await page.locator('[data-fault="doubleVote"]').isEnabled()).toBe(true);

    const why = '2 of 4 nodes can be reached; 3 must agree';
    cluster = { ...cluster, state: 'stopped', why, nodes: nodesOf(['up', 'up', 'down', 'down']) };
    await shown.getByText(`Stopped, and signs nothing: ${why}.`).waitFor({ timeout: STEP_MS });
    cluster = { ...cluster, state: 'halted', why: 'a validator of this cluster was slashed' };
    await shown.getByText('Halted for good: a validator of this cluster was slashed.').waitFor({ timeout: STEP_MS });
    await shown.getByText('somewhere a copy of the key did').waitFor();
    cluster = null;
    await page.getByTestId('target').selectOption('operator-2');
    await expect.poll(() => page.locator('[data-fault="offline"]').isEnabled(), { timeout: STEP_MS }).toBe(true);
  },
  STORY_MS,
);

const nodesOf = (states: readonly ClusterNodeRow['state'][]): ClusterNodeRow[] =>
  states.map((state, at) => ({ node: at + 1, state, corrupt: false, faults: 0, led: 0, partialMs: null, late: false }));

const clusterOf = (
  validators: readonly string[],
  more: Pick<ClusterRow, 'state'>,
  states: readonly ClusterNodeRow['state'][],
): ClusterRow => ({
  ...{ name: 'Anemone', threshold: 3, validators, why: null, slots: [], done: 0, missed: 0, window: 32 },
  ...more,
  nodes: nodesOf(states),
});

test(
  'a deposit is signed in the page and gives shares',
  async () => {
    await page.getByTestId('account').selectOption('7');
    await expect.poll(shares).toBe(0);
    await page.getByLabel('Ether to deposit').fill('20.5');
    await page.getByTestId('submit').click();
    await page.getByTestId('news').getByText('Deposited in').waitFor({ timeout: STEP_MS });
    await expect.poll(shares, { timeout: STEP_MS }).toBeGreaterThan(20);
    const href = await page.getByTestId('news').getByRole('link').getAttribute('href');
    const shown = await (await fetch(new URL(href!, dashboard.url))).text();
    expect(shown).toContain('succeeded');
    expect(shown).toContain('Deposit');
  },
  STORY_MS,
);

test(
  'what cannot be is refused before it is sent',
  async () => {
    await page.getByLabel('Ether to deposit').fill('9999999');
    await page.getByText('This account has').waitFor();
    expect(await page.getByTestId('submit').isDisabled()).toBe(true);
    await page.getByLabel('Ether to deposit').fill('one');
    await page.getByText('Not an amount').waitFor();
    await page.getByLabel('Ether to deposit').fill('');
  },
  STORY_MS,
);

test(
  'a double vote is injected, seen, proven and enforced before one’s eyes',
  async () => {
    const victim = (await state()).validators.find(({ operatorId }) => operatorId === 2)!;
    await page.getByTestId('target').selectOption(`validator-${victim.ordinal}`);
    await page.locator('[data-fault="doubleVote"]').click();
    await page.getByText('Double vote: told').waitFor();
    const incident = page.getByTestId(`slashing-${victim.ordinal}`);
    for (const stage of ['fault', 'seen', 'proven', 'enforced']) {
      await incident.locator(`[data-stage="${stage}"][data-done="true"]`).waitFor({ timeout: STEP_MS });
    }
    expect(await incident.innerText()).toContain('double vote');
    await page.getByTestId('operator-2').getByText('frozen').waitFor({ timeout: STEP_MS });
    await page.getByTestId('count-slashed').filter({ hasText: '1' }).waitFor({ timeout: STEP_MS });
    const { incidents } = await state();
    for (const { tx, slot } of incidents[0]!.marks) {
      const path = tx === null ? `/slot/${slot}` : `/tx/${tx}`;
      if (tx === null && slot === null) continue;
      const answer = await fetch(new URL(path, dashboard.url));
      // A fault's own slot may have no block.
      expect([200, ...(tx === null ? [404] : [])]).toContain(answer.status);
    }
    const { slot } = incidents[0]!.marks.find(({ stage }) => stage === 'seen')!;
    expect(await (await fetch(new URL(`/slot/${slot}`, dashboard.url))).text()).toContain('Attester slashing');
  },
  STORY_MS,
);

test(
  'a withdrawal is requested, becomes payable, and is claimed',
  async () => {
    await page.getByRole('tab', { name: 'Withdraw' }).click();
    await page.getByLabel('Shares to withdraw').fill('8');
    await page.getByTestId('submit').click();
    await page.getByTestId('news').getByText('Withdrawal requested in').waitFor({ timeout: STEP_MS });
    const request = page.getByTestId('request-1');
    await request.waitFor({ timeout: STEP_MS });
    await request.getByRole('button', { name: 'Claim' }).click({ timeout: STEP_MS });
    await page.locator('[data-testid="request-1"][data-state="claimed"]').waitFor({ timeout: STEP_MS });
  },
  STORY_MS,
);

test(
  'the slashing is settled: the bond pays, the stakers lose nothing',
  async () => {
    const settled = page.locator('[data-testid^="slashing-"] [data-stage="settled"][data-done="true"]');
    await settled.waitFor({ timeout: STEP_MS });
    const [incident] = (await state()).incidents;
    expect(BigInt(incident!.paid!)).toBeGreaterThanOrEqual(BigInt(incident!.loss!));
    await page.getByTestId('verdict').getByText('Fully backed').waitFor();
  },
  STORY_MS,
);

test(
  'the backing is recomputed from the chain, and a lying beacon node refuted',
  async () => {
    const outcome = page.getByTestId('verify-outcome');
    await page.getByTestId('verify').click();
    await outcome.getByText('Proven').waitFor({ timeout: STEP_MS });
    await page.locator('[data-tamper="lyingBalances"]').click();
    await page.getByText('Lie about balances: told').waitFor({ timeout: STEP_MS });
    await page.getByTestId('verify').click();
    await outcome.getByText('Refuted').waitFor({ timeout: STEP_MS });
    await page.locator('[data-tamper="none"]').click();
    await page.getByText('Tell the truth: told').waitFor({ timeout: STEP_MS });
  },
  STORY_MS,
);

test(
  'a beacon node that fails is said to have failed; the rest lives on',
  async () => {
    await page.locator('[data-tamper="error500"]').click();
    await page.getByRole('alert').getByText('The beacon node does not answer').waitFor({ timeout: STEP_MS });
    const before = (await state()).head!.slot;
    await expect.poll(async () => (await state()).head!.slot, { timeout: STEP_MS }).toBeGreaterThan(before);
    await page.locator('[data-tamper="none"]').click();
    await expect.poll(() => page.getByRole('alert').innerText(), { timeout: STEP_MS }).toBe('');
  },
  STORY_MS,
);

test(
  'the page can be used by keyboard, and fits a phone',
  async () => {
    const tab = page.getByRole('tab', { name: 'Withdraw' });
    await tab.focus();
    await page.keyboard.press('ArrowLeft');
    await page.getByLabel('Ether to deposit').waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  },
  STORY_MS,
);

test(
  'a server that is gone is said to be gone, and the page complained of nothing before',
  async () => {
    expect(complaints).toEqual([]);
    await dashboard.close();
    await page.getByRole('alert').getByText('Connection to the dashboard’s server lost').waitFor({ timeout: STEP_MS });
  },
  STORY_MS,
);
