import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** JSON-RPC 2.0 and EIP-1474 error codes that the devnet itself gives. */
export const RPC_CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** EIP-1474: the input is well formed but cannot be served (an unknown block, a transaction the pool refuses). */
  invalidInput: -32000,
  /** What geth answers to a call or an estimate that reverted; `data` is the revert data. */
  reverted: 3,
} as const;

/** An execution client refused a JSON-RPC call. The three `rpc…` fields are the JSON-RPC error object, as received. */
export class ExecutionRpcError extends HoldfastError {
  readonly rpcCode: number;
  readonly rpcMessage: string;
  /** For a revert: the revert data as hex. */
  readonly rpcData: unknown;

  constructor(rpcCode: number, rpcMessage: string, rpcData?: unknown, method?: string) {
    super('EXECUTION_RPC', rpcMessage, { data: { ...(method === undefined ? {} : { method }), rpcCode } });
    this.rpcCode = rpcCode;
    this.rpcMessage = rpcMessage;
    this.rpcData = rpcData;
  }
}

/** The adapter cannot do this, now or ever (a snapshot of somebody else's node, say). */
export class ExecutionUnsupportedError extends HoldfastError {
  constructor(what: string, adapter: string, fix: string) {
    super('EXECUTION_UNSUPPORTED', `${adapter} cannot ${what}`, { data: { adapter }, fix });
  }
}

/** The beacon side asked for a block that cannot be built. */
export class BadBlockAttributesError extends HoldfastError {
  constructor(why: string, data: Readonly<Record<string, unknown>>, fix: string) {
    super('EXECUTION_BAD_ATTRIBUTES', why, { data, fix });
  }
}

/** The execution side answered something that no honest client answers: a malformed log, request or payload. */
export class BadExecutionDataError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('EXECUTION_BAD_DATA', why, details);
  }
}

/** The Engine API could not be reached, refused the token, or called our own payload invalid. */
export class EngineApiError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('EXECUTION_ENGINE', why, details);
  }
}
