import { createHmac } from 'node:crypto';
import { fromHex, type Hex } from '@holdfast/units';
import type { RpcCall } from '../dev-wallet.ts';
import { EngineApiError, ExecutionRpcError } from '../errors.ts';

export interface HttpRpcOptions {
  /** Default 8 s, the longest that the Engine API allows any of its methods. */
  readonly timeoutMs?: number;
  /** Headers made anew for each request. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** JSON-RPC 2.0 over HTTP, one call a request. Error answers become `ExecutionRpcError`, everything else `EngineApiError`. */
export function httpRpc(url: string, options: HttpRpcOptions = {}): RpcCall {
  let id = 0;
  return async (method, params) => {
    id += 1;
    const answer = await post(url, JSON.stringify({ jsonrpc: '2.0', id, method, params }), options);
    if (typeof answer !== 'object' || answer === null || !('result' in answer || 'error' in answer)) {
      throw new EngineApiError('the execution client does not speak JSON-RPC', { data: { url, method } });
    }
    const { result, error } = answer as {
      result?: unknown;
      error?: { code?: unknown; message?: unknown; data?: unknown };
    };
    if (error) throw new ExecutionRpcError(Number(error.code), String(error.message), error.data, method);
    return result;
  };
}

async function post(url: string, body: string, options: HttpRpcOptions): Promise<unknown> {
  const timeoutMs = options.timeoutMs ?? 8_000;
  const headers = { 'content-type': 'application/json', ...options.headers?.() };
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    throw new EngineApiError('the execution client does not answer', {
      data: { url, timeoutMs },
      fix: 'Start it, or correct the URL',
      cause,
    });
  }
  const text = await response.text();
  if (response.status === 401) {
    throw new EngineApiError('the execution client refuses our token', {
      data: { url },
      fix: 'Give both sides the same JWT secret, and set their clocks right',
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new EngineApiError('the execution client answers something that is not JSON', {
      data: { url, status: response.status },
      cause,
    });
  }
}

const base64Url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * The Engine API's authentication: a JWT (RFC 7519, HS256) whose only claim is its time of issue, which the client
 * compares with its own clock (±60 s).
 *
 * @param secret 32 bytes, shared with the client.
 * @param nowMs Milliseconds since 1970.
 */
export function engineToken(secret: Hex, nowMs: number): string {
  const signed = `${base64Url({ typ: 'JWT', alg: 'HS256' })}.${base64Url({ iat: Math.floor(nowMs / 1000) })}`;
  const signature = createHmac('sha256', fromHex(secret, 32)).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}
