import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildDashboard, serveDashboard } from '@holdfast/dashboard';
import { Devnet } from '@holdfast/devnet';
import { jsonLog, type Keeper } from '@holdfast/keeper';
import { type PoolManifest, stringifyManifest } from '@holdfast/pool';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { listenOn } from '../../net/ports.ts';
import { pairs } from '../../ui/table.ts';
import { writeWhole } from '../deploy/journal.ts';
import { startExecution } from '../devnet/execution.ts';
import { startChain, watched } from '../devnet/run.ts';
import { type Cast, makeCast } from './cast.ts';
import { Clusters } from './clusters/Clusters.ts';
import { NODES } from './clusters/deal.ts';
import type { UpCommandOptions } from './command.ts';
import { type Signers, startSigners } from './keys.ts';
import { Stage } from './Stage.ts';
import { activeOf, deploy, enlist, isEarning, live, makeKeeper, SLOTS_PER_ROUND, slotsBehind, stake } from './story.ts';

/**
 * So many slots pass at once before it goes live, a few more than the story needs: each validator waits for the one
 * before it. Genesis lies as far back, so that afterwards clock and chain agree.
 */
const HISTORY_SLOTS = 168;
const HISTORY_SLOTS_PER_VALIDATOR = 4;
const DASHBOARD_PORT = 4600;
/** More slots than a round of the keeper takes. */
const KEEPER_SLOTS = 12;

/** What runs, and where. */
interface Running {
  readonly stage: Stage;
  readonly keeper: Keeper;
  readonly manifest: PoolManifest;
  readonly manifestPath: string;
  readonly rpcUrl: string;
  readonly beaconUrl: string;
  readonly signers: Signers | null;
  readonly clusters: Clusters | null;
}

export async function runUp(options: UpCommandOptions, context: Context): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  const dataDir = openDataDir(options, context, stack);
  const running = await begin(options, context, stack, dataDir);
  const { stage, keeper } = running;
  const dashboardUrl = options.dashboard ? await startDashboard(options, context, stack, running) : null;
  await catchUp(context, stage, keeper);
  if (running.clusters) await untilClockMeets(context, stage);
  stage.devnet.start();
  if (options.keeper) void keeper.run(context.signal);
  announce(context, running, dashboardUrl, dataDir);
  const starting = running.clusters ? startClusters(running.clusters, context) : Promise.resolve();
  await watched(stage.devnet, context.signal);
  await running.clusters?.halt();
  await starting;
  await context.progress.step('Stopping', () => stack.disposeAsync());
  return EXIT.ok;
}

/** From nothing to a pool whose validators earn. */
async function begin(
  options: UpCommandOptions,
  context: Context,
  stack: AsyncDisposableStack,
  dataDir: string,
): Promise<Running> {
  const { progress, signal } = context;
  const { slotSeconds, operators, keys } = options;
  const history = HISTORY_SLOTS + HISTORY_SLOTS_PER_VALIDATOR * operators * keys;
  const genesisTime = Math.floor(Date.now() / 1000) - history * slotSeconds;
  const { devnet, rpc, beaconUrl } = await progress.step('Starting an Ethereum', async () => {
    const execution = await startExecution({ adapter: options.adapter }, genesisTime, slotSeconds);
    return startChain(stack, options, () =>
      Devnet.create({ execution, validators: options.validators, secondsPerSlot: slotSeconds }),
    );
  });
  const cast: Cast = makeCast(operators, keys);
  const stage = new Stage(devnet, beaconUrl, signal);
  const manifest = await progress.step('Deploying the pool', (detail) => deploy(stage, cast, detail));
  const manifestPath = join(dataDir, 'pool.json');
  writeWhole(manifestPath, stringifyManifest(manifest));
  const signers = options.signer
    ? await progress.step(`${operators} signers start, and seal ${keys} keys each`, () =>
        startSigners(devnet, cast, manifest, dataDir, stack),
      )
    : null;
  if (signers) stack.defer(tellMissedDuties(context, devnet, dataDir));
  const pubkeys = await progress.step(`${operators} operators bond and offer ${keys} keys each`, () =>
    enlist(stage, cast, manifest, signers?.keys),
  );
  await progress.step('Stakers deposit', () => stake(stage, cast, manifest));
  const log = jsonLog((line) => appendFileSync(join(dataDir, 'keeper.log'), line));
  const keeper = makeKeeper(stage, cast.keeper.privateKey, manifest, log);
  stack.defer(() => keeper.stop());
  await progress.step('Validators are proven, funded, activated, and earn', (detail) =>
    live(stage, keeper, () => {
      detail(`epoch ${devnet.epoch}, ${activeOf(stage, pubkeys)} of ${pubkeys.length} active`);
      return isEarning(stage, manifest, pubkeys);
    }),
  );
  const clusters =
    options.clusterOperators > 0
      ? new Clusters({
          devnet,
          operators: cast.operators.slice(0, options.clusterOperators),
          beaconUrl,
          vault: manifest.addresses.vault,
          dataDir,
        })
      : null;
  if (clusters) stack.defer(() => clusters.close());
  return { stage, keeper, manifest, manifestPath, rpcUrl: rpc.url, beaconUrl, signers, clusters };
}

/** The page is there already; until the nodes are, the devnet does their validators' duties. */
async function startClusters(clusters: Clusters, context: Context): Promise<void> {
  try {
    await context.progress.step('Clusters of nodes start', (detail) => clusters.start(context, detail));
    context.tell({
      event: 'clusters',
      clusters: clusters.clusters.map(({ name, lock, nodes }) => ({
        name,
        lockHash: lock.lockHash,
        validators: lock.validators.length,
        nodes: nodes.map(({ node, pid, statusUrl, directory }) => ({ node, pid, statusUrl, directory })),
      })),
    });
    const names = clusters.clusters.map(({ name }) => name).join(', ');
    context.say(`The validators of ${names} are run by clusters of ${NODES} nodes now.\n`);
  } catch (error) {
    await clusters.close();
    if (context.signal.aborted) return;
    context.warn(`the clusters did not start: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Every duty that a signer did not sign goes to a log; a refusal is also told at once. */
function tellMissedDuties(context: Context, devnet: Devnet, dataDir: string): () => void {
  return devnet.on((event) => {
    if (event.kind !== 'duty_missed') return;
    const { slot, pubkey, duty, failure, reason } = event;
    appendFileSync(join(dataDir, 'duties.log'), `${JSON.stringify({ slot, pubkey, duty, failure, reason })}\n`);
    if (failure === 'refused') context.warn(`slot ${slot}: the signer of ${pubkey.slice(0, 14)}… refused ${duty}`);
  });
}

async function catchUp(context: Context, stage: Stage, keeper: Keeper): Promise<void> {
  await context.progress.step('Catching up with the clock', async (detail) => {
    for (let behind = slotsBehind(stage); behind > 0; behind = slotsBehind(stage)) {
      detail(`slot ${stage.devnet.slot}`);
      // What the keeper sends takes slots of its own: not at the end, lest the chain run ahead of the clock.
      if (behind > KEEPER_SLOTS) await keeper.tick();
      await stage.step(Math.min(SLOTS_PER_ROUND, slotsBehind(stage)));
    }
  });
}

/** Where the chain ran ahead of the clock all the same: nodes go by the clock, so their chain must not. */
async function untilClockMeets({ signal }: Context, { devnet }: Stage): Promise<void> {
  const { genesisTime, secondsPerSlot } = devnet.status();
  await sleep(Math.max(0, (genesisTime + devnet.slot * secondsPerSlot) * 1000 - Date.now()), undefined, { signal });
}

async function startDashboard(
  options: UpCommandOptions,
  context: Context,
  stack: AsyncDisposableStack,
  { manifest, rpcUrl, beaconUrl, clusters }: Running,
): Promise<string> {
  return context.progress.step('Opening the dashboard', async (detail) => {
    await buildDashboard({ onProgress: detail });
    const dashboard = await listenOn(options.port, DASHBOARD_PORT, (port) =>
      serveDashboard({
        host: '127.0.0.1',
        port,
        manifest,
        rpcUrl,
        beaconUrl,
        devnetUrl: beaconUrl,
        ...(clusters ? { clusters } : {}),
      }),
    );
    stack.defer(() => dashboard.close());
    return dashboard.url;
  });
}

/** The directory for what is written; one of its own making it removes again. */
function openDataDir({ dataDir }: UpCommandOptions, { io }: Context, stack: AsyncDisposableStack): string {
  if (dataDir !== undefined) {
    const path = resolve(io.cwd, dataDir);
    mkdirSync(path, { recursive: true });
    return path;
  }
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'));
  stack.defer(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function announce(context: Context, running: Running, dashboardUrl: string | null, dataDir: string): void {
  const { rpcUrl, beaconUrl, manifestPath: manifest, stage, signers } = running;
  const { chainId, genesisTime, secondsPerSlot } = stage.devnet.status();
  context.tell({
    event: 'ready',
    dashboardUrl,
    rpcUrl,
    beaconUrl,
    devnetUrl: beaconUrl,
    manifest,
    dataDir,
    chainId,
    genesisTime,
    secondsPerSlot,
    vault: running.manifest.addresses.vault,
    ...(signers
      ? { signers: signers.processes.map(({ operator, url, pid, directory }) => ({ operator, url, pid, directory })) }
      : {}),
  });
  const { bold, cyan, dim } = context.style;
  const urls = `--rpc-url ${rpcUrl} --beacon-url ${beaconUrl}`;
  context.say(
    `\n${pairs([
      ...(dashboardUrl === null ? [] : [['Dashboard', bold(cyan(dashboardUrl))] as const]),
      ['JSON-RPC', rpcUrl],
      ['Beacon API', beaconUrl],
      ['Pool', manifest],
      ...(signers
        ? [['Signers', signers.processes.map(({ operator, url }) => `${operator} ${dim(url)}`).join('  ')] as const]
        : []),
    ])}\n${dim('Check it from another terminal:')}\n` +
      `  npm run holdfast -- verify ${urls} --pool ${manifest}\n` +
      `${dim('Break it:')}\n  npm run holdfast -- fault --help\n\n${dim('Ctrl-C stops everything.')}\n`,
  );
}
