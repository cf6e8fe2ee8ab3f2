import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BeaconClient } from '@holdfast/beacon';
import type { ClusterLock } from '@holdfast/keys';
import { ChainMismatchError, DvNode, ExitRequestFiles, serveStatus } from '@holdfast/node';
import { KillSwitch } from '@holdfast/signer';
import { joinSignals, type Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { listenOn } from '../../net/ports.ts';
import { DEFAULT_DIRECTORY } from '../cluster/files.ts';
import { openHome } from '../signer/home.ts';
import { own } from '../signer/owned.ts';
import { listenOf, overridesOf } from './addresses.ts';
import type { NodeOptions } from './command.ts';
import type { ChainNow } from './history.ts';
import { type Loaded, load, rememberStart, requireDirectory } from './load.ts';
import { type NodeRecord, readRecord } from './record.ts';
import { distantSigner, localSigner, type NodeSigner, type SignerInputs } from './signer.ts';
import { announce, tellEvent, tellKill, tellWaiting } from './tell.ts';

type Running = NodeOptions & { readonly beaconUrl: readonly string[] };

export async function runNode(options: Running, context: Context): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  const directory = resolve(context.io.cwd, options.dataDir ?? DEFAULT_DIRECTORY);
  if (options.keystores !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
  requireDirectory(directory, options);
  const stopping = new AbortController();
  const { signal } = stack.use(joinSignals(context.signal, stopping.signal));
  const lease = await own({ directory }, 'node', context, stack, (error) => stopping.abort(error));
  const record = readRecord(directory);
  const home = await openHome({ ...homeOptions(options, record), dataDir: directory, init: true }, context.io);
  const loaded = await load(directory, record, home.network, options, context);
  const { lock, index } = loaded;
  const { definition } = lock;
  if (definition.network.genesisValidatorsRoot !== home.network.genesisValidatorsRoot) {
    throw new ChainMismatchError(definition.network.genesisValidatorsRoot, home.network.genesisValidatorsRoot);
  }
  const beacon = new BeaconClient({ urls: options.beaconUrl });
  const kill = startKillSwitch(directory, context, stack);
  const chain = await chainNow(beacon, lock);
  const exits = new ExitRequestFiles(directory);
  const { signer, waiting } = await makeSigner(
    {
      home,
      record,
      vault: loaded.isSolo ? null : `0x${definition.withdrawalCredentials.slice(-40)}`,
      feeRecipient: definition.feeRecipient,
      validatorOf: new Map(lock.validators.map(({ pubkey, sharePubkeys }) => [sharePubkeys[index - 1]!, pubkey])),
      exits,
      kill,
      lease,
      chain,
    },
    loaded,
    options,
    context,
    stack,
  );
  if (waiting) tellWaiting(waiting.sinceEpoch, context);
  const node = await DvNode.start({
    lock,
    identity: loaded.identity,
    beacon,
    signer,
    journal: join(directory, loaded.isSolo ? `votes-${lock.lockHash.slice(2, 10)}.sqlite` : 'votes.sqlite'),
    listen: listenOf(options.listen, definition.operators[index - 1]!),
    addresses: new Map([...overridesOf(options.peer, definition.operators.length)].map(([at, to]) => [at - 1, to])),
    exits,
    ...(options.graffiti ? { graffiti: options.graffiti } : {}),
    ...(options.gasLimit ? { gasLimit: BigInt(options.gasLimit) } : {}),
    log: (level, event, data) => tellEvent(level, event, data, context),
  });
  stack.defer(() => node.close());
  rememberStart(loaded);
  const pagesUrl = await servePages(node, kill, options, stack);
  announce(loaded, node, pagesUrl, context);
  // Duties that were in hand fail in their own ways when it is asked to stop.
  await node.run(signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (stopping.signal.aborted && !context.signal.aborted) throw stopping.signal.reason;
  tellEvent('info', 'node.stopping', {}, context);
  return EXIT.ok;
}

async function chainNow(beacon: BeaconClient, { validators }: ClusterLock): Promise<ChainNow> {
  const [{ headSlot }, known] = await Promise.all([
    beacon.validatorApi.syncing(),
    beacon.validators('head', { ids: validators.map(({ pubkey }) => pubkey) }),
  ]);
  return { headSlot, isActive: known.some(({ status }) => !status.startsWith('pending')) };
}

/** A file, or SIGUSR2, stops all signing. */
function startKillSwitch(directory: string, context: Context, stack: AsyncDisposableStack): KillSwitch {
  const kill = new KillSwitch({ directory, onChange: (killed) => tellKill(killed, context) });
  stack.defer(() => kill.close());
  kill.watch();
  const onSignal = (): void => void kill.kill({ by: 'SIGUSR2' });
  process.on('SIGUSR2', onSignal);
  stack.defer(() => void process.off('SIGUSR2', onSignal));
  return kill;
}

/** @returns where; null when nobody asked for them */
async function servePages(
  node: DvNode,
  kill: KillSwitch,
  { metricsPort, metricsHost }: Running,
  stack: AsyncDisposableStack,
): Promise<string | null> {
  if (metricsPort === undefined) return null;
  const pages = {
    metrics: () => node.metrics.registry.metrics(),
    status: () => ({ ...node.status(), killed: kill.state() }),
    unwell: () => (kill.state() ? 'the kill switch is pulled' : node.unwell()),
  };
  const server = await listenOn(metricsPort, metricsPort, (port) => serveStatus(pages, port, metricsHost));
  stack.defer(() => server.close());
  return server.url;
}

/** The signer's tools (`holdfast protection`, `holdfast signer kill`) work on a node's directory, too. */
function homeOptions({ beaconUrl, pkcs11Module, pkcs11Token, pkcs11Key }: Running, record: NodeRecord | null) {
  if (record?.seal?.kind !== 'pkcs11') return { beaconUrl, pkcs11Module, pkcs11Token, pkcs11Key };
  const { module, token, key } = record.seal;
  return { beaconUrl, pkcs11Module: module, pkcs11Token: token, pkcs11Key: key };
}

async function makeSigner(
  inputs: SignerInputs,
  { lock, index, shares }: Loaded,
  options: Running,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<NodeSigner> {
  if (shares) return localSigner(inputs, shares, options, context, stack);
  const wanted = lock.validators.map(({ sharePubkeys }): Pubkey => sharePubkeys[index - 1]!);
  return distantSigner(inputs, wanted, options, context);
}
