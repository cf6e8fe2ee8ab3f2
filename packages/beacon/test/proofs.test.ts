import { FAR_FUTURE_EPOCH, fromHex, type Root, toHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balanceInChunk,
  balanceProof,
  balancesProof,
  branch,
  chunkMultiproof,
  expectedWithdrawalProof,
  headerProof,
  headerRoot,
  loadState,
  multiproofRoot,
  pendingDepositProof,
  pendingDepositsProof,
  STATE_FORKS,
  stateTypeOf,
  validatorFields,
  validatorProof,
  verifyBranch,
  verifyListProof,
  verifyMultiproof,
  withdrawalProof,
} from '../src/index.ts';
import { flipBit, fromValue, sampleState, sampleValue } from './states.ts';

const seed = 20_261;
console.log(`seed ${seed}`);
const states = new Map(STATE_FORKS.map((fork) => [fork, sampleState(fork, { validators: 200 })]));
const anyState = fc.constantFrom(...STATE_FORKS).map((fork) => states.get(fork)!);

describe('single branches', () => {
  it('lead from every provable node to the state root', () => {
    for (const state of states.values()) {
      const { layout } = state;
      const nodes = [
        layout.witness ?? layout.genesisValidatorsRoot,
        layout.slot,
        layout.forkField,
        layout.validators.gindex,
        layout.validators.lengthGindex,
        layout.balances.gindex,
        layout.blockRoots.gindex,
        layout.historicalSummaries.gindex,
      ];
      for (const gindex of nodes) {
        const proof = branch(state, gindex);
        expect(verifyBranch(proof.leaf, proof.gindex, proof.branch, state.root)).toBe(true);
      }
      expect(branch(state, layout.genesisValidatorsRoot).leaf).toBe(
        toHex(state.value(['genesisValidatorsRoot']) as Uint8Array),
      );
    }
  });

  it('prove each validator by the hash of its eight fields', () => {
    fc.assert(
      fc.property(anyState, fc.nat(199), (state, index) => {
        const proof = validatorProof(state, index);
        const f = proof.fields;
        const epoch = (value: bigint) => (value === FAR_FUTURE_EPOCH ? Number.POSITIVE_INFINITY : Number(value));
        const leaf = ssz.phase0.Validator.hashTreeRoot({
          pubkey: fromHex(f.pubkey),
          withdrawalCredentials: fromHex(f.withdrawalCredentials),
          effectiveBalance: Number(f.effectiveBalance),
          slashed: f.slashed,
          activationEligibilityEpoch: epoch(f.activationEligibilityEpoch),
          activationEpoch: epoch(f.activationEpoch),
          exitEpoch: epoch(f.exitEpoch),
          withdrawableEpoch: epoch(f.withdrawableEpoch),
        });
        expect(proof.leaf).toBe(toHex(leaf));
        expect(verifyBranch(proof.leaf, proof.gindex, proof.branch, state.root)).toBe(true);
      }),
      { seed },
    );
  });

  it('fail for each single mutation of leaf, sibling, index, length or root', () => {
    fc.assert(
      fc.property(anyState, fc.nat(199), fc.nat(255), fc.nat(60), (state, index, bit, at) => {
        const { leaf, gindex, branch: path } = validatorProof(state, index);
        const i = at % path.length;
        const mutated = path.map((sibling, j) => (j === i ? (flipBit(sibling, bit) as Root) : sibling));
        expect(verifyBranch(flipBit(leaf, bit) as Root, gindex, path, state.root)).toBe(false);
        expect(verifyBranch(leaf, gindex, mutated, state.root)).toBe(false);
        expect(verifyBranch(leaf, gindex ^ (1n << BigInt(i)), path, state.root)).toBe(false);
        expect(verifyBranch(leaf, gindex, path.slice(1), state.root)).toBe(false);
        expect(verifyBranch(leaf, gindex, path.slice(0, -1), state.root)).toBe(false);
        expect(verifyBranch(leaf, gindex, [...path, leaf], state.root)).toBe(false);
        expect(verifyBranch(leaf, gindex, path, flipBit(state.root, bit) as Root)).toBe(false);
      }),
      { seed },
    );
  });

  it('answer "no" to garbage instead of throwing', () => {
    fc.assert(
      fc.property(fc.string(), fc.bigInt(), fc.array(fc.string()), fc.string(), (leaf, gindex, path, root) => {
        expect(verifyBranch(leaf as Root, gindex, path as Root[], root as Root)).toBe(
          gindex === 1n && path.length === 0 && leaf.toLowerCase() === root.toLowerCase(),
        );
      }),
      { seed },
    );
  });

  it('prove balances to the gwei', () => {
    fc.assert(
      fc.property(anyState, fc.nat(199), (state, index) => {
        const proof = balanceProof(state, index);
        expect(proof.balance).toBe(state.balance(index));
        expect(verifyBranch(proof.leaf, proof.gindex, proof.branch, state.root)).toBe(true);
      }),
      { seed },
    );
    const value = sampleValue('fulu', { validators: 9 });
    const state = fromValue('fulu', value);
    expect(value.balances.map((_, i) => state.balance(i))).toEqual(value.balances.map(BigInt));
  });

  it('refuse items that the lists do not have', () => {
    const state = states.get('fulu')!;
    expect(() => validatorFields(state, 200)).toThrow(/no such item in validators.*index=200, length=200/);
    expect(() => validatorProof(state, -1)).toThrow(/no such item/);
    expect(() => balanceProof(state, 200)).toThrow(/no such item/);
    expect(() => pendingDepositProof(state, 11)).toThrow(/pending_deposits/);
    expect(() => pendingDepositProof(states.get('deneb')!, 0)).toThrow(/no such list/);
    expect(() => branch(state, 0n)).toThrow(/generalized index/);
    expect(() => branch(state, state.layout.slot * 4n)).toThrow(/nothing at this generalized index/);
  });
});

describe('the header', () => {
  it('of a post-state hashes with the state root filled in', () => {
    const state = states.get('electra')!;
    const { header, root } = headerProof(state);
    expect(header.stateRoot).toBe(state.root);
    expect(root).toBe(headerRoot(header));
  });

  it('of a state carried over empty slots stays that of its block', () => {
    const value = sampleValue('fulu');
    value.latestBlockHeader.stateRoot = new Uint8Array(32).fill(7);
    expect(headerProof(fromValue('fulu', value)).header.stateRoot).toBe(`0x${'07'.repeat(32)}`);
  });

  it('changes its root with each field', () => {
    const { header, root } = headerProof(states.get('fulu')!);
    expect(headerRoot({ ...header, slot: header.slot + 1 })).not.toBe(root);
    expect(headerRoot({ ...header, proposerIndex: 9 })).not.toBe(root);
    for (const field of ['parentRoot', 'stateRoot', 'bodyRoot'] as const) {
      expect(headerRoot({ ...header, [field]: flipBit(header[field], 3) as Root })).not.toBe(root);
    }
  });
});

describe('multi-proofs', () => {
  const positionsIn = (count: number) =>
    fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 40 }).map((all) => all.sort((a, b) => a - b));

  it('verify for any set of leaves, and are as short as can be', () => {
    const state = states.get('fulu')!;
    const { balances } = state.layout;
    const data = state.nodeAt(balances.dataGindex);
    fc.assert(
      fc.property(positionsIn(50), (positions) => {
        const { leaves, siblings } = chunkMultiproof(data, balances.depth!, positions);
        expect(multiproofRoot(leaves, positions, balances.depth!, siblings)).toBe(toHex(data.root));
        const known = new Set(positions.map((p) => 2n ** 38n + BigInt(p)));
        let needed = 0;
        let level = [...known];
        for (let d = 0; d < 38; d += 1) {
          needed += level.filter((g) => !level.includes(g ^ 1n)).length;
          level = [...new Set(level.map((g) => g >> 1n))];
        }
        expect(siblings.length).toBe(needed);
      }),
      { seed },
    );
  });

  it('fail for each single mutation', () => {
    const state = states.get('fulu')!;
    const { depth, dataGindex } = state.layout.balances;
    const root = state.rootAt(dataGindex);
    fc.assert(
      fc.property(positionsIn(50), fc.nat(255), fc.nat(), (positions, bit, at) => {
        const { leaves, siblings } = chunkMultiproof(state.nodeAt(dataGindex), depth!, positions);
        const flip = (words: readonly Root[]) =>
          words.map((word, i) => (i === at % words.length ? (flipBit(word, bit) as Root) : word));
        const moved = positions.map((p, i) => (i === at % positions.length ? p + 64 : p));
        expect(verifyMultiproof(leaves, positions, depth!, siblings, root)).toBe(true);
        expect(verifyMultiproof(flip(leaves), positions, depth!, siblings, root)).toBe(false);
        expect(verifyMultiproof(leaves, positions, depth!, flip(siblings), root)).toBe(false);
        expect(verifyMultiproof(leaves, moved, depth!, siblings, root)).toBe(false);
        expect(verifyMultiproof(leaves, positions, depth! + 1, siblings, root)).toBe(false);
        expect(verifyMultiproof(leaves, positions, depth! - 1, siblings, root)).toBe(false);
        expect(verifyMultiproof(leaves, positions, depth!, siblings.slice(1), root)).toBe(false);
        expect(verifyMultiproof(leaves, positions, depth!, [...siblings, root], root)).toBe(false);
        expect(verifyMultiproof(leaves.slice(1), positions, depth!, siblings, root)).toBe(false);
        expect(verifyMultiproof([...leaves, root], [...positions, positions.at(-1)!], depth!, siblings, root)).toBe(
          false,
        );
        expect(verifyMultiproof(leaves, positions, depth!, siblings, flipBit(root, bit) as Root)).toBe(false);
      }),
      { seed },
    );
  });

  it('of balances give every balance, in any order and with repetitions, on every fork', () => {
    fc.assert(
      fc.property(anyState, fc.array(fc.nat(199), { minLength: 1, maxLength: 30 }), (state, indices) => {
        const proof = balancesProof(state, indices);
        expect(verifyListProof(proof, state.root)).toBe(true);
        const leaves = new Map(
          proof.groups.flatMap((g) => g.positions.map((p, i) => [g.firstChunk + p, g.leaves[i]!])),
        );
        for (const index of indices) {
          expect(balanceInChunk(leaves.get(Math.floor(index / 4))!, index)).toBe(state.balance(index));
        }
      }),
      { seed },
    );
  });

  it('are one group whose branch begins with the length, but on Gloas', () => {
    const proof = balancesProof(states.get('fulu')!, [0, 1, 77]);
    expect(proof.groups.length).toBe(1);
    const length = Buffer.alloc(32);
    length.writeUInt32LE(200, 0);
    expect(proof.groups[0]!.branch[0]).toBe(toHex(length));
    expect(proof.groups[0]!.branch.slice(1)).toEqual(proof.listBranch);
    expect(balancesProof(states.get('gloas')!, [0, 1, 77]).groups.length).toBe(2);
  });

  it('of pending deposits prove a run and each of its fields', () => {
    for (const fork of ['electra', 'fulu', 'gloas'] as const) {
      const state = states.get(fork)!;
      const proof = pendingDepositsProof(state, 2, 7);
      expect(proof.length).toBe(11);
      expect(verifyListProof(proof, state.root)).toBe(true);
      const leaves = proof.groups.flatMap((group) => group.leaves);
      proof.deposits.forEach((deposit, i) => {
        const leaf = ssz.electra.PendingDeposit.hashTreeRoot({
          pubkey: fromHex(deposit.pubkey),
          withdrawalCredentials: fromHex(deposit.withdrawalCredentials),
          amount: Number(deposit.amount),
          signature: fromHex(deposit.signature),
          slot: deposit.slot,
        });
        expect(leaves[i]).toBe(toHex(leaf));
      });
      const single = pendingDepositProof(state, 4);
      expect(single.leaf).toBe(leaves[2]);
      expect(verifyBranch(single.leaf, single.gindex, single.branch, state.root)).toBe(true);
      expect(() => pendingDepositsProof(state, 5, 7)).toThrow(/no such item/);
      expect(() => pendingDepositsProof(state, 0, 0)).toThrow(/not a run/);
    }
  });

  it('refuse what has no canonical form', () => {
    const node = states.get('fulu')!.nodeAt(states.get('fulu')!.layout.balances.dataGindex);
    for (const positions of [[], [1, 1], [2, 1], [-1], [0.5], [2 ** 38]]) {
      expect(() => chunkMultiproof(node, 38, positions)).toThrow(/positions|at least one/);
    }
    expect(() => chunkMultiproof(node, 60, [0])).toThrow(/too deep/);
  });
});

describe('withdrawals', () => {
  it('of a payload are proven against the block root', () => {
    const block = ssz.fulu.BeaconBlock.defaultValue();
    block.slot = 77;
    block.body.executionPayload.withdrawals = [1, 2, 3].map((i) => ({
      index: i,
      validatorIndex: 10 * i,
      address: new Uint8Array(20).fill(i),
      amount: BigInt(1000 * i),
    }));
    const root = toHex(ssz.fulu.BeaconBlock.hashTreeRoot(block)) as Root;
    const proof = withdrawalProof('fulu', block, 1);
    expect(proof.withdrawal).toEqual({ index: 2, validatorIndex: 20, address: `0x${'02'.repeat(20)}`, amount: 2000n });
    expect(verifyBranch(proof.leaf, proof.gindex, proof.branch, root)).toBe(true);
    expect(() => withdrawalProof('fulu', block, 3)).toThrow(/no such item/);
    expect(() => withdrawalProof('gloas', ssz.gloas.BeaconBlock.defaultValue(), 0)).toThrow(/no payload/);
  });

  it('expected of a payload are proven against a Gloas state', () => {
    const state = states.get('gloas')!;
    const proof = expectedWithdrawalProof(state, 6);
    expect(proof.withdrawal.amount).toBe(11n);
    expect(verifyBranch(proof.leaf, proof.gindex, proof.branch, state.root)).toBe(true);
    expect(() => expectedWithdrawalProof(states.get('fulu')!, 0)).toThrow(/no such list/);
  });
});

describe('loadState', () => {
  it('round-trips, and refuses bytes that are no state', () => {
    const value = sampleValue('fulu');
    const bytes = stateTypeOf('fulu').serialize(value);
    expect(loadState('fulu', bytes).root).toBe(fromValue('fulu', value).root);
    expect(() => loadState('fulu', bytes.subarray(1))).toThrow(/not an SSZ beacon state/);
    expect(() => loadState('gloas', bytes)).toThrow(/LODESTAR_PRESET/);
  });

  it('never lets a mutated byte through with the same root', () => {
    const bytes = stateTypeOf('fulu').serialize(sampleValue('fulu', { validators: 5 }));
    const { root } = loadState('fulu', bytes);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        const mutated = bytes.slice();
        mutated[at] = mutated[at]! ^ xor;
        let loaded: string | undefined;
        try {
          loaded = loadState('fulu', mutated).root;
        } catch (error) {
          expect(String(error)).toMatch(/not an SSZ beacon state/);
        }
        expect(loaded).not.toBe(root);
      }),
      { seed, numRuns: 300 },
    );
  });
});
