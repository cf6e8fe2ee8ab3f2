import { fromHex, type Hex, toHex } from '@holdfast/units';
import fc from 'fast-check';
import { concat, encodeAbiParameters, numberToHex, parseAbiParameters } from 'viem';
import { describe, expect, it } from 'vitest';
import {
  consolidationsFromSystemCall,
  DEPOSIT_EVENT_TOPIC,
  decodeExecutionRequests,
  depositsFromLogs,
  parseDepositEvent,
  withdrawalsFromSystemCall,
} from '../src/execution/requests.ts';
import { DEPOSIT_CONTRACT_ADDRESS } from '../src/execution/system-contracts.ts';

const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const deposit = fc.record({
  pubkey: hexOf(48),
  withdrawalCredentials: hexOf(32),
  amount: uint64,
  signature: hexOf(96),
  index: uint64,
});
const withdrawal = fc.record({ sourceAddress: hexOf(20), validatorPubkey: hexOf(48), amount: uint64 });
const consolidation = fc.record({ sourceAddress: hexOf(20), sourcePubkey: hexOf(48), targetPubkey: hexOf(48) });

const littleEndian = (value: bigint): Hex => toHex(fromHex(numberToHex(value, { size: 8 })).reverse());
type Deposit = Parameters<Parameters<typeof deposit.map>[0]>[0];
const FIVE_BYTES = parseAbiParameters('bytes, bytes, bytes, bytes, bytes');
const eventOf = (d: Deposit): Hex =>
  encodeAbiParameters(FIVE_BYTES, [
    d.pubkey,
    d.withdrawalCredentials,
    littleEndian(d.amount),
    d.signature,
    littleEndian(d.index),
  ]);
const packedDeposit = (d: Deposit): Hex =>
  concat([d.pubkey, d.withdrawalCredentials, littleEndian(d.amount), d.signature, littleEndian(d.index)]);

describe('DepositEvent (EIP-6110)', () => {
  it('gives the deposit back from its ABI encoding', () => {
    fc.assert(
      fc.property(deposit, (d) => {
        expect(parseDepositEvent(eventOf(d))).toEqual(d);
      }),
    );
  });

  it('refuses any change to an offset or a length, and any other size', () => {
    const [sample] = fc.sample(deposit, { numRuns: 1, seed: 1 });
    if (!sample) throw new Error('a sample is needed');
    const good = fromHex(eventOf(sample));
    const words = [0, 32, 64, 96, 128, 160, 256, 320, 384, 512];
    for (const at of words) {
      for (const byte of [at, at + 30, at + 31]) {
        const bad = good.slice();
        bad[byte] = (bad[byte] ?? 0) ^ 1;
        expect(() => parseDepositEvent(toHex(bad))).toThrow(/DepositEvent is malformed/);
      }
    }
    for (const data of [good.slice(0, 575), new Uint8Array([...good, 0]), new Uint8Array()]) {
      expect(() => parseDepositEvent(toHex(data))).toThrow(/DepositEvent is malformed/);
    }
  });

  it('passes over other events and other contracts', () => {
    const [sample] = fc.sample(deposit, { numRuns: 1, seed: 2 });
    if (!sample) throw new Error('a sample is needed');
    const log = { address: DEPOSIT_CONTRACT_ADDRESS, topics: [DEPOSIT_EVENT_TOPIC], data: eventOf(sample) };
    const stranger: Hex = '0x00000000219ab540356cbb839cbe05303d7705fb';
    const logs = [
      { ...log, address: stranger },
      log,
      { ...log, topics: [] },
      { ...log, topics: ['0x00' as Hex], data: '0x' as Hex },
    ];
    expect(depositsFromLogs(logs)).toEqual([sample]);
  });
});

describe('execution requests (EIP-7685)', () => {
  it('decodes all three types, in order', () => {
    const lists = [fc.array(deposit), fc.array(withdrawal), fc.array(consolidation)] as const;
    fc.assert(
      fc.property(...lists, (deposits, withdrawals, consolidations) => {
        const packed: readonly Hex[][] = [
          deposits.map(packedDeposit),
          withdrawals.map((w) => concat([w.sourceAddress, w.validatorPubkey, littleEndian(w.amount)])),
          consolidations.map((c) => concat([c.sourceAddress, c.sourcePubkey, c.targetPubkey])),
        ];
        const entries = packed.flatMap((items, type) =>
          items.length > 0 ? [concat([numberToHex(type, { size: 1 }), ...items])] : [],
        );
        expect(decodeExecutionRequests(entries)).toEqual({ deposits, withdrawals, consolidations });
        expect(withdrawalsFromSystemCall(concat(['0x', ...(packed[1] ?? [])]))).toEqual(withdrawals);
        expect(consolidationsFromSystemCall(concat(['0x', ...(packed[2] ?? [])]))).toEqual(consolidations);
      }),
    );
  });

  it.each<[string, readonly Hex[]]>([
    ['an empty entry', ['0x']],
    ['a type without requests', ['0x01']],
    ['an unknown type', [`0x03${'00'.repeat(76)}`]],
    ['a falling type', [`0x02${'00'.repeat(116)}`, `0x01${'00'.repeat(76)}`]],
    ['a type twice', [`0x01${'00'.repeat(76)}`, `0x01${'00'.repeat(76)}`]],
    ['half a request', [`0x01${'00'.repeat(75)}`]],
  ])('refuses %s', (_name, entries) => {
    expect(() => decodeExecutionRequests(entries)).toThrow(expect.objectContaining({ code: 'EXECUTION_BAD_DATA' }));
  });
});
