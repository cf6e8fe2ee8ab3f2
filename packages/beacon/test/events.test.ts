import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { SSE_MESSAGE_CHARS_MAX, type SseMessage, SseParser } from '../src/client/sse.ts';
import { BeaconClient, type BeaconEvent, type NodeFailure, systemPorts } from '../src/index.ts';
import { type Handler, TestNode } from './server.ts';

const nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

const root = (byte: string) => `0x${byte.repeat(32)}`;
const head = (slot: number) =>
  `event: head\ndata: ${JSON.stringify({ slot: String(slot), block: root('aa'), state: root('bb'), epoch_transition: false })}\n\n`;

async function read(handlers: Handler[], count: number, ports = { ...systemPorts, sleep: async () => {} }) {
  const started = await Promise.all(handlers.map((handler) => TestNode.start(handler)));
  nodes.push(...started);
  const failures: NodeFailure[] = [];
  const client = new BeaconClient({ urls: started.map((n) => n.url), ports, onFailure: (f) => failures.push(f) });
  const stop = new AbortController();
  const events: BeaconEvent[] = [];
  for await (const event of client.events(
    ['head', 'finalized_checkpoint', 'chain_reorg', 'attester_slashing'],
    stop.signal,
  )) {
    events.push(event);
    if (events.length === count) stop.abort();
  }
  return { events, failures, started };
}

const stream =
  (...parts: string[]): Handler =>
  (_q, r) => {
    r.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of parts) r.write(part);
  };

describe('events', () => {
  it('are read by topic, comments and unknown topics skipped', async () => {
    const { events, started } = await read(
      [
        stream(
          ': keep-alive\n\n',
          head(7),
          'event: blob\ndata: {}\n\n',
          `event: finalized_checkpoint\ndata: {"epoch":"3","block":"${root('cc')}","state":"${root('dd')}"}\n\n`,
          'event: chain_reorg\ndata: {"slot":"9","depth":"2"}\n\n',
          'event: attester_slashing\ndata: {"attestation_1":{}}\n\n',
        ),
      ],
      4,
    );
    expect(events).toEqual([
      { topic: 'head', slot: 7, block: root('aa'), state: root('bb'), epochTransition: false },
      { topic: 'finalized_checkpoint', epoch: 3, block: root('cc'), state: root('dd') },
      { topic: 'chain_reorg', slot: 9, depth: 2 },
      { topic: 'attester_slashing', data: { attestation_1: {} } },
    ]);
    expect(started[0]!.requests[0]!.url).toBe(
      '/eth/v1/events?topics=head,finalized_checkpoint,chain_reorg,attester_slashing',
    );
  });

  it('go on after the stream breaks', async () => {
    let connection = 0;
    const { events, failures } = await read(
      [
        (_q, r) => {
          connection += 1;
          r.writeHead(200, { 'content-type': 'text/event-stream' });
          r.write(head(connection), () => r.destroy());
        },
      ],
      3,
    );
    expect(events.map((event) => 'slot' in event && event.slot)).toEqual([1, 2, 3]);
    expect(failures.length).toBe(2);
  });

  it('go on at the next node when one refuses, or sends what is no event', async () => {
    for (const bad of [
      ((_q, r) => r.writeHead(503).end()) as Handler,
      stream('event: head\ndata: {"slot":7}\n\n'),
      stream('event: head\ndata: not json\n\n'),
    ]) {
      const { events, failures } = await read([bad, stream(head(5))], 1);
      expect(events.length).toBe(1);
      expect(failures.length).toBe(1);
    }
  });

  it('go on at the next node when a connection is dead', async () => {
    const ports = { ...systemPorts, sleep: async () => {}, timeout: () => AbortSignal.timeout(50) };
    const { events, failures } = await read([stream(), stream(head(5))], 1, ports);
    expect(events.length).toBe(1);
    expect(failures[0]!.error.code).toBe('BEACON_TIMEOUT');
  });

  it('end when the signal fires, even while nothing comes', async () => {
    const [node] = [await TestNode.start(stream())];
    nodes.push(node!);
    const stop = new AbortController();
    const events = new BeaconClient({ urls: [node!.url] }).events(['head'], stop.signal);
    setTimeout(() => stop.abort(), 50);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

describe('SseParser', () => {
  it('gives the same messages however the stream is cut', () => {
    const seed = 4242;
    console.log(`seed ${seed}`);
    const line = fc.string({ maxLength: 20 }).map((text) => text.replace(/[\r\n]/g, ''));
    const message = fc.record({
      event: line.filter((t) => t !== ''),
      data: fc.array(line, { minLength: 1, maxLength: 3 }),
    });
    const ending = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(fc.array(message), ending, fc.array(fc.nat(), { maxLength: 20 }), (messages, eol, cuts) => {
        const text = messages
          .map((m) => [`event: ${m.event}`, ':', ...m.data.map((d) => `data: ${d}`), '', ''].join(eol))
          .join('');
        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
        const parser = new SseParser();
        const seen: SseMessage[] = [];
        let from = 0;
        for (const to of [...at, text.length]) {
          seen.push(...parser.push(text.slice(from, to)));
          from = to;
        }
        // A closing \r waits to see whether \n follows.
        seen.push(...parser.push('\n'));
        expect(seen).toEqual(messages.map((m) => ({ event: m.event, data: m.data.join('\n') })));
      }),
      { seed },
    );
  });

  it('does not grow without end', () => {
    const parser = new SseParser();
    expect(() => parser.push('x'.repeat(SSE_MESSAGE_CHARS_MAX + 1))).toThrow(RangeError);
    const lines = new SseParser();
    const chunk = `data: ${'y'.repeat(1_000_000)}\n`;
    expect(() => {
      for (let i = 0; i < 6; i += 1) lines.push(chunk);
    }).toThrow(RangeError);
  });
});
