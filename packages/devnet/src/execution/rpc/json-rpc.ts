import { HoldfastError } from '@holdfast/units';
import { ExecutionRpcError, RPC_CODE } from '../errors.ts';
import type { ExecutionPort } from '../port.ts';

/** Most calls that one batch may hold. */
export const MAX_BATCH = 1_000;

type Id = string | number | null;

export interface JsonRpcResponse {
  readonly jsonrpc: '2.0';
  readonly id: Id;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What a node shows to the world, and not one method more: neither the devnet's levers nor the Engine API. */
const NAMESPACES = ['eth_', 'net_', 'web3_'];
const ALSO = new Set(['debug_traceTransaction', 'personal_sign']);
/** Pushes need a socket that stays open: clients without one poll. */
const EXCEPT = new Set(['eth_subscribe', 'eth_unsubscribe']);

const isOffered = (method: string): boolean =>
  (NAMESPACES.some((namespace) => method.startsWith(namespace)) && !EXCEPT.has(method)) || ALSO.has(method);

/**
 * Answers the body of one JSON-RPC 2.0 request, single or batch. `undefined` when nothing is to be answered: it held
 * notifications only. Never rejects.
 */
export async function answerJsonRpc(
  port: Pick<ExecutionPort, 'rpc'>,
  body: string,
): Promise<JsonRpcResponse | readonly JsonRpcResponse[] | undefined> {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return failure(null, RPC_CODE.parse, 'Parse error: the body is not JSON');
  }
  if (!Array.isArray(request)) return answerOne(port, request);
  const batch: readonly unknown[] = request;
  if (batch.length === 0) return failure(null, RPC_CODE.invalidRequest, 'Invalid request: an empty batch');
  if (batch.length > MAX_BATCH) {
    return failure(null, RPC_CODE.invalidRequest, `Invalid request: a batch of more than ${MAX_BATCH} calls`);
  }
  const responses: JsonRpcResponse[] = [];
  // One after the other: whoever batches transactions of one sender means them in that order.
  for (const each of batch) {
    const response = await answerOne(port, each);
    if (response) responses.push(response);
  }
  return responses.length > 0 ? responses : undefined;
}

async function answerOne(port: Pick<ExecutionPort, 'rpc'>, request: unknown): Promise<JsonRpcResponse | undefined> {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return failure(null, RPC_CODE.invalidRequest, 'Invalid request: not an object');
  }
  const { jsonrpc, id, method, params = [] } = request as Readonly<Record<string, unknown>>;
  if (id !== undefined && !isId(id)) {
    return failure(null, RPC_CODE.invalidRequest, 'Invalid request: id must be a string, a number or null');
  }
  const answerTo = id ?? null;
  if (jsonrpc !== '2.0' || typeof method !== 'string') {
    return failure(answerTo, RPC_CODE.invalidRequest, 'Invalid request: jsonrpc must be "2.0", and method a string');
  }
  const response = await call(port, answerTo, method, params);
  return id === undefined ? undefined : response;
}

async function call(
  port: Pick<ExecutionPort, 'rpc'>,
  id: Id,
  method: string,
  params: unknown,
): Promise<JsonRpcResponse> {
  if (!isOffered(method)) {
    return failure(id, RPC_CODE.methodNotFound, `the method ${method.slice(0, 100)} does not exist/is not available`);
  }
  if (!Array.isArray(params)) return failure(id, RPC_CODE.invalidParams, 'params must be an array');
  try {
    // `undefined` is not JSON: a result must be there.
    return { jsonrpc: '2.0', id, result: (await port.rpc(method, params as unknown[])) ?? null };
  } catch (cause) {
    if (cause instanceof ExecutionRpcError) return failure(id, cause.rpcCode, cause.rpcMessage, cause.rpcData);
    // Our own errors say what to do; anything else could say more than a stranger should know.
    return failure(id, RPC_CODE.internal, cause instanceof HoldfastError ? cause.message : 'Internal error');
  }
}

const isId = (id: unknown): id is Id => id === null || typeof id === 'string' || typeof id === 'number';

export function failure(id: Id, code: number, message: string, data?: unknown): JsonRpcResponse {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}
