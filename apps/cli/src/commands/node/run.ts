import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BeaconClient } from '@holdfast/beacon';
import type { ClusterLock, KeyPair } from '@holdfast/keys';
import {
  ChainMismatchError,
  createIdentityFile,
  DvNode,
  loadIdentity,
  type NodeIdentity,
  NotAMemberError,
  serveStatus,
} from '@holdfast/node';
import { KillSwitch } from '@holdfast/signer';
import { type Hex, type Pubkey, toHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { listenOn } from '../../net/ports.ts';
import { withoutSecrets } from '../../net/urls.ts';
import { pairs } from '../../ui/table.ts';
import { DEFAULT_DIRECTORY, IDENTITY_FILE, LOCK_FILE, readVerifiedLock } from '../cluster/files.ts';
import { openHome } from '../signer/home.ts';
import { own } from '../signer/owned.ts';
import { listenOf, overridesOf } from './addresses.ts';
import type { NodeOptions } from './command.ts';
import { type NodeRecord, readRecord, writeRecord } from './record.ts';
import { loadShares, openKeystores } from './shares.ts';
import { distantSigner, localSigner, type NodeSigner, type SignerInputs } from './signer.ts';
import { soloLock } from './solo.ts';

type Running = NodeOptions & { readonly beaconUrl: readonly string[] };

/** What the directory holds, checked: nothing of it has been used yet. */
interface Loaded {
  readonly directory: string;
  readonly lock: ClusterLock;
  readonly identity: NodeIdentity;
  /** From 1. */
  readonly index: number;
  readonly record: NodeRecord | null;
  /** Null when a remote signer holds them. */
  readonly shares: readonly KeyPair[] | null;
  readonly isSolo: boolean;
}

export async function runNode(options: Running, context: Context): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  const directory = resolve(context.io.cwd, options.dataDir ?? DEFAULT_DIRECTORY);
  if (options.keystores !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
  requireDirectory(directory, options);
  const stopping = new AbortController();
  const signal = AbortSignal.any([context.signal, stopping.signal]);
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
  const kill = new KillSwitch({ directory, onChange: (killed) => tellKill(killed, context) });
  stack.defer(() => kill.close());
  kill.watch();
  const onKillSignal = (): void => void kill.kill({ by: 'SIGUSR2' });
  process.on('SIGUSR2', onKillSignal);
  stack.defer(() => void process.off('SIGUSR2', onKillSignal));

  const { headSlot } = await beacon.validatorApi.syncing();
  const { signer, waiting } = await makeSigner(
    {
      home,
      record,
      vault: loaded.isSolo ? null : `0x${definition.withdrawalCredentials.slice(-40)}`,
      feeRecipient: definition.feeRecipient,
      validatorOf: new Map(lock.validators.map(({ pubkey, sharePubkeys }) => [sharePubkeys[index - 1]!, pubkey])),
      kill,
      lease,
      headSlot,
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
    ...(options.graffiti ? { graffiti: options.graffiti } : {}),
    ...(options.gasLimit ? { gasLimit: BigInt(options.gasLimit) } : {}),
    log: (level, event, data) => tellEvent(level, event, data, context),
  });
  stack.defer(() => node.close());
  rememberStart(loaded);
  const pages = {
    metrics: () => node.metrics.registry.metrics(),
    status: () => ({ ...node.status(), killed: kill.state() }),
    unwell: () => (kill.state() ? 'the kill switch is pulled' : node.unwell()),
  };
  const { metricsPort, metricsHost } = options;
  const pagesAt =
    metricsPort === undefined
      ? null
      : await listenOn(metricsPort, metricsPort, (port) => serveStatus(pages, port, metricsHost));
  if (pagesAt) stack.defer(() => pagesAt.close());
  announce(loaded, node, pagesAt?.url ?? null, context);
  // Duties that were in hand fail in their own ways when it is asked to stop.
  await node.run(signal).catch((error: unknown) => {
    if (!context.signal.aborted) throw stopping.signal.aborted ? stopping.signal.reason : error;
  });
  tellEvent('info', 'node.stopping', {}, context);
  return EXIT.ok;
}

function requireDirectory(directory: string, { keystores }: Running): void {
  if (keystores !== undefined) {
    if (!existsSync(join(directory, LOCK_FILE))) return;
    throw new CliUsageError('--keystores is for a node without a cluster, and this directory has a lock', {
      data: { directory },
      fix: 'Give another --data-dir',
    });
  }
  if (existsSync(join(directory, LOCK_FILE))) return;
  throw new CliUsageError('this is no directory of a node', {
    data: { directory },
    fix: 'Give the --data-dir that `holdfast dkg` wrote its lock.json into; or --keystores, for whole keys',
  });
}

/** The signer's tools (`holdfast protection`, `holdfast signer kill`) work on a node's directory, too. */
function homeOptions({ beaconUrl, pkcs11Module, pkcs11Token, pkcs11Key }: Running, record: NodeRecord | null) {
  if (record?.seal?.kind !== 'pkcs11') return { beaconUrl, pkcs11Module, pkcs11Token, pkcs11Key };
  const { module, token, key } = record.seal;
  return { beaconUrl, pkcs11Module: module, pkcs11Token: token, pkcs11Key: key };
}

async function load(
  directory: string,
  record: NodeRecord | null,
  network: Parameters<typeof soloLock>[3],
  options: Running,
  context: Context,
): Promise<Loaded> {
  const identityPath = join(directory, IDENTITY_FILE);
  if (options.keystores !== undefined) return loadSolo(directory, record, network, options, context);
  const { lock } = await readVerifiedLock(join(directory, LOCK_FILE));
  const identity = loadIdentity(identityPath);
  const publicKey = toHex(identity.privateKey.publicKey.raw);
  const index = lock.definition.operators.findIndex((operator) => operator.identity === publicKey) + 1;
  if (index === 0) throw new NotAMemberError(identity.peerId);
  if (record && record.lockHash !== lock.lockHash) {
    throw new CliUsageError('the lock is not the one that this directory was made with', {
      data: { directory, lock: lock.lockHash, madeWith: record.lockHash },
      fix: 'Restore the lock.json of this generation; each generation has a directory of its own',
    });
  }
  const shares =
    options.signerUrl === undefined ? await loadShares(directory, lock, index, record, options, context) : null;
  return { directory, lock, identity, index, record, shares, isSolo: false };
}

async function loadSolo(
  directory: string,
  record: NodeRecord | null,
  network: Parameters<typeof soloLock>[3],
  options: Running,
  context: Context,
): Promise<Loaded> {
  const { keystores, passwordFile, feeRecipient, signerUrl } = options;
  if (passwordFile === undefined || feeRecipient === undefined || signerUrl !== undefined) {
    throw new CliUsageError('--keystores goes with --password-file and --fee-recipient, and not with --signer-url');
  }
  const identityPath = join(directory, IDENTITY_FILE);
  const identity = existsSync(identityPath) ? loadIdentity(identityPath) : await createIdentityFile(identityPath);
  const at = (path: string): string => resolve(context.io.cwd, path);
  const shares = await openKeystores(at(keystores!), at(passwordFile), context);
  return {
    directory,
    lock: soloLock(shares, identity, feeRecipient, network),
    identity,
    index: 1,
    record,
    shares,
    isSolo: true,
  };
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

/** From now on something may be signed: a database that is missing later was lost. */
function rememberStart({ directory, lock, record }: Loaded): void {
  if (record?.startedAt) return;
  const { origin, seal } = record ?? { origin: 'hand' as const, seal: null };
  writeRecord(directory, { version: 1, lockHash: lock.lockHash, origin, seal, startedAt: new Date().toISOString() });
}

function tellWaiting(epoch: number, context: Context): void {
  context.tell({ event: 'history.waiting', sinceEpoch: epoch });
  context.warn(
    `what these shares signed is not known: nothing is signed until the chain has justified epoch ${epoch}, about three epochs from now`,
  );
}

function tellKill(killed: ReturnType<KillSwitch['state']>, context: Context): void {
  if (killed) tellEvent('error', 'KILL SWITCH: nothing is signed', { ...killed }, context);
  else tellEvent('warn', 'kill switch released: signing goes on', {}, context);
}

function tellEvent(
  level: 'info' | 'warn' | 'error',
  event: string,
  data: Readonly<Record<string, unknown>>,
  { io, json, style }: Context,
): void {
  const time = new Date().toISOString();
  if (json) {
    io.out(withoutSecrets(`${JSON.stringify({ time, level, event, ...data })}\n`));
    return;
  }
  const paint = level === 'error' ? style.red : level === 'warn' ? style.yellow : style.dim;
  const told = Object.entries(data).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  io.out(withoutSecrets(`${style.dim(time.slice(11, 19))} ${paint(event)} ${told.join(' ')}\n`));
}

function announce(
  { lock, index, identity, directory }: Loaded,
  node: DvNode,
  pagesUrl: Hex | string | null,
  context: Context,
): void {
  const { name, network, threshold, operators } = lock.definition;
  context.tell({
    event: 'ready',
    cluster: name,
    lockHash: lock.lockHash,
    node: index,
    nodes: operators.length,
    threshold,
    peerId: identity.peerId,
    addresses: node.addresses,
    validators: lock.validators.length,
    network: network.name,
    directory,
    statusUrl: pagesUrl,
    pid: process.pid,
  });
  const { bold, dim } = context.style;
  context.say(
    `\n${pairs([
      ['cluster', `${bold(name)} ${dim(lock.lockHash)}`],
      [
        'node',
        operators.length === 1 ? 'alone' : `${index} of ${operators.length}, ${threshold} sign ${dim(identity.peerId)}`,
      ],
      ['validators', String(lock.validators.length)],
      ['network', network.name],
      ...(node.addresses.length > 0 ? [['listening', node.addresses.join(' ')] as const] : []),
      ...(pagesUrl ? [['metrics', `${pagesUrl}/metrics ${dim('/status /healthz')}`] as const] : []),
      ['directory', directory],
    ])}\n${dim('Ctrl-C stops it; SIGUSR2 stops all signing.')}\n\n`,
  );
}
