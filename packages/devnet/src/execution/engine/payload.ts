import { fromHex, type Hex, sameHex } from '@holdfast/units';
import { BadExecutionDataError } from '../errors.ts';
import type { BlockAttributes, ExecutionHead, SealedPayload, Withdrawal } from '../port.ts';

/** A block as the Engine API writes it: `ExecutionPayloadV3`, quantities as hex. */
export interface ExecutionPayloadV3 {
  readonly parentHash: Hex;
  readonly feeRecipient: Hex;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly prevRandao: Hex;
  readonly blockNumber: Hex;
  readonly gasLimit: Hex;
  readonly gasUsed: Hex;
  readonly timestamp: Hex;
  readonly extraData: Hex;
  readonly baseFeePerGas: Hex;
  readonly blockHash: Hex;
  readonly transactions: readonly Hex[];
  readonly withdrawals: readonly WithdrawalV1[];
  readonly blobGasUsed: Hex;
  readonly excessBlobGas: Hex;
}

export interface WithdrawalV1 {
  readonly index: Hex;
  readonly validatorIndex: Hex;
  readonly address: Hex;
  readonly amount: Hex;
}

export const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;

export const toWithdrawalV1 = (withdrawal: Withdrawal): WithdrawalV1 => ({
  index: quantity(withdrawal.index),
  validatorIndex: quantity(withdrawal.validatorIndex),
  address: withdrawal.address,
  amount: quantity(withdrawal.amount),
});

export const toPayloadAttributesV3 = (attributes: BlockAttributes) => ({
  timestamp: quantity(attributes.timestamp),
  prevRandao: attributes.prevRandao,
  suggestedFeeRecipient: attributes.feeRecipient,
  withdrawals: attributes.withdrawals.map(toWithdrawalV1),
  parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
});

export function fromExecutionPayload(raw: ExecutionPayloadV3): SealedPayload {
  return {
    parentHash: bytes('parentHash', raw.parentHash, 32),
    feeRecipient: bytes('feeRecipient', raw.feeRecipient, 20),
    stateRoot: bytes('stateRoot', raw.stateRoot, 32),
    receiptsRoot: bytes('receiptsRoot', raw.receiptsRoot, 32),
    logsBloom: bytes('logsBloom', raw.logsBloom, 256),
    prevRandao: bytes('prevRandao', raw.prevRandao, 32),
    blockNumber: Number(integer('blockNumber', raw.blockNumber)),
    gasLimit: integer('gasLimit', raw.gasLimit),
    gasUsed: integer('gasUsed', raw.gasUsed),
    timestamp: Number(integer('timestamp', raw.timestamp)),
    extraData: bytes('extraData', raw.extraData),
    baseFeePerGas: integer('baseFeePerGas', raw.baseFeePerGas),
    blobGasUsed: integer('blobGasUsed', raw.blobGasUsed),
    excessBlobGas: integer('excessBlobGas', raw.excessBlobGas),
    blockHash: bytes('blockHash', raw.blockHash, 32),
    transactions: raw.transactions.map((transaction) => bytes('transaction', transaction)),
    withdrawals: raw.withdrawals.map(({ index, validatorIndex, address, amount }) => ({
      index: integer('index', index),
      validatorIndex: integer('validatorIndex', validatorIndex),
      address: bytes('address', address, 20),
      amount: integer('amount', amount),
    })),
  };
}

export const toExecutionPayloadV3 = (payload: SealedPayload): ExecutionPayloadV3 => ({
  ...payload,
  blockNumber: quantity(payload.blockNumber),
  gasLimit: quantity(payload.gasLimit),
  gasUsed: quantity(payload.gasUsed),
  timestamp: quantity(payload.timestamp),
  baseFeePerGas: quantity(payload.baseFeePerGas),
  blobGasUsed: quantity(payload.blobGasUsed),
  excessBlobGas: quantity(payload.excessBlobGas),
  withdrawals: payload.withdrawals.map(toWithdrawalV1),
});

/** The client must have built the block it was asked for: a beacon block over any other payload would be invalid. */
export function checkPayload(payload: SealedPayload, parent: ExecutionHead, asked: BlockAttributes): void {
  const wrong = (field: string, got: unknown, expected: unknown) =>
    new BadExecutionDataError('the execution client built another block than the one asked for', {
      data: { field, got, expected },
      fix: 'Let nobody else drive this execution client',
    });
  const hashes: readonly [string, Hex, Hex][] = [
    ['parentHash', payload.parentHash, parent.blockHash],
    ['feeRecipient', payload.feeRecipient, asked.feeRecipient],
    ['prevRandao', payload.prevRandao, asked.prevRandao],
  ];
  for (const [field, got, expected] of hashes) if (!sameHex(got, expected)) throw wrong(field, got, expected);
  if (payload.timestamp !== asked.timestamp) throw wrong('timestamp', payload.timestamp, asked.timestamp);
  if (payload.blockNumber !== parent.blockNumber + 1) {
    throw wrong('blockNumber', payload.blockNumber, parent.blockNumber + 1);
  }
  const got = JSON.stringify(payload.withdrawals.map(toWithdrawalV1)).toLowerCase();
  const expected = JSON.stringify(asked.withdrawals.map(toWithdrawalV1)).toLowerCase();
  if (got !== expected) throw wrong('withdrawals', got, expected);
}

function bytes(field: string, value: unknown, length?: number): Hex {
  if (typeof value === 'string') {
    try {
      fromHex(value, length);
      return value as Hex;
    } catch (cause) {
      throw new BadExecutionDataError('a payload field is malformed', { data: { field }, cause });
    }
  }
  throw new BadExecutionDataError('a payload field is missing', { data: { field } });
}

function integer(field: string, value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value)) return BigInt(value);
  throw new BadExecutionDataError('a payload field is not a quantity', { data: { field, value } });
}
