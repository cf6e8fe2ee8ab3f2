import { createBlock } from '@ethereumjs/block';
import type { EthereumClient } from '@ethereumjs/client/dist/esm/src/client.js';
import { getBlockByOption } from '@ethereumjs/client/dist/esm/src/rpc/helpers.js';
import { createTx } from '@ethereumjs/tx';
import { createAddressFromString, createZeroAddress } from '@ethereumjs/util';
import { runTx } from '@ethereumjs/vm';
import { type Hex, toHex } from '@holdfast/units';
import { ExecutionRpcError, RPC_CODE } from '../errors.ts';
import { TRANSACTION_GAS_CAP } from '../system-contracts.ts';

interface CallRequest {
  readonly from?: Hex;
  readonly to?: Hex | null;
  readonly data?: Hex;
  readonly input?: Hex;
  readonly value?: Hex;
  readonly gas?: Hex;
}

/** Stop when the bounds are this close, as geth does: a tighter estimate is not worth the runs. */
const TOLERANCE = 66n;

/**
 * The least gas with which the call succeeds (within 1.5 %), in the context of the block it is asked at. A call that
 * fails whatever its gas rejects with code 3 and the revert data.
 */
export async function estimateGas(client: EthereumClient, request: unknown, tag: unknown): Promise<bigint> {
  if (typeof request !== 'object' || request === null) {
    throw new ExecutionRpcError(RPC_CODE.invalidParams, 'the first parameter must be an object');
  }
  const call = request as CallRequest;
  let enough = call.gas === undefined ? TRANSACTION_GAS_CAP : BigInt(call.gas);
  const first = await run(client, call, tag, enough);
  if (first.failure !== undefined) {
    throw new ExecutionRpcError(RPC_CODE.reverted, `execution reverted: ${first.failure}`, first.output);
  }
  let short = first.spent - 1n;
  // What it spent, the refund it got at the end, and the 1/64 that each call holds back: nearly always enough.
  const likely = ((first.spent + first.refund + 2_300n) * 64n) / 63n;
  if (likely < enough && (await run(client, call, tag, first.spent)).failure === undefined) return first.spent;
  if (likely < enough && (await run(client, call, tag, likely)).failure === undefined) enough = likely;
  while (enough - short > enough / TOLERANCE) {
    const middle = (enough + short) / 2n;
    if ((await run(client, call, tag, middle)).failure === undefined) enough = middle;
    else short = middle;
  }
  return enough;
}

interface Run {
  readonly spent: bigint;
  readonly refund: bigint;
  readonly output: Hex;
  readonly failure: string | undefined;
}

async function run(client: EthereumClient, call: CallRequest, tag: unknown, gasLimit: bigint): Promise<Run> {
  const parent = await getBlockByOption(typeof tag === 'string' ? tag : 'latest', client.chain);
  const vm = await client.service.execution.vm.shallowCopy();
  await vm.stateManager.setStateRoot(parent.header.stateRoot);
  const { number, timestamp, baseFeePerGas, gasLimit: blockGas, coinbase, mixHash } = parent.header;
  const header = { number, timestamp, gasLimit: blockGas, coinbase, mixHash, baseFeePerGas: baseFeePerGas ?? 0n };
  const block = createBlock({ header }, { common: vm.common, setHardfork: true });
  const data = call.data ?? call.input;
  const tx = createTx(
    {
      type: 0,
      gasLimit,
      gasPrice: header.baseFeePerGas,
      ...(call.to ? { to: call.to } : {}),
      ...(call.value === undefined ? {} : { value: call.value }),
      ...(data === undefined ? {} : { data }),
    },
    { common: vm.common, freeze: false },
  );
  const sender = call.from === undefined ? createZeroAddress() : createAddressFromString(call.from);
  tx.getSenderAddress = () => sender;
  try {
    const checks = { skipNonce: true, skipBalance: true, skipBlockGasLimitValidation: true };
    const { totalGasSpent, gasRefund, execResult } = await runTx(vm, { tx, block, ...checks });
    const failure = execResult.exceptionError?.error;
    return { spent: totalGasSpent, refund: gasRefund, output: toHex(execResult.returnValue), failure };
  } catch (cause) {
    // Below the intrinsic gas the transaction is not even valid.
    const failure = cause instanceof Error ? cause.message : String(cause);
    return { spent: gasLimit, refund: 0n, output: '0x', failure };
  }
}
