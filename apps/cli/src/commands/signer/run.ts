import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decryptKeystores } from '@holdfast/keys';
import {
  type AccessConfig,
  answerKill,
  createTokenFile,
  type Log,
  type ReloadResult,
  SettingsFile,
  type SignerServer,
  serveSigner,
  type TlsOptions,
} from '@holdfast/signer';
import type { Context } from '../../context.ts';
import { CliFileError, CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readSecretFile } from '../../secrets/files.ts';
import { reloadOnHangup, untilStopped } from '../../stop.ts';
import { pairs } from '../../ui/table.ts';
import { exitBeacon } from './beacon.ts';
import { readClients } from './clients.ts';
import type { SignerCommandOptions } from './command.ts';
import { type Engine, startEngine } from './engine.ts';
import type { Home } from './home.ts';
import { signerLog } from './logging.ts';

export async function runSigner(home: Home, options: SignerCommandOptions, context: Context): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  const log = signerLog(options.logLevel, context);
  const engine = await startEngine(home, options, context, log, stack);
  const server = await serve(home, options, context, engine, log);
  stack.defer(async () => {
    await server.close();
    engine.gate.drain();
  });
  const onKillSignal = () => pull(engine, log);
  process.on('SIGUSR2', onKillSignal);
  stack.defer(() => void process.off('SIGUSR2', onKillSignal));
  // One after the other: whoever changes a file and signals means the file as it is then.
  let reloading = Promise.resolve();
  reloadOnHangup(() => {
    reloading = reloading.then(() => reloadAll(server, () => accessOf(home, options, context), log));
  });
  announce(home, options, context, engine, server);
  await Promise.race([untilStopped(context.signal), engine.lost]);
  log.info('asked to stop: finishing what is in flight');
  return EXIT.ok;
}

async function serve(
  home: Home,
  options: SignerCommandOptions,
  context: Context,
  engine: Engine,
  log: Log,
): Promise<SignerServer> {
  const { keys, protection, service, watch, policy, kill, metrics, checks } = engine;
  // For managing keys over HTTP; one that is there stays.
  if (options.clients === undefined) createTokenFile(home.tokenPath);
  const tls = tlsOf(options, context);
  const settings = new SettingsFile(resolve(home.directory, 'key-settings.json'));
  return serveSigner({
    service,
    keys: keys.ring,
    protection,
    log,
    metrics,
    access: accessOf(home, options, context),
    ...(tls === undefined ? {} : { tls }),
    host: options.host,
    port: options.port,
    ...(options.metricsPort === undefined
      ? {}
      : { metricsListener: { host: options.metricsHost, port: options.metricsPort } }),
    keymanager: {
      ring: keys.ring,
      store: keys.store,
      protection,
      decrypt: decryptKeystores,
      beforeActive: async (pubkeys) => watch.watch(pubkeys),
      settings,
      ...(policy.pooled ? { settingRules: { feeRecipients: policy.feeRecipients } } : {}),
      ...(options.beaconUrl === undefined ? {} : { beacon: await exitBeacon(options.beaconUrl, home.network) }),
    },
    hooks: {
      reload: () => reload(engine),
      checks,
      kill: (method, body, client) => answerKill(kill, method, body, client),
    },
  });
}

/** Clients as their file says; without one anybody on this machine, and the admin whose token lies in the directory. */
function accessOf(home: Home, options: SignerCommandOptions, context: Context): AccessConfig {
  if (options.clients !== undefined) return readClients(resolve(context.io.cwd, options.clients));
  return { admins: [{ name: 'admin', tokenFile: home.tokenPath }] };
}

function tlsOf({ tlsCert, tlsKey, tlsClientCa }: SignerCommandOptions, context: Context): TlsOptions | undefined {
  if (tlsCert === undefined && tlsKey === undefined) {
    if (tlsClientCa === undefined) return undefined;
    throw new CliUsageError('--tls-client-ca needs --tls-cert and --tls-key');
  }
  if (tlsCert === undefined || tlsKey === undefined) throw new CliUsageError('--tls-cert and --tls-key go together');
  const at = (path: string): string => resolve(context.io.cwd, path);
  return {
    cert: readPem(at(tlsCert)),
    key: readSecretFile(at(tlsKey), context.warn),
    ...(tlsClientCa === undefined ? {} : { clientCa: readPem(at(tlsClientCa)) }),
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the certificate cannot be read', { data: { path }, cause });
  }
}

/** The keys' file and the policy, anew. */
async function reload({ keys, policy, watch }: Engine): Promise<ReloadResult> {
  policy.reload();
  await keys.reopen();
  const { added, removed } = await keys.load(watch.watch);
  watch.forget(removed);
  return { added: added.length, removed: removed.length, errors: [] };
}

const RELOAD_WAIT_MS = 100;

async function reloadAll(server: SignerServer, access: () => AccessConfig, log: Log): Promise<void> {
  try {
    server.setAccess(access());
    log.info('clients are read again');
  } catch (error) {
    log.error({ err: error }, 'the clients cannot be used: those in force stay so');
  }
  let running = server.reload();
  // One that the API asked for is under way: it may have read the files before they changed.
  while (running === null) {
    await sleep(RELOAD_WAIT_MS);
    running = server.reload();
  }
  const state = await running;
  if (state?.status === 'completed') log.info('keys and policy are read again');
  else log.error({ why: state?.lastError }, 'the reload failed: what was in force stays so');
}

function pull({ kill }: Engine, log: Log): void {
  try {
    kill.kill({ by: 'SIGUSR2' });
  } catch (error) {
    log.fatal({ err: error }, 'the kill switch is pulled in memory only');
  }
}

function announce(
  home: Home,
  options: SignerCommandOptions,
  context: Context,
  { keys, policy, kill }: Engine,
  { url, metricsUrl }: SignerServer,
): void {
  const { network, directory } = home;
  const watching = options.beaconUrl !== undefined && options.doppelgangerEpochs > 0;
  context.tell({
    event: 'ready',
    url,
    metricsUrl,
    directory,
    network: network.name,
    genesisValidatorsRoot: network.genesisValidatorsRoot,
    keys: keys.ring.size,
    killed: kill.state() !== null,
    watching,
    pid: process.pid,
  });
  const { bold, dim } = context.style;
  context.say(
    `\n${pairs([
      ['signer', `${bold(url)} ${dim('(Web3Signer and Keymanager APIs)')}`],
      ...(metricsUrl === null ? [] : [['metrics', `${metricsUrl}/metrics`] as const]),
      ['network', `${network.name} ${dim(network.genesisValidatorsRoot)}`],
      ['keys', String(keys.ring.size)],
      ['directory', directory],
    ])}\n`,
  );
  if (!policy.pooled) context.warn('no --vault: deposits, registrations and fees are not held to a pool');
  if (!watching) context.warn('no --beacon-url: nobody watches for a second instance of these keys');
  context.say(`${dim('Ctrl-C stops it; `holdfast signer kill` stops all signing.')}\n`);
}
