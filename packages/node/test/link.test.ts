import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeFrame } from '../src/net/frames.ts';
import { LINK_LIMITS, Link } from '../src/net/link.ts';

type Stream = Parameters<Link['attach']>[0];

/** A stream of which the other end is this test. */
class TestStream extends EventTarget {
  status = 'open';
  writeStatus = 'writable';
  readonly writeBufferLength = 0;
  readonly sent: Uint8Array[] = [];

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  receive(bytes: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: bytes }));
  }

  abort(): void {
    this.status = 'aborted';
    this.writeStatus = 'closed';
    this.dispatchEvent(new Event('close'));
  }

  get asStream(): Stream {
    return this as unknown as Stream;
  }
}

const HELLO = encodeFrame(0, new Uint8Array(8));
const { heartbeatMs, awayBeats, hangUpBeats } = LINK_LIMITS;
const counters = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, dropped: 0, offences: 0 };

function linked() {
  const told: string[] = [];
  const link = new Link({
    counters: { ...counters },
    hello: new Uint8Array(8),
    onTwin: () => told.push('twin'),
    onMessage: () => told.push('message'),
    onState: (up) => told.push(up ? 'up' : 'down'),
    onClosed: () => told.push('closed'),
    onSilent: () => told.push('silent'),
  });
  const [ours, theirs] = [new TestStream(), new TestStream()];
  return { link, ours, theirs, told };
}
const beats = (count: number) => vi.advanceTimersByTimeAsync(count * heartbeatMs);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a link', () => {
  it('is up when it can be written to and something is heard, down when either ends', () => {
    const { link, ours, theirs, told } = linked();
    link.accept(theirs.asStream);
    theirs.receive(HELLO);
    expect([link.up, told]).toEqual([false, []]);
    link.attach(ours.asStream);
    expect([link.up, told.splice(0)]).toEqual([true, ['up']]);
    ours.abort();
    expect([link.up, told.splice(0)]).toEqual([false, ['down', 'closed']]);
    // A new stream while the old one was up: what was under way is lost, and that is told.
    link.attach(new TestStream().asStream);
    link.attach(new TestStream().asStream);
    expect(told.splice(0)).toEqual(['up', 'down', 'up']);
    link.close();
  });

  it('says its hello with each beat, and counts those in which nothing came', async () => {
    const { link, ours, theirs, told } = linked();
    link.attach(ours.asStream);
    link.accept(theirs.asStream);
    await beats(2 * hangUpBeats);
    // Whoever was never heard was never up; there is nothing to hang up.
    expect([told, ours.sent.length]).toEqual([[], 1 + 2 * hangUpBeats]);
    theirs.receive(HELLO);
    await beats(awayBeats - 1);
    expect(told.splice(0)).toEqual(['up']);
    await beats(1);
    expect(told.splice(0)).toEqual(['down']);
    await beats(hangUpBeats - awayBeats - 1);
    expect(told.splice(0)).toEqual([]);
    await beats(1);
    expect(told.splice(0)).toEqual(['silent']);
    await beats(hangUpBeats);
    expect(told.splice(0)).toEqual(['silent']);
    theirs.receive(HELLO);
    expect(told.splice(0)).toEqual(['up']);
    link.close();
  });

  it('hears a peer in each piece of a long message', async () => {
    const { link, ours, theirs, told } = linked();
    link.attach(ours.asStream);
    link.accept(theirs.asStream);
    theirs.receive(HELLO);
    const message = encodeFrame(7, new Uint8Array(3 * awayBeats));
    for (const byte of message) {
      await beats(1);
      theirs.receive(Uint8Array.of(byte));
    }
    expect(told.splice(0)).toEqual(['up', 'message']);
    // A second machine with the peer's identity does not speak for it.
    const other = new TestStream();
    link.accept(other.asStream);
    other.receive(encodeFrame(0, new Uint8Array(8).fill(1)));
    for (let i = 0; i < 2; i += 1) {
      await beats(1);
      other.receive(HELLO);
    }
    await beats(awayBeats - 2);
    expect(told[0]).toBe('down');
    link.close();
  });

  it('survives a stream that breaks under its hello', async () => {
    const { link, ours } = linked();
    link.attach(ours.asStream);
    let tried = 0;
    // Nobody could catch it there: it would end the process.
    ours.send = () => {
      tried += 1;
      throw new Error('reset');
    };
    await beats(1);
    link.send(1, new Uint8Array(1));
    await beats(1);
    // The hello of the stream, too: what is said in one turn leaves at its end.
    expect(tried).toBe(3);
    link.close();
  });
});
