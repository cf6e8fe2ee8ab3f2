import { type Endpoint, routes } from '@lodestar/api';
import { ApiError, addSszContentTypeParser, createFastifyRoute } from '@lodestar/api/server';
import fastify, { type FastifyInstance } from 'fastify';
import type { Devnet } from '../devnet.ts';
import { isAllowedOrigin, isLoopback, isLoopbackHost } from '../execution/rpc/origins.ts';
import { beaconMethods } from './beacon-methods.ts';
import { committeeMethods } from './committee-methods.ts';
import { mountControl } from './control.ts';
import { dutyMethods, publishMethods } from './duty-methods.ts';
import { mountEvents } from './events.ts';
import { configMethods, nodeMethods } from './node-methods.ts';
import { poolMethods } from './pool-methods.ts';
import { FailuresError } from './refusals.ts';
import { registryMethods } from './registry-methods.ts';
import { debugMethods, stateMethods } from './state-methods.ts';
import { validatorMethods } from './validator-methods.ts';

export interface ListenOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Origins of web pages that may call beside those served from this machine; `*` for all. */
  readonly corsOrigins?: readonly string[];
}

export interface BeaconServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The devnet's HTTP face: the standard Beacon API, and the control endpoints under `/holdfast/v1`. */
export async function serveBeaconApi(devnet: Devnet, options: ListenOptions): Promise<BeaconServer> {
  const host = options.host ?? '127.0.0.1';
  const server = fastify({
    forceCloseConnections: true,
    bodyLimit: 64 * 1024 * 1024,
    routerOptions: { querystringParser: parseQuery, maxParamLength: 256 },
    ajv: { customOptions: { coerceTypes: 'array' } },
  });
  addSszContentTypeParser(server);
  answerErrors(server);
  guardOrigins(server, options.corsOrigins ?? [], isLoopback(host));
  misbehaveWhenTold(server, devnet);
  mountStandard(server, devnet);
  mountEvents(server, devnet);
  mountControl(server, devnet);
  const url = await server.listen({ host, port: options.port ?? 0 });
  return { url, close: () => server.close() };
}

function mountStandard(server: FastifyInstance, devnet: Devnet): void {
  const { config } = devnet;
  mount(server, routes.beacon.getDefinitions(config), {
    ...beaconMethods(devnet),
    ...stateMethods(devnet),
    ...registryMethods(devnet),
    ...committeeMethods(devnet),
    ...poolMethods(devnet),
    ...publishMethods(devnet),
  });
  mount(server, routes.debug.getDefinitions(config), debugMethods(devnet));
  mount(server, routes.validator.getDefinitions(config), { ...validatorMethods(devnet), ...dutyMethods(devnet) });
  mount(server, routes.node.getDefinitions(config), nodeMethods(devnet));
  mount(server, routes.config.getDefinitions(config), configMethods(devnet));
}

type RouteDefinition = Parameters<typeof createFastifyRoute<Endpoint>>[0];
type RouteMethod = Parameters<typeof createFastifyRoute<Endpoint>>[1];

/**
 * Mounts the library's typed route definitions that have a method here; the rest of the namespace answers 404. The
 * method tables are checked against the definitions where they are written (`satisfies`), so the cast hides nothing.
 */
function mount(server: FastifyInstance, definitions: object, methods: object): void {
  const definitionOf = definitions as Record<string, RouteDefinition>;
  for (const [name, method] of Object.entries(methods)) {
    server.route(createFastifyRoute(definitionOf[name]!, method as RouteMethod, name));
  }
}

/** Errors as the Beacon API standard has them: `{code, message}` and the `failures` of a list; the code is HTTP's. */
function answerErrors(server: FastifyInstance): void {
  server.setErrorHandler((error: Error & { validation?: unknown; statusCode?: number }, _request, reply) => {
    const status =
      error instanceof ApiError || error.validation ? (error.statusCode ?? 400) : (error.statusCode ?? 500);
    const failures = error instanceof FailuresError ? { failures: error.failures } : {};
    return reply.status(status).send({ code: status, message: error.message, ...failures });
  });
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ code: 404, message: `Route not found: ${request.method} ${request.url}` }),
  );
}

/** Whoever opens some page must not have that page drive the devnet: other origins and rebound names are refused. */
function guardOrigins(server: FastifyInstance, listed: readonly string[], onLoopback: boolean): void {
  server.addHook('onRequest', async (request, reply) => {
    if (onLoopback && !isLoopbackHost(request.headers.host)) throw new ApiError(403, 'This host name is not served');
    const { origin } = request.headers;
    if (origin === undefined) return;
    if (!isAllowedOrigin(origin, listed)) throw new ApiError(403, 'Pages of this origin may not call');
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, accept, eth-consensus-version',
      'access-control-max-age': '600',
      vary: 'origin',
    });
  });
  server.options('*', async (_request, reply) => reply.code(204).send());
}

/** How often a stalled request looks whether the tampering is over, in milliseconds. */
const STALL_POLL_MS = 50;

function misbehaveWhenTold(server: FastifyInstance, devnet: Devnet): void {
  const hit = (kind: 'error500' | 'stall', url: string) => {
    const tamper = devnet.tampered;
    return tamper?.kind === kind && !url.startsWith('/holdfast/') && url.startsWith(tamper.path ?? '/');
  };
  server.addHook('onRequest', async (request) => {
    if (hit('error500', request.url)) throw new ApiError(500, 'Internal server error (tampered)');
    while (hit('stall', request.url) && !request.socket.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, STALL_POLL_MS));
    }
  });
}

/** `id=1&id=2` and `id=1,2` both mean a list; the standard uses both forms. */
function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const values = value.includes(',') ? value.split(',') : [value];
    const all = [query[key] ?? [], values].flat();
    query[key] = all.length === 1 ? all[0]! : all;
  }
  return query;
}
