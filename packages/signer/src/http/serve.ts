import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyServerFactory } from 'fastify';
import { Access } from '../access/access.ts';
import { browserRules } from '../access/browser.ts';
import type { AccessConfig } from '../access/config.ts';
import { SignerAccessError } from '../access/errors.ts';
import { checkListener } from '../access/listen.ts';
import type { Log } from '../log.ts';
import { SignerMetrics } from '../metrics.ts';
import { ByteBudget } from './body.ts';
import type { Front } from './front.ts';
import { HealthChecks } from './health.ts';
import { addKeymanagerRoutes, type KeymanagerParts } from './keymanager/routes.ts';
import { addKillRoutes } from './kill-routes.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createListener, listen, type TlsOptions, urlOf } from './listener.ts';
import { type MetricsListener, serveMetrics } from './metrics-listener.ts';
import type { HealthCheck, HighWatermarkPort, KeysPort, KillPort, SigningPort } from './ports.ts';
import { type ReloadResult, Reloads } from './reload.ts';
import { SIGN_PATH, SignRoute } from './sign-route.ts';
import { addWeb3SignerRoutes } from './web3signer.ts';

export interface SignerServerOptions {
  readonly service: SigningPort;
  readonly keys: KeysPort;
  readonly protection: HighWatermarkPort;
  readonly log: Log;
  /** Created when absent. Give one to let the service and the store report into it. */
  readonly metrics?: SignerMetrics;
  readonly version?: string;
  /** Default: anybody on this machine may ask for signatures, nobody may manage keys. */
  readonly access?: AccessConfig;
  readonly tls?: TlsOptions;
  /** Default 127.0.0.1. Elsewhere callers must show who they are (see `checkListener`). */
  readonly host?: string;
  /** Default 9000, as Web3Signer's; 0 lets the system choose. */
  readonly port?: number;
  /** Where Prometheus reads; nowhere when absent. */
  readonly metricsListener?: MetricsListener;
  readonly limits?: Partial<Limits>;
  readonly hooks?: SignerServerHooks;
  /** The Keymanager API, for the admins in `access`; not served when absent. */
  readonly keymanager?: KeymanagerParts;
  /** Monotonic milliseconds, and the wall clock. */
  readonly clock?: { now(): number; wallMs(): number };
}

/** What the process around the server can do. */
export interface SignerServerHooks {
  /** Reads the keys again; without it POST /reload answers 500. */
  readonly reload?: () => Promise<ReloadResult>;
  /** Further checks of /healthcheck, by id. */
  readonly checks?: Readonly<Record<string, HealthCheck>>;
  readonly kill?: KillPort;
}

/** A signer that listens. */
export interface SignerServer {
  readonly url: string;
  readonly metricsUrl: string | null;
  readonly metrics: SignerMetrics;
  /** Starts a reload as POST /reload does (for SIGHUP); null when one is running, or none is possible. */
  reload(): ReturnType<Reloads['start']>;
  /**
   * Puts other clients and admins in force, for requests from now on. What is wrong with them changes nothing.
   *
   * @throws SignerAccessError; also when a signer that is open would be closed, or gain its first admin: that is a restart
   */
  setAccess(config: AccessConfig): void;
  /** Takes no new requests, lets those in flight end (at most `drainTimeoutMs`), then closes every connection. */
  close(): Promise<void>;
}

/**
 * Serves the Web3Signer eth2 API and the Keymanager API.
 *
 * @throws SignerAccessError when it would answer strangers, a token file is not safe, or the port is taken.
 * @example
 * const server = await serveSigner({ service, keys: ring, protection, log: createLog() });
 * process.once('SIGTERM', () => void server.close());
 */
export async function serveSigner(options: SignerServerOptions): Promise<SignerServer> {
  const { service, keys, protection, log, tls, host = '127.0.0.1', hooks = {} } = options;
  const clock = options.clock ?? { now: () => performance.now(), wallMs: () => Date.now() };
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const accessConfig = options.access ?? {};
  checkListener({ host, tls: tls !== undefined, mutualTls: tls?.clientCa !== undefined }, accessConfig);
  const access = new Access(accessConfig, { now: clock.now });
  const front: Front = { access, browser: browserRules(host, accessConfig.allowedHosts), draining: false };
  const metrics =
    options.metrics ?? new SignerMetrics({ version: options.version ?? '0', keysLoaded: () => keys.size });
  const nextId = requestIds();
  const budget = new ByteBudget(limits.bufferedBytesMax);
  const sign = new SignRoute({ front, service, metrics, log, limits, budget, nextId });

  let server!: Server;
  const serverFactory: FastifyServerFactory = (rest): Server => {
    server = createListener(tls, limits, (req: IncomingMessage, res: ServerResponse) =>
      req.method === 'POST' && req.url!.startsWith(SIGN_PATH) ? sign.handle(req, res) : rest(req, res),
    );
    return server;
  };
  // Who has a service and serves nobody, as a validator node, need not load a web server.
  const { createApp } = await import('./app.ts');
  const app = createApp({ front, limits, log, nextId, serverFactory });
  const exclusive = oneAtATime();
  const { reload } = hooks;
  const reloads = reload ? new Reloads(() => exclusive(reload), clock.wallMs) : null;
  const health = new HealthChecks(checksOf(protection, hooks.checks), clock.now);
  addWeb3SignerRoutes(app, { access, keys, protection, health, reloads, log });
  if (options.keymanager) {
    addKeymanagerRoutes(app, options.keymanager, { service, log, bytesMax: limits.keymanagerBytesMax, exclusive });
  }
  if (hooks.kill) addKillRoutes(app, hooks.kill);
  await app.ready();

  const port = await listen(server, host, options.port ?? 9000);
  const url = urlOf(host, port, tls !== undefined);
  const scrape = options.metricsListener
    ? await serveMetrics(options.metricsListener, { metrics, health, limits })
    : null;
  log.info({ url, keys: keys.size, open: access.open }, 'the signer listens');
  const drain = async () => {
    front.draining = true;
    const closed = [server, ...(scrape ? [scrape.server] : [])].map(stopAccepting);
    await drained(sign, metrics, limits.drainTimeoutMs, log);
    await Promise.all(closed.map((close) => close()));
    await app.close();
    log.info('the signer is closed');
  };
  let closing: Promise<void> | null = null;
  return {
    url,
    metricsUrl: scrape && urlOf(options.metricsListener!.host ?? '127.0.0.1', scrape.port, false),
    metrics,
    reload: () => reloads?.start() ?? null,
    setAccess: (config) => {
      checkListener({ host, tls: tls !== undefined, mutualTls: tls?.clientCa !== undefined }, config);
      const next = new Access(config, { now: clock.now });
      if (next.open !== access.open || next.hasAdmins !== access.hasAdmins) {
        throw new SignerAccessError(
          'whether strangers may ask, and whether there are admins, is decided at the start',
          {
            fix: 'Start the signer again with the new clients',
          },
        );
      }
      front.access = next;
      front.browser = browserRules(host, config.allowedHosts);
    },
    close: () => (closing ??= drain()),
  };
}

/** Changes of keys, one after the other: a reload must not bring back a key that is being deleted. */
function oneAtATime(): <T>(change: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (change) => {
    const result = last.then(change);
    last = result.catch(() => undefined);
    return result;
  };
}

function checksOf(protection: HighWatermarkPort, more: SignerServerHooks['checks']): Map<string, HealthCheck> {
  const store = async () => void (await protection.highWatermark());
  return new Map([['slashing-protection', store], ...Object.entries(more ?? {})]);
}

/** Ids that tell requests of several runs apart in one log: `k3f9a2-1`, `k3f9a2-2`… */
function requestIds(): () => string {
  const run = randomBytes(4).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${run}-${count.toString(36)}`;
  };
}

function drained(sign: SignRoute, metrics: SignerMetrics, timeoutMs: number, log: Log): Promise<void> {
  if (metrics.inFlight === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      log.warn({ inFlight: metrics.inFlight }, 'closing before every request was answered');
      resolve();
    }, timeoutMs);
    sign.onIdle = () => {
      clearTimeout(timer);
      // One turn later the last answer has been handed to its socket.
      setImmediate(resolve);
    };
  });
}

/** How long answers that are on their way may take to leave, once no request is worked on. */
const FLUSH_MS = 250;

/** No new connections from now on; the function returned ends those that are still open. */
function stopAccepting(server: Server): () => Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  return async () => {
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
    await closed;
    clearTimeout(timer);
  };
}
