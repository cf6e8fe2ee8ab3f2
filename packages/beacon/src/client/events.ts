import type { Root } from '@holdfast/units';
import { BeaconAnswerError, BeaconError, BeaconHttpError, BeaconNetworkError, BeaconTimeoutError } from '../errors.ts';
import type { Failover } from './Failover.ts';
import type { BeaconNode } from './NodePool.ts';
import type { ClientPorts } from './ports.ts';
import { Answer } from './read.ts';
import { SseParser } from './sse.ts';

export const EVENT_TOPICS = [
  'head',
  'block',
  'finalized_checkpoint',
  'chain_reorg',
  'voluntary_exit',
  'proposer_slashing',
  'attester_slashing',
] as const;
/** Ten mainnet slots. A node that is well announces a head in each. */
export const EVENT_IDLE_MS_MAX = 120_000;

export type EventTopic = (typeof EVENT_TOPICS)[number];

/** What a node announces. A hint to look, never a fact: everything is checked again by the methods that read it. */
export type BeaconEvent =
  | {
      readonly topic: 'head';
      readonly slot: number;
      readonly block: Root;
      readonly state: Root;
      readonly epochTransition: boolean;
    }
  | { readonly topic: 'block'; readonly slot: number; readonly block: Root }
  | { readonly topic: 'finalized_checkpoint'; readonly epoch: number; readonly block: Root; readonly state: Root }
  | { readonly topic: 'chain_reorg'; readonly slot: number; readonly depth: number }
  | { readonly topic: 'voluntary_exit' | 'proposer_slashing' | 'attester_slashing'; readonly data: unknown };

export function readEvent(topic: string, answer: Answer): BeaconEvent {
  switch (topic) {
    case 'head':
      return {
        topic,
        slot: answer.get('slot').count(),
        block: answer.get('block').hex<Root>(32),
        state: answer.get('state').hex<Root>(32),
        epochTransition: answer.get('epoch_transition').boolean(),
      };
    case 'block':
      return { topic, slot: answer.get('slot').count(), block: answer.get('block').hex<Root>(32) };
    case 'finalized_checkpoint':
      return {
        topic,
        epoch: answer.get('epoch').count(),
        block: answer.get('block').hex<Root>(32),
        state: answer.get('state').hex<Root>(32),
      };
    case 'chain_reorg':
      return { topic, slot: answer.get('slot').count(), depth: answer.get('depth').count() };
    case 'voluntary_exit':
    case 'proposer_slashing':
    case 'attester_slashing':
      answer.entries();
      return { topic, data: answer.value };
    default:
      throw new BeaconAnswerError('an event of a topic not asked for', { data: { topic } });
  }
}

/**
 * Events of the healthiest node, for ever: a broken stream or a malformed event moves on to the next node, after a pause
 * that grows while nothing comes. Ends without error when the signal fires. Events in between are lost, so a reader
 * must catch up by itself after a pause.
 */
export async function* eventStream(
  topics: readonly EventTopic[],
  failover: Failover,
  ports: ClientPorts,
  signal: AbortSignal,
): AsyncGenerator<BeaconEvent, void, undefined> {
  for (let quiet = 0; !signal.aborted; quiet += 1) {
    if (quiet > 0) await ports.sleep(failover.delayMs(Math.min(quiet, 16)), signal).catch(() => undefined);
    if (signal.aborted) return;
    const node = failover.pool.order()[0]!;
    try {
      for await (const event of eventsOf(node, topics, ports, signal)) {
        if (quiet > 0) failover.pool.succeeded(node);
        quiet = 0;
        yield event;
      }
      throw new BeaconNetworkError({ data: { node: node.name, reason: 'the event stream ended' } });
    } catch (error) {
      if (signal.aborted) return;
      failover.note(node, 'events', asBeaconError(error, node));
    }
  }
}

function asBeaconError(error: unknown, node: BeaconNode): BeaconError {
  if (error instanceof BeaconError) return error;
  return new BeaconNetworkError({ data: { node: node.name, reason: String(error) }, cause: error });
}

async function* eventsOf(
  node: BeaconNode,
  topics: readonly EventTopic[],
  ports: ClientPorts,
  signal: AbortSignal,
): AsyncGenerator<BeaconEvent> {
  const hangUp = new AbortController();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  // By hand: a combined signal that only a long request knows of is collected while it runs, and a stream whose request
  // was collected does not hear its signal any more. Either would read on after the end.
  const stop = (): void => {
    hangUp.abort();
    reader?.cancel().catch(() => undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const request = ports.fetch(`${node.baseUrl}/eth/v1/events?topics=${topics.join(',')}`, {
      headers: { Accept: 'text/event-stream', ...node.headers },
      redirect: 'error',
      signal: hangUp.signal,
    });
    const response = await beforeIdle(request, node, ports);
    if (!response.ok || !response.body) {
      throw new BeaconHttpError(response.status, { data: { node: node.name, path: '/eth/v1/events' } });
    }
    const parser = new SseParser();
    const decoder = new TextDecoder();
    reader = response.body.getReader();
    for (;;) {
      const { done, value } = await beforeIdle(reader.read(), node, ports);
      if (done) return;
      for (const message of parser.push(decoder.decode(value, { stream: true }))) {
        if (!(topics as readonly string[]).includes(message.event)) continue;
        yield readEvent(message.event, Answer.parse(new TextEncoder().encode(message.data), node.name));
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** A connection can be dead without breaking; then nothing comes, not even a comment. */
async function beforeIdle<T>(read: Promise<T>, node: BeaconNode, ports: ClientPorts): Promise<T> {
  const idle = ports.timeout(EVENT_IDLE_MS_MAX);
  return await new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(new BeaconTimeoutError({ data: { node: node.name, path: '/eth/v1/events' } }));
    if (idle.aborted) giveUp();
    idle.addEventListener('abort', giveUp, { once: true });
    read.then(resolve, reject).finally(() => idle.removeEventListener('abort', giveUp));
  });
}
