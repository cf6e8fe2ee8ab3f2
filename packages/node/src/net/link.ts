import type { Libp2p } from 'libp2p';
import { FrameError } from '../errors.ts';
import { Bucket } from './bucket.ts';
import { encodeFrame, type Frame, FrameReader } from './frames.ts';
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
}

export const LINK_LIMITS: LinkLimits = {
  maxFrameBytes: 16 * 2 ** 20,
  messageRate: 20_000,
  messageBurst: 60_000,
  byteRate: 32 * 2 ** 20,
  byteBurst: 96 * 2 ** 20,
  maxQueueBytes: 48 * 2 ** 20,
  frameTimeoutMs: 10_000,
};

const HELLO = 0;
const TWIN = 255;
const HEARTBEAT_MS = 1000;
/** How long a second machine with a peer's identity waits while the first is listened for. */
const CONTEST_MS = 3 * HEARTBEAT_MS;

export interface LinkOptions {
  readonly counters: PeerCounters;
  readonly limits?: Partial<LinkLimits>;
  /** 8 bytes that differ at each start of this process. */
  readonly hello: Uint8Array;
  /** The peer says that there are two of us. */
  readonly onTwin: () => void;
  readonly onMessage: (channel: number, payload: Uint8Array) => void;
  readonly onState: (up: boolean) => void;
}

/** A stream of the peer, and which start of its process speaks. */
interface Voice {
  readonly stream: Stream;
  readonly boot: string;
  heardMs: number;
}

/** Both streams of one pair of nodes: the one we opened, to write, and the one the peer opened, to read. */
export class Link {
  readonly #options: LinkOptions;
  readonly #limits: LinkLimits;
  readonly #messages: Bucket;
  readonly #bytes: Bucket;
  #out: Stream | undefined;
  #in: Voice | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    const now = performance.now();
    this.#messages = new Bucket(this.#limits.messageRate, this.#limits.messageBurst, now);
    this.#bytes = new Bucket(this.#limits.byteRate, this.#limits.byteBurst, now);
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
      clearInterval(this.#heartbeat);
      this.#options.onState(false);
    });
    const hello = encodeFrame(HELLO, this.#options.hello);
    stream.send(hello);
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.writable && stream.send(hello), HEARTBEAT_MS).unref();
    this.#options.onState(true);
  }

  send(channel: number, payload: Uint8Array): boolean {
    const stream = this.#out;
    if (!stream || !this.writable) return false;
    if (stream.writeBufferLength + payload.length > this.#limits.maxQueueBytes) return false;
    stream.send(encodeFrame(channel, payload));
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
          voice.heardMs = now;
          if (frame.channel !== HELLO && voice === this.#in) this.#deliver(frame, now);
        }
      } catch (error) {
        this.#offend(stream, error);
      }
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
    else setTimeout(() => this.#contest(current, voice), CONTEST_MS).unref();
    return voice;
  }

  /** The peer was still heard after another came with its identity: there are two, and both are told. */
  #contest(current: Voice, contender: Voice): void {
    const silentMs = performance.now() - current.heardMs;
    if (this.#in !== current || current.stream.status !== 'open' || silentMs > 2 * HEARTBEAT_MS) {
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
