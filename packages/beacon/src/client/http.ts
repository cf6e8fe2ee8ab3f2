import { joinSignals } from '@holdfast/units';
import { BeaconHttpError, BeaconNetworkError, BeaconTimeoutError, BeaconTooLargeError } from '../errors.ts';
import type { BeaconNode } from './NodePool.ts';
import type { ClientPorts } from './ports.ts';

export interface BeaconRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query below the node's base URL. */
  readonly path: string;
  /** `ssz` says that SSZ is preferred; a node may still answer JSON. */
  readonly accept: 'json' | 'ssz';
  /** Bytes are sent as SSZ, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** Ends this request, on every node. */
  readonly signal?: AbortSignal | undefined;
}

export interface BeaconResponse {
  readonly node: BeaconNode;
  readonly encoding: 'json' | 'ssz';
  /** `Eth-Consensus-Version`, when the node says it. */
  readonly consensusVersion: string | null;
  readonly header: (name: string) => string | null;
  readonly bytes: Uint8Array;
}

const ACCEPT = {
  json: 'application/json',
  ssz: 'application/octet-stream;q=1.0,application/json;q=0.9',
} as const;

/** How much of a refusal's text an error quotes. */
const REASON_BYTES_MAX = 4_096;

/** One request to one node, once. Every way in which it can go wrong becomes an error that names the node and the path. */
export async function sendTo(
  node: BeaconNode,
  request: BeaconRequest,
  ports: ClientPorts,
  signal: AbortSignal | undefined,
): Promise<BeaconResponse> {
  const timeout = ports.timeout(request.timeoutMs);
  using stop = joinSignals(timeout, signal);
  const data = { node: node.name, path: request.path };
  try {
    const response = await ports.fetch(node.baseUrl + request.path, {
      method: request.method,
      headers: {
        Accept: ACCEPT[request.accept],
        ...contentType(request.body),
        ...request.headers,
        ...node.headers,
      },
      ...(request.body === undefined ? {} : { body: bodyOf(request.body) }),
      // A node that sends its client elsewhere is not the node that was configured.
      redirect: 'error',
      signal: stop.signal,
    });
    if (!response.ok) throw await refusal(response, data, stop.signal);
    const bytes = await readCapped(response, request.bytesMax, data, stop.signal);
    const type = response.headers.get('content-type') ?? '';
    return {
      node,
      encoding: type.includes('octet-stream') ? 'ssz' : 'json',
      consensusVersion: response.headers.get('eth-consensus-version'),
      header: (name) => response.headers.get(name),
      bytes,
    };
  } catch (error) {
    throw asBeaconError(error, timeout, signal, { ...data, timeoutMs: request.timeoutMs });
  }
}

function contentType(body: unknown): Record<string, string> {
  if (body === undefined) return {};
  return { 'Content-Type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json' };
}

const bodyOf = (body: unknown): BodyInit => (body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body));

function asBeaconError(
  error: unknown,
  timeout: AbortSignal,
  signal: AbortSignal | undefined,
  data: Record<string, unknown>,
): unknown {
  if (signal?.aborted) return signal.reason;
  if (timeout.aborted)
    return new BeaconTimeoutError({ data, fix: 'Raise the timeout or use a faster node', cause: error });
  if (error instanceof BeaconHttpError || error instanceof BeaconTooLargeError) return error;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return new BeaconNetworkError({
    data: { ...data, reason: cause instanceof Error ? cause.message : String(cause) },
    cause,
  });
}

async function refusal(
  response: Response,
  data: Record<string, unknown>,
  signal: AbortSignal,
): Promise<BeaconHttpError> {
  const bytes = await readUpTo(response, REASON_BYTES_MAX, signal);
  const reason = new TextDecoder().decode(bytes).replace(/\s+/g, ' ').trim();
  return new BeaconHttpError(response.status, { data: { ...data, reason } });
}

async function readCapped(
  response: Response,
  bytesMax: number,
  data: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const tooLarge = (bytes: number): BeaconTooLargeError =>
    new BeaconTooLargeError({ data: { ...data, bytes, bytesMax } });
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (announced > bytesMax) {
    await response.body?.cancel();
    throw tooLarge(announced);
  }
  const bytes = await readUpTo(response, bytesMax + 1, signal);
  if (bytes.length > bytesMax) throw tooLarge(bytes.length);
  return bytes;
}

/** The body up to a number of bytes; the rest is not read. @throws the signal's reason */
async function readUpTo(response: Response, bytesMax: number, signal: AbortSignal): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array();
  const reader = response.body.getReader();
  // By hand: once the answer has begun its request may be collected, and the body does not hear its signal any more.
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', cancel);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length < bytesMax) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      const kept = value.subarray(0, bytesMax - length);
      chunks.push(kept);
      length += kept.length;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
  return chunks.length === 1 ? chunks[0]! : new Uint8Array(Buffer.concat(chunks, length));
}
