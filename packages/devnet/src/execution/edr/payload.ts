import type { Hex } from '@holdfast/units';
import type { ExecutionHead, SealedPayload, Withdrawal } from '../port.ts';

/** The part of an RPC block that a payload is made of. */
export interface RpcBlock {
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly miner: Hex;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly mixHash: Hex;
  readonly number: Hex;
  readonly gasLimit: Hex;
  readonly gasUsed: Hex;
  readonly timestamp: Hex;
  readonly extraData: Hex;
  readonly baseFeePerGas: Hex;
  readonly blobGasUsed: Hex;
  readonly excessBlobGas: Hex;
  readonly transactions: readonly Hex[];
}

export const headOf = (block: RpcBlock): ExecutionHead => ({
  blockHash: block.hash,
  blockNumber: Number(block.number),
  timestamp: Number(block.timestamp),
});

/** `transactions` as EIP-2718 bytes, in the block's order. */
export function payloadOf(
  block: RpcBlock,
  transactions: readonly Hex[],
  withdrawals: readonly Withdrawal[],
): SealedPayload {
  return {
    ...headOf(block),
    parentHash: block.parentHash,
    feeRecipient: block.miner,
    stateRoot: block.stateRoot,
    receiptsRoot: block.receiptsRoot,
    logsBloom: block.logsBloom,
    prevRandao: block.mixHash,
    gasLimit: BigInt(block.gasLimit),
    gasUsed: BigInt(block.gasUsed),
    extraData: block.extraData,
    baseFeePerGas: BigInt(block.baseFeePerGas),
    blobGasUsed: BigInt(block.blobGasUsed),
    excessBlobGas: BigInt(block.excessBlobGas),
    transactions,
    withdrawals,
  };
}

/** In gwei. One credit an address: a pool's sweeps all go to its one vault. */
export function sumByAddress(withdrawals: readonly Withdrawal[]): Map<Hex, bigint> {
  const sums = new Map<Hex, bigint>();
  for (const { address, amount } of withdrawals) {
    const key = address.toLowerCase() as Hex;
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  }
  return sums;
}
