import type { Libp2p } from 'libp2p';
import { FrameError } from '../errors.ts';
import { Bucket } from './bucket.ts';
import { encodeFrame, type Frame, FrameReader } from './frames.ts';
import { BeatHearing, type Hearing } from './hearing.ts';
import type { PeerCounters } from './peers.ts';

type Stream = Awaited<ReturnType<Libp2p['dialProtocol']>>;

export interface LinkLimits {
  /** Largest message, bytes. A block with its blobs is the largest that is sent. */
  readonly maxFrameBytes: number;
  /** Messages a second on average, and at once. */
  readonly messageRate: number;
  readonly messageBurst: number;
  /** Bytes a second on average, and at once. */
  readonly byteRate: number;
  readonly byteBurst: number;
  /** What may wait for a peer that reads slowly, bytes. */
  readonly maxQueueBytes: number;
  /** Milliseconds in which a frame that was begun must end. */
  readonly frameTimeoutMs: number;
  /** Milliseconds between heartbeats. */
  readonly heartbeatMs: number;
  /** A peer that was not heard for so many of our heartbeats is away, though the link be open. */
  readonly awayBeats: number;
  /** After so many the connection is given up for a new one; then again and again. */
  readonly hangUpBeats: number;
}

export const LINK_LIMITS: LinkLimits = {
  maxFrameBytes: 16 * 2 ** 20,
  messageRate: 20_000,
  messageBurst: 60_000,
  byteRate: 32 * 2 ** 20,
  byteBurst: 96 * 2 ** 20,
  maxQueueBytes: 48 * 2 ** 20,
  frameTimeoutMs: 10_000,
  heartbeatMs: 1000,
  // Four to five seconds. A peer on a busy machine may well be held up for one or two, and to take it for dead costs its
  // turns to lead; to take a dead one for alive costs rounds that time out, an operator who is not told, no safety.
  awayBeats: 5,
  // TCP repeats what was lost after ever longer pauses, minutes in the end: a new connection is there sooner when the
  // network heals. Not at once: a peer that stands still answers no dial either.
  hangUpBeats: 20,
};

const HELLO = 0;
const TWIN = 255;
/** How long a second machine with a peer's identity waits while the first is listened for, in heartbeats. */
const CONTEST_BEATS = 3;
/** A first machine that was silent for so long is gone. */
const GONE_BEATS = 2;

export interface LinkOptions {
  readonly counters: PeerCounters;
  readonly limits?: Partial<LinkLimits>;
  /** Default: `BeatHearing`. */
  readonly hearing?: Hearing;
  /** 8 bytes that differ at each start of this process. */
  readonly hello: Uint8Array;
  /** The peer says that there are two of us. */
  readonly onTwin: () => void;
  readonly onMessage: (channel: number, payload: Uint8Array) => void;
  /** Whether the peer can be reached: told when it changes, and with each new stream of ours. */
  readonly onState: (up: boolean) => void;
  /** Our stream is gone. */
  readonly onClosed: () => void;
  /** Nothing came for `hangUpBeats`: the connection is of no use. */
  readonly onSilent: () => void;
}

/** A stream of the peer, and which start of its process speaks. */
interface Voice {
  readonly stream: Stream;
  readonly boot: string;
  heardMs: number;
}

/** Frames that wait for the end of this turn. */
interface Batch {
  readonly stream: Stream;
  readonly frames: Uint8Array[];
  bytes: number;
}

/** Both streams of one pair of nodes: the one we opened, to write, and the one the peer opened, to read. */
export class Link {
  readonly #options: LinkOptions;
  readonly #limits: LinkLimits;
  readonly #messages: Bucket;
  readonly #bytes: Bucket;
  readonly #hearing: Hearing;
  readonly #heartbeat: NodeJS.Timeout;
  #out: Stream | undefined;
  #in: Voice | undefined;
  #up = false;
  #batch: Batch | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    const now = performance.now();
    this.#messages = new Bucket(this.#limits.messageRate, this.#limits.messageBurst, now);
    this.#bytes = new Bucket(this.#limits.byteRate, this.#limits.byteBurst, now);
    this.#hearing = options.hearing ?? new BeatHearing();
    this.#heartbeat = setInterval(() => this.#beat(), this.#limits.heartbeatMs).unref();
  }

  /** Whether the peer can be written to and was heard of late. */
  get up(): boolean {
    return this.writable && this.#hearing.silence < this.#limits.awayBeats;
  }

  get writable(): boolean {
    return this.#out?.status === 'open' && this.#out.writeStatus === 'writable';
  }

  /** Our stream, to write on. The peer answers on it only to say that it hears another machine with our identity. */
  attach(stream: Stream): void {
    const before = this.#out;
    this.#out = stream;
    before?.abort(new Error('replaced'));
    const reader = new FrameReader(64);
    stream.addEventListener('message', ({ data }) => {
      try {
        for (const { channel } of reader.read(data.subarray())) if (channel === TWIN) this.#options.onTwin();
      } catch {
        stream.abort(new Error('nothing is to be said here'));
      }
    });
    stream.addEventListener('close', () => {
      if (this.#out !== stream) return;
      this.#out = undefined;
      this.#judge();
      this.#options.onClosed();
    });
    stream.send(encodeFrame(HELLO, this.#options.hello));
    // What was under way on a stream before is lost: whoever said it is told to say it again.
    this.#turn(false);
    this.#judge();
  }

  send(channel: number, payload: Uint8Array): boolean {
    const stream = this.#out;
    if (!stream || !this.writable) return false;
    const waiting = stream.writeBufferLength + (this.#batch?.bytes ?? 0);
    if (waiting + payload.length > this.#limits.maxQueueBytes) return false;
    this.#write(stream, channel, payload);
    this.#options.counters.sent += 1;
    this.#options.counters.bytesSent += payload.length;
    return true;
  }

  /** The peer's stream, to read from. */
  accept(stream: Stream): void {
    const reader = new FrameReader(this.#limits.maxFrameBytes);
    let voice: Voice | undefined;
    let slow: NodeJS.Timeout | undefined;
    stream.addEventListener('close', () => clearTimeout(slow));
    stream.addEventListener('message', ({ data }) => {
      try {
        const chunk = data.subarray();
        const now = performance.now();
        this.#options.counters.bytesReceived += chunk.length;
        if (!this.#bytes.take(chunk.length, now)) throw new FrameError('more bytes than the limit', {});
        for (const frame of reader.read(chunk)) {
          voice ??= this.#greet(stream, frame);
          if (frame.channel !== HELLO && voice === this.#in) this.#deliver(frame, now);
        }
      } catch (error) {
        this.#offend(stream, error);
      }
      // Any piece of a message does: a block that is slow to come holds up the heartbeats behind it.
      if (voice) this.#heard(voice);
      clearTimeout(slow);
      if (!reader.midFrame) return;
      slow = setTimeout(() => this.#offend(stream, new Error('a frame too slow')), this.#limits.frameTimeoutMs).unref();
    });
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#out?.abort(new Error('closing'));
    this.#in?.stream.abort(new Error('closing'));
  }

  #beat(): void {
    if (this.#out && this.writable) this.#write(this.#out, HELLO, this.#options.hello);
    this.#hearing.beat();
    this.#judge();
    const { silence } = this.#hearing;
    if (silence > 0 && silence % this.#limits.hangUpBeats === 0) this.#options.onSilent();
  }

  /** What is written in one turn of the event loop leaves in one packet. */
  #write(stream: Stream, channel: number, payload: Uint8Array): void {
    const frame = encodeFrame(channel, payload);
    if (this.#batch?.stream === stream) {
      this.#batch.frames.push(frame);
      this.#batch.bytes += frame.length;
      return;
    }
    const batch = { stream, frames: [frame], bytes: frame.length };
    this.#batch = batch;
    queueMicrotask(() => this.#flush(batch));
  }

  #flush(batch: Batch): void {
    const { stream, frames } = batch;
    if (this.#batch === batch) this.#batch = undefined;
    try {
      stream.send(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    } catch {
      // A stream that breaks under it is closed, which is told elsewhere.
    }
  }

  #heard(voice: Voice): void {
    voice.heardMs = performance.now();
    if (voice !== this.#in) return;
    this.#hearing.heard();
    this.#judge();
  }

  #judge(): void {
    this.#turn(this.up);
  }

  #turn(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    this.#options.onState(up);
  }

  #deliver({ channel, payload }: Frame, nowMs: number): void {
    if (!this.#messages.take(1, nowMs)) throw new FrameError('more messages than the limit', {});
    this.#options.counters.received += 1;
    this.#options.onMessage(channel, payload);
  }

  #offend(stream: Stream, error: unknown): void {
    this.#options.counters.offences += 1;
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }

  /** The first frame says which start of the peer's process speaks. A restart takes over; a second machine does not. */
  #greet(stream: Stream, { channel, payload }: Frame): Voice {
    if (channel !== HELLO || payload.length !== 8) throw new FrameError('no greeting', { channel });
    const voice = { stream, boot: Buffer.from(payload).toString('hex'), heardMs: performance.now() };
    const current = this.#in;
    if (current?.stream.status !== 'open' || current.boot === voice.boot) this.#adopt(voice);
    else setTimeout(() => this.#contest(current, voice), CONTEST_BEATS * this.#limits.heartbeatMs).unref();
    return voice;
  }

  /** The peer was still heard after another came with its identity: there are two, and both are told. */
  #contest(current: Voice, contender: Voice): void {
    const silentMs = performance.now() - current.heardMs;
    if (this.#in !== current || current.stream.status !== 'open' || silentMs > GONE_BEATS * this.#limits.heartbeatMs) {
      if (contender.stream.status === 'open') this.#adopt(contender);
      return;
    }
    if (contender.stream.status !== 'open') return;
    const twin = encodeFrame(TWIN, new Uint8Array(0));
    for (const { stream } of [current, contender]) stream.send(twin);
    void contender.stream.close().catch(() => undefined);
  }

  #adopt(voice: Voice): void {
    const before = this.#in;
    this.#in = voice;
    if (before && before.stream !== voice.stream) before.stream.abort(new Error('replaced'));
  }
}
