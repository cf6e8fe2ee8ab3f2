import { aggregateSerializedSignatures, fastAggregateVerify, SecretKey, Signature } from '@chainsafe/blst';
import { BitArray } from '@chainsafe/ssz';
import { toHex } from '@holdfast/units';
import { MAX_COMMITTEES_PER_SLOT } from '@lodestar/params';
import { type electra, ssz } from '@lodestar/types';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttestationPool } from '../src/consensus/attestation-pool.ts';
import type { DevnetState } from '../src/consensus/types.ts';

const COMMITTEES = [5, 4];
const SLOT = 9;
const SEED = Number(process.env.HOLDFAST_SEED ?? 20_261_121);

const data = ssz.phase0.AttestationData.defaultValue();
data.slot = SLOT;
data.target.epoch = 1;
const message = ssz.phase0.AttestationData.hashTreeRoot(data);
const keys = COMMITTEES.map((length, committee) =>
  Array.from({ length }, (_, position) => SecretKey.fromKeygen(new Uint8Array(32).fill(1 + committee * 16 + position))),
);
const signatures = keys.map((committee) => committee.map((key) => key.sign(message).toBytes()));
const pubkeyOf = (committee: number, position: number) => toHex(keys[committee]![position]!.toPublicKey().toBytes());

/** What the pool reads of a state. */
const state = {
  slot: SLOT + 1,
  epochCtx: {
    epoch: 1,
    getCommitteeCountPerSlot: () => COMMITTEES.length,
    getBeaconCommittee: (_slot: number, index: number) => new Uint32Array(COMMITTEES[index]!),
  },
  currentJustifiedCheckpoint: { toValue: () => data.source },
  previousJustifiedCheckpoint: { toValue: () => data.source },
} as unknown as DevnetState;

function sum(parts: readonly (readonly [committee: number, position: number])[]): Uint8Array {
  return aggregateSerializedSignatures(parts.map(([c, p]) => signatures[c]![p]!)).toBytes();
}

function aggregateOf(committee: number, positions: readonly number[]): electra.Attestation {
  const committeeBits = BitArray.fromBitLen(MAX_COMMITTEES_PER_SLOT);
  committeeBits.set(committee, true);
  const aggregationBits = BitArray.fromBitLen(COMMITTEES[committee]!);
  for (const position of positions) aggregationBits.set(position, true);
  return { data, committeeBits, aggregationBits, signature: sum(positions.map((p) => [committee, p] as const)) };
}

/** The seats of an attestation, after its signature was checked as the state transition checks it. */
function verified(attestation: electra.Attestation): string[] {
  const seats: [number, number][] = [];
  let offset = 0;
  for (const committee of attestation.committeeBits.getTrueBitIndexes()) {
    const before = seats.length;
    for (let p = 0; p < COMMITTEES[committee]!; p++)
      if (attestation.aggregationBits.get(offset + p)) seats.push([committee, p]);
    offset += COMMITTEES[committee]!;
    // `process_attestation`: no committee is named of which nobody voted.
    expect(seats.length).toBeGreaterThan(before);
  }
  expect(attestation.aggregationBits.bitLen).toBe(offset);
  const pubkeys = seats.map(([c, p]) => keys[c]![p]!.toPublicKey());
  expect(fastAggregateVerify(message, pubkeys, Signature.fromBytes(attestation.signature))).toBe(true);
  return seats.map(([c, p]) => `${c}:${p}`);
}

const seat = fc.constantFrom(...keys.flatMap((committee, c) => committee.map((_, p) => [c, p] as const)));
const step = fc.oneof(
  fc.record({ kind: fc.constant('single' as const), seat }),
  fc.record({
    kind: fc.constant('local' as const),
    seats: fc.uniqueArray(seat, { selector: String, minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('aggregate' as const),
    committee: fc.integer({ min: 0, max: 1 }),
    positions: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant('block' as const) }),
);

test('whatever comes in whatever order, each block gets valid attestations, and in the end every vote is in one', () => {
  console.log(`seed ${SEED}`);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let pool = new AttestationPool();
      const known = new Set<string>();
      const included = new Set<string>();
      let hasLocal = false;
      const block = () => {
        const attestations = pool.forBlock(state);
        for (const attestation of attestations) {
          const seats = verified(attestation);
          // One that brings nothing new is a waste of room.
          expect(seats.some((one) => !included.has(one))).toBe(true);
          for (const one of seats) included.add(one);
        }
        pool.included(attestations);
        pool = pool.clone();
        return attestations.length;
      };
      for (const one of steps) {
        if (one.kind === 'single') {
          const [committee, position] = one.seat;
          pool.addSingle(state, data, { committee, position }, signatures[committee]![position]!);
          known.add(`${committee}:${position}`);
        } else if (one.kind === 'aggregate') {
          pool.addAggregate(state, aggregateOf(one.committee, one.positions));
        } else if (one.kind === 'local' && !hasLocal) {
          hasLocal = true;
          const secretOf = new Map(one.seats.map(([c, p]) => [pubkeyOf(c, p), [c, p] as const]));
          pool.addLocal(state, data, {
            seats: one.seats.map(([committee, position]) => ({
              committee,
              position,
              pubkey: pubkeyOf(committee, position),
            })),
            signature: sum(one.seats),
            sign: (pubkeys) => sum(pubkeys.map((pubkey) => secretOf.get(pubkey)!)),
          });
          for (const [c, p] of one.seats) known.add(`${c}:${p}`);
        } else if (one.kind === 'block') {
          block();
        }
        for (const committee of [0, 1]) {
          const aggregate = pool.aggregateOf(toHex(message), committee);
          if (aggregate) expect(verified(aggregate).every((name) => name.startsWith(`${committee}:`))).toBe(true);
        }
      }
      for (let i = 0; i < 4 && block() > 0; i++);
      for (const one of known) expect(included.has(one), one).toBe(true);
      expect(pool.forBlock(state)).toEqual([]);
    }),
    { seed: SEED, numRuns: 60 },
  );
});
