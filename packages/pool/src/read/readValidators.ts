import type { Hex } from '@holdfast/units';
import { decodeEventLog, getAbiItem } from 'viem';
import { PoolReadError } from '../errors.ts';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { mapRange, type ReadAt } from './at.ts';
import { logsIn } from './logs.ts';
import type { SlashingSnapshot, ValidatorSnapshot } from './snapshot.ts';
import { VALIDATOR_STATES } from './status.ts';

/** Every validator ever predeposited, with its public key (which only the event holds). */
export async function readValidators(pool: Pool, read: ReadAt, blockNumber: bigint): Promise<ValidatorSnapshot[]> {
  const [last, pubkeys] = await Promise.all([read('ledger', 'lastOrdinal'), pubkeysOf(pool, blockNumber)]);
  return mapRange(1, last, (ordinal) => readValidator(read, ordinal, pubkeys));
}

async function readValidator(
  read: ReadAt,
  ordinal: number,
  pubkeys: ReadonlyMap<number, Hex>,
): Promise<ValidatorSnapshot> {
  const record = await read('ledger', 'recordOf', ordinal);
  const status = VALIDATOR_STATES[record.status];
  const pubkey = pubkeys.get(ordinal);
  if (status === undefined || pubkey === undefined) {
    throw new PoolReadError('the node does not show the whole ledger', {
      data: { ordinal, status: record.status, pubkey },
      fix: 'Ask a node that has the logs since the pool was deployed',
    });
  }
  const started = status === 'funded' || status === 'exiting' || status === 'slashed';
  const [[askedAt, expectedGwei], slashing] = await Promise.all([
    started ? read('ledger', 'exitRequests', ordinal) : ([0n, 0n] as const),
    status === 'slashed' ? readSlashing(read, ordinal) : null,
  ]);
  return {
    ordinal,
    status,
    operatorId: record.operatorId,
    pubkey,
    pubkeyRoot: record.pubkeyRoot,
    index: Number(record.index),
    balanceGwei: BigInt(record.balanceGwei),
    balanceSlot: Number(record.balanceSlot),
    inFlightGwei: BigInt(record.inFlightGwei),
    depositSlot: record.depositSlot,
    exitRequest: askedAt === 0n ? null : { askedAt, expectedGwei },
    slashing,
  };
}

async function readSlashing(read: ReadAt, ordinal: number): Promise<SlashingSnapshot> {
  const [fields, settleableFrom] = await Promise.all([
    read('enforcer', 'slashings', ordinal),
    read('enforcer', 'settleableFrom', ordinal),
  ]);
  const [reference, landed, expected, cover, recovered, withdrawableEpoch, referenceSlot, firstRecoveryAt] = fields;
  return {
    referenceGwei: BigInt(reference),
    landedGwei: BigInt(landed),
    expectedGwei: BigInt(expected),
    coverGwei: BigInt(cover),
    recoveredGwei: BigInt(recovered),
    withdrawableEpoch: Number(withdrawableEpoch),
    referenceSlot: Number(referenceSlot),
    firstRecoveryAt: BigInt(firstRecoveryAt),
    settleableFrom,
  };
}

async function pubkeysOf(pool: Pool, toBlock: bigint): Promise<Map<number, Hex>> {
  const { publicClient, manifest } = pool;
  const event = getAbiItem({ abi: validatorLedgerAbi, name: 'Predeposited' });
  const range = { publicClient, address: manifest.addresses.ledger, fromBlock: manifest.block, toBlock, event };
  const logs = await logsIn(range);
  return new Map(
    logs.map(({ data, topics }) => {
      const { args } = decodeEventLog({ abi: [event], data, topics });
      return [args.ordinal, args.pubkey];
    }),
  );
}
