import type { Hex } from '@holdfast/units';
import {
  type Abi,
  type Account,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  encodeFunctionData,
  type TransactionReceipt,
} from 'viem';
import { PoolGasError, PoolWalletError } from '../errors.ts';
import type { Pool } from '../Pool.ts';
import { decodeRevert, PoolRevertError } from './PoolRevertError.ts';

/** EIP-7825: no transaction may have more gas. */
export const TRANSACTION_GAS_CAP = 16_777_216n;
/** Over the estimate: the state may have moved until the transaction runs (a bounty more to pay, a colder slot). */
const HEADROOM_PERCENT = 25n;
const HEADROOM_MIN = 40_000n;

/** How any act is carried out. */
export interface ActOptions {
  /** Default: the wallet client's account. */
  readonly account?: Account | Hex | undefined;
  /** Waits for the receipt and throws when the transaction reverted. Default true. */
  readonly wait?: boolean | undefined;
  /** Simulates and estimates, sends nothing. Needs only `account`, no wallet. */
  readonly dryRun?: boolean | undefined;
  /** Default: one after the account's pending transactions. */
  readonly nonce?: number | undefined;
  /** Wei; default: what viem estimates. */
  readonly maxFeePerGas?: bigint | undefined;
  readonly maxPriorityFeePerGas?: bigint | undefined;
}

export interface ActResult<Result = void> {
  /** Null after a dry run. */
  readonly hash: Hex | null;
  /** What the call returned when it was simulated; the transaction may see a later state. */
  readonly result: Result;
  readonly gasEstimate: bigint;
  readonly gasLimit: bigint;
  /** Null unless waited for. */
  readonly receipt: TransactionReceipt | null;
}

export interface PoolCall<A extends Abi, F extends ContractFunctionName<A, 'nonpayable' | 'payable'>> {
  readonly address: Hex;
  readonly abi: A;
  readonly functionName: F;
  readonly args: ContractFunctionArgs<A, 'nonpayable' | 'payable', F>;
  /** Wei. */
  readonly value?: bigint;
}

/**
 * Simulates a call, estimates it, refuses what cannot fit, sends it.
 *
 * @throws PoolRevertError when a contract refuses it; PoolGasError when it is too large; PoolWalletError without a wallet
 */
export async function send<const A extends Abi, F extends ContractFunctionName<A, 'nonpayable' | 'payable'>>(
  pool: Pool,
  call: PoolCall<A, F>,
  options: ActOptions = {},
): Promise<ActResult<ContractFunctionReturnType<A, 'nonpayable' | 'payable', F>>> {
  type Result = ContractFunctionReturnType<A, 'nonpayable' | 'payable', F>;
  const { publicClient, walletClient } = pool;
  const name: string = call.functionName;
  const account = options.account ?? walletClient?.account;
  if (!account) throw new PoolWalletError({ data: { functionName: name } });
  const data = encodeFunctionData({ abi: call.abi as Abi, functionName: name, args: call.args as readonly unknown[] });
  const request = { account, to: call.address, data, value: call.value ?? 0n };
  const { answer, gasEstimate } = await refusable(name, async () => {
    const { data: answer } = await publicClient.call(request);
    return { answer, gasEstimate: await publicClient.estimateGas(request) };
  });
  const result = decodeFunctionResult({ abi: call.abi as Abi, functionName: name, data: answer ?? '0x' }) as Result;
  if (gasEstimate > TRANSACTION_GAS_CAP) {
    throw new PoolGasError({ data: { functionName: name, gasEstimate, cap: TRANSACTION_GAS_CAP } });
  }
  const gasLimit = withHeadroom(gasEstimate);
  if (options.dryRun) return { hash: null, result, gasEstimate, gasLimit, receipt: null };
  if (!walletClient) throw new PoolWalletError({ data: { functionName: name } });
  const hash = await refusable(name, () =>
    walletClient.sendTransaction({ ...request, chain: walletClient.chain ?? null, gas: gasLimit, ...feesOf(options) }),
  );
  const receipt = options.wait === false ? null : await waitFor(pool, { hash, functionName: name });
  return { hash, result, gasEstimate, gasLimit, receipt };
}

/**
 * Waits for a transaction that was sent with `wait: false`.
 *
 * @throws PoolRevertError when it reverted, with the reason that the same call has in the block before
 */
export async function waitFor(
  pool: Pool,
  sent: { readonly hash: Hex; readonly functionName?: string },
): Promise<TransactionReceipt> {
  const { publicClient } = pool;
  const receipt = await publicClient.waitForTransactionReceipt({ hash: sent.hash });
  if (receipt.status === 'success') return receipt;
  const { from, to, input, value, gas } = await publicClient.getTransaction({ hash: sent.hash });
  const name = sent.functionName ?? 'the transaction';
  let revert = { errorName: 'unknown', args: {} };
  try {
    await publicClient.call({ account: from, to, data: input, value, gas, blockNumber: receipt.blockNumber - 1n });
  } catch (failure) {
    revert = decodeRevert(failure) ?? revert;
  }
  throw new PoolRevertError(name, revert, { hash: sent.hash });
}

export const withHeadroom = (estimate: bigint): bigint => {
  const share = (estimate * HEADROOM_PERCENT) / 100n;
  const wanted = estimate + (share > HEADROOM_MIN ? share : HEADROOM_MIN);
  return wanted < TRANSACTION_GAS_CAP ? wanted : TRANSACTION_GAS_CAP;
};

async function refusable<T>(functionName: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    const revert = decodeRevert(cause);
    if (revert === null) throw cause;
    // A decoded revert says it all; viem's own error would repeat the calldata, which may be 100 kB of proof.
    throw new PoolRevertError(functionName, revert, revert.errorName === 'unknown' ? { cause } : {});
  }
}

/** Only what was given: viem fills in the rest. */
function feesOf({ nonce, maxFeePerGas, maxPriorityFeePerGas }: ActOptions) {
  return {
    ...(nonce === undefined ? {} : { nonce }),
    ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
    ...(maxPriorityFeePerGas === undefined ? {} : { maxPriorityFeePerGas }),
  };
}
