import { routes } from '@lodestar/api';
import { ApiError } from '@lodestar/api/server';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import type { FastifyInstance } from 'fastify';
import type { ChainEvent } from '../consensus/events.ts';
import type { Devnet } from '../devnet.ts';

const { EventType } = routes.events;
type BeaconEvent = routes.events.BeaconEvent;

/** What this chain can tell. A chain without forks has no `chain_reorg` to tell: the topic is accepted and silent. */
const TOPICS: readonly string[] = [
  'head',
  'block',
  'finalized_checkpoint',
  'attester_slashing',
  'proposer_slashing',
  'voluntary_exit',
  'chain_reorg',
];

/** `/eth/v1/events`: server-sent events. The library's own handler sends no headers before the first event. */
export function mountEvents(server: FastifyInstance, devnet: Devnet): void {
  const { toJson } = routes.events.getEventSerdes(devnet.config);
  server.get<{ Querystring: { topics?: string | string[] } }>('/eth/v1/events', async (request, reply) => {
    const topics = [request.query.topics ?? []].flat();
    const unknown = topics.filter((topic) => !TOPICS.includes(topic));
    if (topics.length === 0 || unknown.length > 0) {
      throw new ApiError(400, `Invalid topics: ${unknown.join(', ') || 'none given'}. Known: ${TOPICS.join(', ')}`);
    }
    reply.hijack();
    const { raw } = reply;
    // Hijacked, the reply no longer sends the headers that hooks have set.
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache,no-transform',
      connection: 'keep-alive',
    });
    raw.flushHeaders();
    const unsubscribe = devnet.on((event) => {
      const translated = topics.includes(event.kind) ? toBeaconEvent(devnet, event) : null;
      if (translated) raw.write(`event: ${translated.type}\ndata: ${JSON.stringify(toJson(translated))}\n\n`);
    });
    raw.on('close', unsubscribe);
  });
}

function toBeaconEvent(devnet: Devnet, event: ChainEvent): BeaconEvent | null {
  const executionOptimistic = false;
  switch (event.kind) {
    case 'block':
      return { type: EventType.block, message: { slot: event.slot, block: event.root, executionOptimistic } };
    case 'head': {
      const { slot, root, stateRoot, epochTransition } = event;
      const epochStart = slot - (slot % SLOTS_PER_EPOCH);
      const message = {
        slot,
        block: root,
        state: stateRoot,
        epochTransition,
        previousDutyDependentRoot: lastBefore(devnet, epochStart - SLOTS_PER_EPOCH),
        currentDutyDependentRoot: lastBefore(devnet, epochStart),
        executionOptimistic,
      };
      return { type: EventType.head, message };
    }
    case 'finalized_checkpoint': {
      const { epoch, root, stateRoot } = event;
      return {
        type: EventType.finalizedCheckpoint,
        message: { block: root, state: stateRoot, epoch, executionOptimistic },
      };
    }
    case 'attester_slashing':
      return { type: EventType.attesterSlashing, message: event.slashing };
    case 'proposer_slashing':
      return { type: EventType.proposerSlashing, message: event.slashing };
    case 'voluntary_exit':
      return { type: EventType.voluntaryExit, message: event.exit };
    case 'missed':
    case 'duty_missed':
    case 'phase':
      return null;
  }
}

function lastBefore({ chain }: Devnet, slot: number): string {
  return (chain.store.atOrBefore(Math.max(0, slot - 1)) ?? chain.genesisBlock).root;
}
