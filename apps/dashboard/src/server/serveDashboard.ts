import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { buildDashboard } from '../build.ts';
import { mountExplorer } from './explorer/mountExplorer.ts';
import { guardAll, refuse } from './guard/guards.ts';
import type { Dashboard, DashboardOptions, DevAccountLabel } from './options.ts';
import { mountClusters } from './routes/clusters.ts';
import { mountDevnet } from './routes/devnet.ts';
import { mountRpc } from './routes/rpc.ts';
import { mountState } from './routes/stream.ts';
import { mountVerify } from './routes/verify.ts';
import { Watcher } from './watch/Watcher.ts';

const DEVNET_POLL_MS = 500;
const POLL_MS = 2_000;
const FIRST_ACCOUNTS = 10;
const YEAR_SECONDS = 31_536_000;

/**
 * Serves the live page of a pool. Resolves when the page can be opened; the pool is read from then on, and a source that
 * is down is shown as down.
 *
 * @throws DashboardError when the page cannot be built
 */
export async function serveDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { host = '127.0.0.1', port = 0, rpcUrl, devnetUrl } = options;
  const dist = options.dist ?? (await buildDashboard()).dir;
  const watcher = new Watcher({
    ...options,
    accounts: options.accounts ?? firstAccounts(),
    pollMs: options.pollMs ?? (devnetUrl === undefined ? POLL_MS : DEVNET_POLL_MS),
    log: options.log ?? (() => {}),
  });
  const server = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 128 } });
  guardAll(server, options.allowedHosts ?? []);
  server.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    return refuse(reply, status, status < 500 ? error.message : 'internal error');
  });
  server.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'there is nothing here'));
  mountState(server, watcher);
  mountVerify(server, watcher);
  mountRpc(server, rpcUrl);
  if (devnetUrl !== undefined) mountDevnet(server, devnetUrl, () => watcher.hurry());
  if (options.clusters) mountClusters(server, options.clusters, () => watcher.hurry());
  mountExplorer(server, watcher);
  await server.register(fastifyStatic, {
    root: dist,
    cacheControl: false,
    setHeaders: (reply, path) => {
      // Files under assets/ carry a hash of their content in their names.
      const lasting = path.includes('/assets/');
      reply.header('cache-control', lasting ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
    },
  });
  watcher.start();
  try {
    const url = await server.listen({ host, port });
    return { url, close: () => closeAll(server, watcher) };
  } catch (error) {
    await closeAll(server, watcher);
    throw error;
  }
}

async function closeAll(server: { close(): Promise<unknown> }, watcher: Watcher): Promise<void> {
  await server.close();
  await watcher.stop();
}

const firstAccounts = (): DevAccountLabel[] =>
  Array.from({ length: FIRST_ACCOUNTS }, (_, index) => ({ index, label: `Account ${index}` }));
