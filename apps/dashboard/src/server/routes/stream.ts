import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { isAddress } from 'viem';
import { refuse } from '../guard/guards.ts';
import type { Watcher } from '../watch/Watcher.ts';

/** A sign of life this often, also when nothing changes: the page takes a longer silence for a lost connection. */
const BEAT_MS = 2_000;
const STREAMS_MAX = 64;

/** `/api/state`, `/api/account/:address` and `/api/stream`: the state once, an account's requests, every new state. */
export function mountState(server: FastifyInstance, watcher: Watcher): void {
  const streams = new Set<ServerResponse>();
  const send = (json: string) => {
    for (const stream of streams) write(stream, `event: state\ndata: ${json}\n\n`);
  };
  const off = watcher.on(send);
  const beat = setInterval(() => {
    for (const stream of streams) write(stream, `event: beat\ndata: ${Date.now()}\n\n`);
  }, BEAT_MS);
  server.addHook('preClose', async () => {
    clearInterval(beat);
    off();
    for (const stream of streams) stream.end();
  });

  server.get('/api/state', async (_request, reply) =>
    reply.header('cache-control', 'no-store').type('application/json').send(watcher.json),
  );
  server.get<{ Params: { address: string } }>('/api/account/:address', async ({ params: { address } }, reply) => {
    if (!isAddress(address, { strict: false })) return refuse(reply, 400, 'not an address');
    return reply.header('cache-control', 'no-store').send(watcher.account(address));
  });
  server.get('/api/stream', async (request, reply) => {
    if (streams.size >= STREAMS_MAX) return refuse(reply, 503, 'too many pages are open');
    reply.hijack();
    const stream = reply.raw;
    stream.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    streams.add(stream);
    request.raw.on('close', () => streams.delete(stream));
    write(stream, `retry: 1000\nevent: state\ndata: ${watcher.json}\n\n`);
    return undefined;
  });
}

/** A page that does not read must not make the server hold its news for ever. */
const BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

function write(stream: ServerResponse, text: string): void {
  if (stream.writableLength > BACKLOG_BYTES_MAX) stream.destroy();
  else stream.write(text);
}
