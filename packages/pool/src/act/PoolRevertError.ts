import { type ErrorDetails, type Hex, HoldfastError } from '@holdfast/units';
import { decodeErrorResult } from 'viem';
import { errorsAbi } from '../generated/errors.ts';

/**
 * A contract of the pool refused a call. `errorName` is the Solidity error, `args` its arguments by name;
 * `docs/errors.md` says why each is thrown and how to fix it.
 */
export class PoolRevertError extends HoldfastError {
  /** Name of the Solidity error; `Error` for a text, `Panic` for a code, `unknown` when it is none of the pool's. */
  readonly errorName: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly functionName: string;
  /** Of the transaction, when it was sent. */
  readonly hash: Hex | undefined;

  constructor(functionName: string, revert: DecodedRevert, details: ErrorDetails & { readonly hash?: Hex } = {}) {
    super('POOL_REVERT', `${functionName} was refused: ${revert.errorName}`, {
      data: { ...revert.args, ...(details.hash ? { hash: details.hash } : {}) },
      fix: `docs/errors.md explains ${revert.errorName}`,
      cause: details.cause,
    });
    this.errorName = revert.errorName;
    this.args = revert.args;
    this.functionName = functionName;
    this.hash = details.hash;
  }
}

export interface DecodedRevert {
  readonly errorName: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The revert behind an error of viem or of a node; null when the failure is no revert (a node is down, no funds…). */
export function decodeRevert(failure: unknown): DecodedRevert | null {
  const data = revertDataOf(failure);
  if (data === null) return null;
  if (data === '0x') return { errorName: 'unknown', args: {} };
  try {
    const { errorName, args, abiItem } = decodeErrorResult({ abi: errorsAbi, data });
    const inputs = 'inputs' in abiItem ? abiItem.inputs : [];
    const values = (args ?? []) as readonly unknown[];
    return { errorName, args: Object.fromEntries(values.map((value, i) => [inputs[i]?.name || `arg${i}`, value])) };
  } catch {
    return { errorName: 'unknown', args: { data } };
  }
}

/** Nodes put the revert's bytes at different depths of the chain of causes: the first hex `data` is it. */
function revertDataOf(failure: unknown): Hex | null {
  let reverted = false;
  for (let error = failure, depth = 0; typeof error === 'object' && error !== null && depth < 16; depth += 1) {
    const { data, cause, name } = error as { data?: unknown; cause?: unknown; name?: unknown };
    const inner = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : data;
    if (typeof inner === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(inner)) return inner as Hex;
    if (name === 'ExecutionRevertedError') reverted = true;
    error = cause;
  }
  return reverted ? '0x' : null;
}
