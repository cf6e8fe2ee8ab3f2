import { fromHex, toHex } from '@holdfast/units';
import type { capella, electra } from '@lodestar/types';
import type { ExecutionRequests, SealedPayload, Withdrawal } from '../execution/port.ts';

// The execution port speaks hex and bigint, the state transition bytes and numbers. These translate, nothing more.

export const toPortWithdrawals = (withdrawals: readonly capella.Withdrawal[]): Withdrawal[] =>
  withdrawals.map((withdrawal) => ({
    index: BigInt(withdrawal.index),
    validatorIndex: BigInt(withdrawal.validatorIndex),
    address: toHex(withdrawal.address),
    amount: withdrawal.amount,
  }));

export const toExecutionPayload = (payload: SealedPayload): electra.ExecutionPayload => ({
  parentHash: fromHex(payload.parentHash, 32),
  feeRecipient: fromHex(payload.feeRecipient, 20),
  stateRoot: fromHex(payload.stateRoot, 32),
  receiptsRoot: fromHex(payload.receiptsRoot, 32),
  logsBloom: fromHex(payload.logsBloom, 256),
  prevRandao: fromHex(payload.prevRandao, 32),
  blockNumber: payload.blockNumber,
  gasLimit: Number(payload.gasLimit),
  gasUsed: Number(payload.gasUsed),
  timestamp: payload.timestamp,
  extraData: fromHex(payload.extraData),
  baseFeePerGas: payload.baseFeePerGas,
  blobGasUsed: payload.blobGasUsed,
  excessBlobGas: payload.excessBlobGas,
  blockHash: fromHex(payload.blockHash, 32),
  transactions: payload.transactions.map((transaction) => fromHex(transaction)),
  withdrawals: payload.withdrawals.map((withdrawal) => ({
    index: Number(withdrawal.index),
    validatorIndex: Number(withdrawal.validatorIndex),
    address: fromHex(withdrawal.address, 20),
    amount: withdrawal.amount,
  })),
});

export const toExecutionRequests = (requests: ExecutionRequests): electra.ExecutionRequests => ({
  deposits: requests.deposits.map((deposit) => ({
    pubkey: fromHex(deposit.pubkey, 48),
    withdrawalCredentials: fromHex(deposit.withdrawalCredentials, 32),
    amount: Number(deposit.amount),
    signature: fromHex(deposit.signature, 96),
    index: deposit.index,
  })),
  withdrawals: requests.withdrawals.map((withdrawal) => ({
    sourceAddress: fromHex(withdrawal.sourceAddress, 20),
    validatorPubkey: fromHex(withdrawal.validatorPubkey, 48),
    amount: withdrawal.amount,
  })),
  consolidations: requests.consolidations.map((consolidation) => ({
    sourceAddress: fromHex(consolidation.sourceAddress, 20),
    sourcePubkey: fromHex(consolidation.sourcePubkey, 48),
    targetPubkey: fromHex(consolidation.targetPubkey, 48),
  })),
});
