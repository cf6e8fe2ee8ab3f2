import { fromHex, type Hex, sameHex, toHex } from '@holdfast/units';
import { BadExecutionDataError } from './errors.ts';
import type { ConsolidationRequest, DepositRequest, ExecutionRequests, WithdrawalRequest } from './port.ts';
import { DEPOSIT_CONTRACT_ADDRESS } from './system-contracts.ts';

/** keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)"), EIP-6110 `DEPOSIT_EVENT_SIGNATURE_HASH`. */
export const DEPOSIT_EVENT_TOPIC: Hex = '0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5';

/** EIP-7685 request types, in the order in which a block lists them. */
const REQUEST_TYPE = { deposit: 0, withdrawal: 1, consolidation: 2 } as const;

/** Bytes of one packed request: `pubkey ++ credentials ++ amount ++ signature ++ index`, and so on. */
const DEPOSIT_BYTES = 48 + 32 + 8 + 96 + 8;
const WITHDRAWAL_BYTES = 20 + 48 + 8;
const CONSOLIDATION_BYTES = 20 + 48 + 48;

/** EIP-6110: where the five fields of the event lie in its ABI data, and how long each is. Anything else is malformed. */
const DEPOSIT_EVENT_BYTES = 576;
const DEPOSIT_EVENT_FIELDS = [
  { at: 160, bytes: 48 },
  { at: 256, bytes: 32 },
  { at: 320, bytes: 8 },
  { at: 384, bytes: 96 },
  { at: 512, bytes: 8 },
] as const;

export interface RawLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** The deposits in a block's logs, in order (EIP-6110 `parse_deposit_data`). Other contracts' and other events are passed over. */
export function depositsFromLogs(logs: readonly RawLog[]): DepositRequest[] {
  return logs
    .filter((log) => sameHex(log.address, DEPOSIT_CONTRACT_ADDRESS) && log.topics[0] === DEPOSIT_EVENT_TOPIC)
    .map((log) => parseDepositEvent(log.data));
}

/** Strict: any other layout than the deposit contract's own makes the block invalid (EIP-6110). */
export function parseDepositEvent(data: Hex): DepositRequest {
  const bytes = fromHex(data);
  if (bytes.length !== DEPOSIT_EVENT_BYTES) throw malformed(data, `${bytes.length} bytes instead of 576`);
  const packed = DEPOSIT_EVENT_FIELDS.map((field, n) => {
    if (word(bytes, n * 32) !== BigInt(field.at)) throw malformed(data, `field ${n} is not at ${field.at}`);
    if (word(bytes, field.at) !== BigInt(field.bytes)) throw malformed(data, `field ${n} is not ${field.bytes} long`);
    return bytes.subarray(field.at + 32, field.at + 32 + field.bytes);
  });
  return unpackDeposit(new Uint8Array(Buffer.concat(packed)));
}

const malformed = (data: Hex, why: string) =>
  new BadExecutionDataError(`a DepositEvent is malformed: ${why}`, { data: { data } });

const word = (bytes: Uint8Array, at: number): bigint => BigInt(toHex(bytes.subarray(at, at + 32)));

const littleEndian = (bytes: Uint8Array): bigint => Buffer.from(bytes).readBigUInt64LE();

function unpackDeposit(bytes: Uint8Array): DepositRequest {
  return {
    pubkey: toHex(bytes.subarray(0, 48)),
    withdrawalCredentials: toHex(bytes.subarray(48, 80)),
    amount: littleEndian(bytes.subarray(80, 88)),
    signature: toHex(bytes.subarray(88, 184)),
    index: littleEndian(bytes.subarray(184, 192)),
  };
}

function unpackWithdrawal(bytes: Uint8Array): WithdrawalRequest {
  return {
    sourceAddress: toHex(bytes.subarray(0, 20)),
    validatorPubkey: toHex(bytes.subarray(20, 68)),
    amount: littleEndian(bytes.subarray(68, 76)),
  };
}

function unpackConsolidation(bytes: Uint8Array): ConsolidationRequest {
  return {
    sourceAddress: toHex(bytes.subarray(0, 20)),
    sourcePubkey: toHex(bytes.subarray(20, 68)),
    targetPubkey: toHex(bytes.subarray(68, 116)),
  };
}

/** What the EIP-7002 system call returns: 76 bytes a request. */
export const withdrawalsFromSystemCall = (output: Hex): WithdrawalRequest[] =>
  split(fromHex(output), WITHDRAWAL_BYTES, 'EIP-7002').map(unpackWithdrawal);

/** What the EIP-7251 system call returns: 116 bytes a request. */
export const consolidationsFromSystemCall = (output: Hex): ConsolidationRequest[] =>
  split(fromHex(output), CONSOLIDATION_BYTES, 'EIP-7251').map(unpackConsolidation);

/** The Engine API's `executionRequests` (EIP-7685): each entry `type ++ packed requests`, types rising, none empty. */
export function decodeExecutionRequests(entries: readonly Hex[]): ExecutionRequests {
  const found = new Map<number, Uint8Array>();
  let previous = -1;
  for (const entry of entries) {
    const bytes = fromHex(entry);
    const type = bytes[0] ?? -1;
    if (type <= previous || bytes.length < 2 || type > REQUEST_TYPE.consolidation) {
      throw new BadExecutionDataError('execution requests are out of order, empty or of an unknown type', {
        data: { type, previous, bytes: bytes.length },
      });
    }
    found.set(type, bytes.subarray(1));
    previous = type;
  }
  const of = (type: number, bytes: number, eip: string) => split(found.get(type) ?? new Uint8Array(), bytes, eip);
  return {
    deposits: of(REQUEST_TYPE.deposit, DEPOSIT_BYTES, 'EIP-6110').map(unpackDeposit),
    withdrawals: of(REQUEST_TYPE.withdrawal, WITHDRAWAL_BYTES, 'EIP-7002').map(unpackWithdrawal),
    consolidations: of(REQUEST_TYPE.consolidation, CONSOLIDATION_BYTES, 'EIP-7251').map(unpackConsolidation),
  };
}

function split(bytes: Uint8Array, size: number, eip: string): Uint8Array[] {
  if (bytes.length % size !== 0) {
    throw new BadExecutionDataError(`${eip} requests do not divide evenly`, { data: { bytes: bytes.length, size } });
  }
  return Array.from({ length: bytes.length / size }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}
