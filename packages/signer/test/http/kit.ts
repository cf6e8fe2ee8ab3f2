import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { type RequestOptions as TlsRequestOptions, request as tlsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pubkey } from '@holdfast/units';
import { onTestFinished } from 'vitest';
import type { SigningPort } from '../../src/http/ports.ts';
import { type SignerServer, type SignerServerOptions, serveSigner } from '../../src/http/serve.ts';
import { createLog, type Log } from '../../src/log.ts';

export const PUBKEY = `0x${'ab'.repeat(48)}` as Pubkey;
export const OTHER = `0x${'cd'.repeat(48)}` as Pubkey;
export const SIGNATURE = `0x${'5a'.repeat(96)}`;
export const SIGN = `/api/v1/eth2/sign/${PUBKEY}`;
export const BODY = JSON.stringify({ type: 'ATTESTATION' });

/** Signs everything, or does what a test tells it to. */
export const signing = (sign: SigningPort['sign'] = async () => SIGNATURE): SigningPort => ({ sign });

export interface Logged {
  readonly log: Log;
  readonly lines: Record<string, unknown>[];
  text(): string;
}

/** A log whose lines a test reads. */
export function logged(level: 'debug' | 'info' = 'debug'): Logged {
  const texts: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => {
    texts.push(line);
    lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  return { log: createLog({ level, destination: { write } }), lines, text: () => texts.join('') };
}

/** A server on a free port of the loopback interface, closed when the test ends. */
export async function serve(options: Partial<SignerServerOptions> = {}): Promise<SignerServer> {
  const server = await serveSigner({
    service: signing(),
    keys: { pubkeys: [PUBKEY, OTHER], size: 2, has: () => true },
    protection: { highWatermark: async () => null },
    log: createLog({ level: 'silent' }),
    port: 0,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): Record<string, unknown>;
}

export type Asking = RequestOptions & TlsRequestOptions & { body?: string | Buffer };

/** One request over a real socket. `body` is sent as JSON unless the headers say otherwise. */
export function ask(url: string, path: string, options: Asking = {}): Promise<Answer> {
  const { body, ...rest } = options;
  const described =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const headers = { ...described, ...rest.headers };
  const method = rest.method ?? (body === undefined ? 'GET' : 'POST');
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? tlsRequest : request;
    const req = send(new URL(path, url), { agent: false, ...rest, method, headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode!, headers: res.headers, text, json: () => JSON.parse(text) });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

export const sign = (url: string, options: Asking = {}): Promise<Answer> => ask(url, SIGN, { body: BODY, ...options });

export interface RawTalk {
  readonly socket: Socket;
  /** What came until the server closed the connection, or until `ms` passed. */
  until(ms: number): Promise<{ readonly text: string; readonly closed: boolean }>;
}

/** A bare connection, for what no HTTP client would send. */
export async function talk(url: string): Promise<RawTalk> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let [text, closed] = ['', false];
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      closed = true;
      resolve();
    });
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const until = async (ms: number) => {
    await Promise.race([ended, delay(ms)]);
    return { text, closed };
  };
  return { socket, until };
}

/** A promise to be settled later. */
export const later = <T>() => Promise.withResolvers<T>();
