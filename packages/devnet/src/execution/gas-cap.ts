import type { Hex } from '@holdfast/units';
import { parseTransaction } from 'viem';
import { ExecutionRpcError, RPC_CODE } from './errors.ts';
import { TRANSACTION_GAS_CAP } from './system-contracts.ts';

/** Gas of an `eth_call` that names none, and the most that one may name: geth's `--rpc.gascap`. Not bound by EIP-7825. */
export const CALL_GAS_CAP = 50_000_000n;

/** EIP-7825 at the door of the pool. `raw` that is no transaction passes: the client says better what is wrong with it. */
export function refuseAboveGasCap(raw: unknown): void {
  let gas: bigint | undefined;
  try {
    gas = parseTransaction(raw as Hex).gas;
  } catch {
    return;
  }
  if (gas !== undefined && gas > TRANSACTION_GAS_CAP) {
    const why = `transaction gas limit too high (cap: ${TRANSACTION_GAS_CAP}, tx: ${gas})`;
    throw new ExecutionRpcError(RPC_CODE.invalidInput, why);
  }
}

/**
 * Gives `eth_call` and `eth_estimateGas` the gas that geth gives them: a call up to the node's own cap, an estimate no
 * more than a transaction may carry.
 */
export function withGas(method: string, params: readonly unknown[]): readonly unknown[] {
  const [call, ...rest] = params;
  const cap = method === 'eth_call' ? CALL_GAS_CAP : method === 'eth_estimateGas' ? TRANSACTION_GAS_CAP : undefined;
  if (cap === undefined || typeof call !== 'object' || call === null) return params;
  const asked = (call as { gas?: unknown }).gas;
  const within = typeof asked === 'string' && /^0x[0-9a-fA-F]{1,13}$/.test(asked) && BigInt(asked) <= cap;
  return within ? params : [{ ...call, gas: `0x${cap.toString(16)}` }, ...rest];
}
