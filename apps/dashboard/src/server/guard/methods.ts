const NAMESPACES = ['eth_', 'net_', 'web3_'];

/**
 * Not for a page: what makes a node sign with keys of its own (a devnet's node holds the test accounts'), what mines,
 * and what needs a socket that stays open.
 */
const REFUSED =
  /^eth_(?:accounts|coinbase|sendTransaction|sign|signTransaction|signTypedData.*|fillTransaction|getWork|submitWork|submitHashrate|subscribe|unsubscribe)$/;

/** Most calls in one batch. */
export const BATCH_MAX = 100;

export interface RpcRefusal {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly error: { readonly code: number; readonly message: string };
}

/** Whether the method may pass to the node. */
export const isAllowedMethod = (method: unknown): boolean =>
  typeof method === 'string' &&
  NAMESPACES.some((namespace) => method.startsWith(namespace)) &&
  /^[a-zA-Z0-9_]{1,64}$/.test(method) &&
  !REFUSED.test(method);

/** Why a JSON-RPC body is refused, as JSON-RPC says it; null when every call in it may pass. */
export function refusalOf(body: unknown): RpcRefusal | null {
  const calls: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (calls.length === 0 || calls.length > BATCH_MAX) {
    return refusal(null, -32600, `a batch holds 1 to ${BATCH_MAX} calls`);
  }
  for (const call of calls) {
    if (typeof call !== 'object' || call === null) return refusal(null, -32600, 'a call must be an object');
    const { id, method } = call as { readonly id?: unknown; readonly method?: unknown };
    const answerTo = typeof id === 'string' || typeof id === 'number' ? id : null;
    if (!isAllowedMethod(method)) {
      return refusal(answerTo, -32601, `the method ${String(method).slice(0, 64)} is not available here`);
    }
  }
  return null;
}

const refusal = (id: RpcRefusal['id'], code: number, message: string): RpcRefusal => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
});
