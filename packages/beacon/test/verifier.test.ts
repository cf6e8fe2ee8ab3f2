import { fromHex, type Root, toHex } from '@holdfast/units';
import { MAX_WITHDRAWALS_PER_PAYLOAD, SLOTS_PER_HISTORICAL_ROOT } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balancesProof,
  branchRoot,
  hashPair,
  headerProof,
  joinedMultiproof,
  joinedRoot,
  type LoadedState,
  multiproofRoot,
  pubkeyRoot,
  stateWithdrawalProof,
  validatorFields,
  verifierBalancesOpening,
  verifierBalancesProof,
  verifierBalancesUnder,
  verifierHop,
  verifierLayout,
  verifierPendingRun,
  verifierStateProof,
  verifierValidatorProof,
  verifierWithdrawalProof,
  verifyBranch,
  type Withdrawal,
} from '../src/index.ts';
import { flipBit, fromValue, sampleState, sampleValue } from './states.ts';

const seed = 31_337;
console.log(`seed ${seed}`);
const FORKS = ['electra', 'fulu', 'gloas'] as const;
const states = FORKS.map((fork) => sampleState(fork, { validators: 300, deposits: 30 }));
const anyState = fc.constantFrom(...states);
const indices = fc.uniqueArray(fc.nat(299), { minLength: 1, maxLength: 30 });
const le64 = (value: bigint): Root => {
  const leaf = Buffer.alloc(32);
  leaf.writeBigUInt64LE(value);
  return toHex(leaf) as Root;
};
const chunksOf = (list: readonly number[]) => [...new Set(list.map((i) => Math.floor(i / 4)))].sort((a, b) => a - b);
const listBranch = (state: LoadedState, gindex: number, root: Root, branch: readonly string[]) =>
  branchRoot(root, BigInt(gindex), branch as Root[]) === state.root;

describe('joined multi-proofs', () => {
  it('lead to the data root, of progressive lists too', () => {
    fc.assert(
      fc.property(anyState, indices, (state, wanted) => {
        const list = state.layout.balances;
        const joined = joinedMultiproof(state, balancesProof(state, wanted));
        expect(joinedRoot(list, chunksOf(wanted), joined)).toBe(state.rootAt(list.dataGindex));
      }),
      { seed },
    );
  });

  it('fail for each single mutation', () => {
    fc.assert(
      fc.property(anyState, indices, fc.nat(255), fc.nat(), (state, wanted, bit, at) => {
        const list = state.layout.balances;
        const chunks = chunksOf(wanted);
        const { leaves, siblings } = joinedMultiproof(state, balancesProof(state, wanted));
        const flip = (words: readonly Root[]) =>
          words.map((word, i) => (i === at % words.length ? (flipBit(word, bit) as Root) : word));
        const result = (c: readonly number[], l: readonly Root[], s: readonly Root[]) => {
          try {
            return joinedRoot(list, c, { leaves: l, siblings: s });
          } catch (error) {
            return String(error).includes('BeaconProofError') ? undefined : error;
          }
        };
        const root = state.rootAt(list.dataGindex);
        expect(result(chunks, flip(leaves), siblings)).not.toBe(root);
        expect(result(chunks, leaves, flip(siblings))).not.toBe(root);
        expect(result(chunks, leaves, siblings.slice(1))).not.toBe(root);
        expect(result(chunks, leaves, siblings.slice(0, -1))).toBeUndefined();
        expect(result(chunks, leaves, [...siblings, root])).toBeUndefined();
        expect(result(chunks.slice(1), leaves, siblings)).toBeUndefined();
        expect(
          result(
            chunks.map((c) => c + 1024),
            leaves,
            siblings,
          ),
        ).not.toBe(root);
      }),
      { seed },
    );
  });
});

describe("the on-chain verifier's structs", () => {
  it('name the layout of each fork', () => {
    expect(verifierLayout('fulu', 77)).toEqual({
      fromSlot: 77n,
      validators: 75,
      balances: 76,
      pendingDeposits: 98,
      blockRoots: 69,
      historicalSummaries: 91,
      genesis: 65,
      withdrawals: 2830,
      withdrawalsDepth: Math.log2(MAX_WITHDRAWALS_PER_PAYLOAD),
      progressive: false,
    });
    expect(verifierLayout('gloas', 0)).toMatchObject({ genesis: 40, withdrawals: 2967, progressive: true });
    expect(() => verifierLayout('deneb', 0)).toThrow(/not supported/);
  });

  it('carry the witness and the header', () => {
    for (const state of states) {
      const { header } = headerProof(state);
      const proof = verifierStateProof(state, header, 1234);
      const { genesis } = verifierLayout(state.fork, 0);
      const known = toHex(state.value(['genesisValidatorsRoot']) as Uint8Array) as Root;
      expect(listBranch(state, genesis, known, proof.witness)).toBe(true);
      expect([proof.timestamp, proof.header.slot]).toEqual([1234n, BigInt(header.slot)]);
      expect(proof.header.stateRoot).toBe(state.root);
    }
  });

  it('carry a validator by the root of its key', () => {
    for (const state of states) {
      const { fields } = verifierValidatorProof(state, 6);
      const { pubkey, ...rest } = validatorFields(state, 6);
      expect(fields).toEqual({ pubkeyRoot: pubkeyRoot(pubkey), ...rest });
      const padded = `${pubkey.slice(2)}${'00'.repeat(16)}`;
      expect(pubkeyRoot(pubkey)).toBe(hashPair(`0x${padded.slice(0, 64)}` as Root, `0x${padded.slice(64)}` as Root));
    }
  });

  it('carry balances, whole or under an opening', () => {
    fc.assert(
      fc.property(anyState, indices, (state, wanted) => {
        const list = state.layout.balances;
        const chunks = chunksOf(wanted);
        const proof = verifierBalancesProof(state, wanted);
        const leaves = proof.chunks as Root[];
        const dataRoot = joinedRoot(list, chunks, { leaves, siblings: proof.siblings as Root[] });
        const listRoot = hashPair(dataRoot, proof.length as Root);
        expect(proof.length).toBe(le64(300n));
        expect(listBranch(state, Number(list.gindex), listRoot, proof.branch)).toBe(true);

        const opening = verifierBalancesOpening(state);
        const under = verifierBalancesUnder(state, wanted);
        const layout = { ...list, depth: list.depth === null ? null : 7 };
        const joined = { leaves: under.chunks as Root[], siblings: under.siblings as Root[] };
        expect(joinedRoot(layout, chunks, joined)).toBe(opening.top);
        expect(opening.branch).toEqual(proof.branch);
      }),
      { seed },
    );
  });

  it('open registries of every size at the smallest full subtree', () => {
    for (const [validators, depth] of [
      [1, 0],
      [4, 0],
      [5, 1],
      [8, 1],
      [9, 2],
      [16, 2],
      [17, 3],
      [64, 4],
      [65, 5],
    ] as const) {
      const state = sampleState('fulu', { validators });
      const { chunks, siblings } = verifierBalancesUnder(state, [validators - 1]);
      const position = Math.floor((validators - 1) / 4);
      const top = multiproofRoot(chunks as Root[], [position], depth, siblings as Root[]);
      expect(top).toBe(verifierBalancesOpening(state).top);
    }
  });

  it('carry runs of pending deposits, and the emptiness of none', () => {
    for (const state of states) {
      const list = state.layout.pendingDeposits!;
      const run = verifierPendingRun(state, 3, 20);
      const leaves = run.items.map((item) => {
        const four = hashPair(
          hashPair(item.pubkeyRoot as Root, item.withdrawalCredentials as Root),
          hashPair(le64(item.amount), item.signatureRoot as Root),
        );
        const zero = `0x${'00'.repeat(32)}` as Root;
        return hashPair(four, hashPair(hashPair(le64(item.slot), zero), hashPair(zero, zero)));
      });
      const positions = leaves.map((_, i) => 3 + i);
      const dataRoot = joinedRoot(list, positions, { leaves, siblings: run.siblings as Root[] });
      const listRoot = hashPair(dataRoot, le64(run.length));
      expect(listBranch(state, Number(list.gindex), listRoot, run.branch)).toBe(true);
      expect(() => verifierPendingRun(state, 0, 0)).toThrow(/not a run/);
      const empty = verifierPendingRun(sampleState(state.fork, { deposits: 0 }), 0, 0);
      expect([empty.items, empty.length, empty.siblings]).toEqual([[], 0n, []]);
    }
  });

  it('carry a hop at the slot of its header', () => {
    const value = sampleValue('fulu', { slot: SLOTS_PER_HISTORICAL_ROOT * 3 });
    const older = headerProof(sampleState('fulu', { slot: 101 }));
    value.slot = 110;
    value.blockRoots[older.header.slot % SLOTS_PER_HISTORICAL_ROOT] = fromHex(older.root);
    const state = fromValue('fulu', value);
    const hop = verifierHop(state, older.header);
    expect([hop.historical, hop.summary]).toEqual([false, 0]);
    const gindex = (69n << 6n) | BigInt(older.header.slot % SLOTS_PER_HISTORICAL_ROOT);
    expect(verifyBranch(older.root, gindex, hop.branch as Root[], state.root)).toBe(true);
  });

  it("carry a withdrawal of the state's own block, on every fork", () => {
    const withdrawals: Withdrawal[] = [0, 1, 2].map((i) => ({
      index: i,
      validatorIndex: 2 * i,
      address: `0x${`0${i}`.repeat(20)}`,
      amount: BigInt(100 + i),
    }));
    for (const fork of ['electra', 'fulu'] as const) {
      const value = sampleValue(fork);
      if (!('latestExecutionPayloadHeader' in value)) throw new Error('no payload header');
      value.latestExecutionPayloadHeader.withdrawalsRoot = ssz.capella.Withdrawals.hashTreeRoot(
        withdrawals.map((w) => ({ ...w, address: fromHex(w.address) })),
      );
      const state = fromValue(fork, value);
      const proof = stateWithdrawalProof(state, withdrawals, 2);
      expect(verifyBranch(proof.leaf, proof.gindex, proof.branch, state.root)).toBe(true);
      expect(verifierWithdrawalProof(state, withdrawals, 2)).toMatchObject({
        index: 2n,
        validatorIndex: 4n,
        amount: 102n,
        position: 2n,
      });
      expect(() => stateWithdrawalProof(state, withdrawals.slice(1), 1)).toThrow(/not the withdrawals/);
      expect(() => stateWithdrawalProof(state, withdrawals, 3)).toThrow(/no such item/);
    }
    const gloas = states[2]!;
    const proof = verifierWithdrawalProof(gloas, [], 6);
    expect([proof.index, proof.amount]).toEqual([6n, 11n]);
  });
});
