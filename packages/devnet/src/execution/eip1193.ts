import { ExecutionRpcError } from './errors.ts';
import type { ExecutionPort } from './port.ts';

/** The provider shape that viem's `custom()` and wallets take. */
export interface Eip1193Provider {
  request(request: { readonly method: string; readonly params?: unknown }): Promise<unknown>;
}

/**
 * An execution port as an EIP-1193 provider, for use without a socket: errors become `{ code, message, data }`.
 *
 * @example createPublicClient({ chain, transport: custom(toEip1193(port)) })
 */
export function toEip1193(port: Pick<ExecutionPort, 'rpc'>): Eip1193Provider {
  return {
    async request({ method, params }) {
      try {
        return await port.rpc(method, Array.isArray(params) ? (params as unknown[]) : []);
      } catch (cause) {
        if (!(cause instanceof ExecutionRpcError)) throw cause;
        const { rpcCode: code, rpcMessage, rpcData: data } = cause;
        throw Object.assign(new Error(rpcMessage, { cause }), { code, data });
      }
    },
  };
}
