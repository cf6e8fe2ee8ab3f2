import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Hash } from 'viem';
import { briefly } from '../watch/HealthBox.ts';
import type { Watcher } from '../watch/Watcher.ts';
import { blockPage } from './blockPage.ts';
import { html, page } from './html.ts';
import { slotPage } from './slotPage.ts';
import { txPage } from './txPage.ts';
import { validatorPage } from './validatorPage.ts';

/** A small explorer, so that every link of the page leads somewhere on a network that has no other. */
export function mountExplorer(server: FastifyInstance, watcher: Watcher): void {
  const { chain, beacon, manifest } = watcher;
  const { genesisTime, secondsPerSlot } = manifest.facts.clock;
  const timeOfSlot = (slot: number): number => Number(genesisTime) + slot * Number(secondsPerSlot);
  const slotOf = (timestamp: bigint): number => Number((timestamp - genesisTime) / secondsPerSlot);

  server.get('/explorer.css', async (_request, reply) =>
    reply.type('text/css').send(await readFile(join(import.meta.dirname, 'explorer.css'), 'utf8')),
  );
  server.get<{ Params: { hash: string } }>('/tx/:hash', ({ params: { hash } }, reply) =>
    answer(reply, 'transaction', /^0x[0-9a-fA-F]{64}$/.test(hash), () =>
      txPage(chain.publicClient, manifest, hash as Hash),
    ),
  );
  server.get<{ Params: { number: string } }>('/block/:number', ({ params: { number } }, reply) =>
    answer(reply, 'block', isNumber(number), () => blockPage(chain.publicClient, BigInt(number), slotOf)),
  );
  server.get<{ Params: { slot: string } }>('/slot/:slot', ({ params: { slot } }, reply) =>
    answer(reply, 'beacon block', isNumber(slot), () => slotPage(beacon.client, Number(slot), timeOfSlot)),
  );
  server.get<{ Params: { index: string } }>('/validator/:index', ({ params: { index } }, reply) =>
    answer(reply, 'validator', isNumber(index), () => validatorPage(beacon.client, Number(index), watcher.state)),
  );
}

const isNumber = (text: string): boolean => /^\d{1,15}$/.test(text);

async function answer(
  reply: FastifyReply,
  what: string,
  wellFormed: boolean,
  make: () => Promise<string | null>,
): Promise<FastifyReply> {
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
  try {
    const text = wellFormed ? await make() : null;
    return text === null
      ? reply.code(404).send(page(`No such ${what}`, html`<p>The node knows none.</p>`))
      : reply.send(text);
  } catch (error) {
    return reply.code(502).send(page('The node does not answer', html`<p>${briefly(error)}</p>`));
  }
}
