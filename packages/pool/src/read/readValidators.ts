import type { Hex } from '@holdfast/units';
import { decodeEventLog, getAbiItem } from 'viem';
import { PoolReadError } from '../errors.ts';
import { validatorLedgerAbi } from '../generated/ValidatorLedger.ts';
import type { Pool } from '../Pool.ts';
import { mapRange, type ReadAt, readFields } from './at.ts';
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
  const [exit, slashing] = await Promise.all([
    started ? readFields(read, 'ledger', 'exitRequests', ordinal) : null,
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
    exitRequest: exit === null || exit.askedAt === 0n ? null : exit,
    slashing,
  };
}

async function readSlashing(read: ReadAt, ordinal: number): Promise<SlashingSnapshot> {
  const [fields, settleableFrom] = await Promise.all([
    readFields(read, 'enforcer', 'slashings', ordinal),
    read('enforcer', 'settleableFrom', ordinal),
  ]);
  return {
    effectiveGwei: BigInt(fields.effectiveGwei),
    referenceGwei: BigInt(fields.referenceGwei),
    landedGwei: BigInt(fields.landedGwei),
    expectedGwei: BigInt(fields.expectedGwei),
    coverGwei: BigInt(fields.coverGwei),
    recoveredGwei: BigInt(fields.recoveredGwei),
    withdrawableEpoch: Number(fields.withdrawableEpoch),
    referenceSlot: Number(fields.referenceSlot),
    firstRecoveryAt: BigInt(fields.firstRecoveryAt),
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
