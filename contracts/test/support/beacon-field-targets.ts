import type { LoadedState, Withdrawal } from '@holdfast/beacon';
import type { Hex } from '@holdfast/units';
import {
  type BalancesOpening,
  type BalancesProof,
  type Layout,
  lengthLeaf,
  makeBalancesProof,
  makeOpening,
  makePendingRun,
  makeValidatorProof,
  makeWithdrawalProof,
  type PendingRun,
  type ValidatorProof,
  type WithdrawalProof,
} from './beacon-proofs.ts';
import { type Args, alterField, at, dirtyMember, type Mutator, siblingMutators, type Target } from './mutations.ts';
import type { Random } from './random.ts';

const LIST_FIELDS = [
  'withdrawals',
  'validators',
  'balances',
  'pendingDeposits',
  'blockRoots',
  'historicalSummaries',
  'genesis',
];

/** A state and a layout of another fork. */
export interface Foreign {
  readonly state: LoadedState;
  readonly layout: Layout;
}

/** What any proof from a state root meets: another state's root, another fork's layout, one field taken for another. */
function stateMutators(
  foreign: Foreign,
  field: keyof Layout,
  wrong: string,
  others: string[],
): Record<string, Mutator<Args>> {
  return {
    'other state': (args, random) => {
      (args as unknown[])[0] = random.next() < 0.5 ? foreign.state.root : random.root();
      return { errors: [wrong] };
    },
    'other fork': (args) => {
      (args as unknown[])[1] = foreign.layout;
      return { errors: [wrong, 'BranchLength', ...others] };
    },
    'field for another': (args, random) => {
      const layout = at<Layout>(1)(args);
      const taken = random.pick(LIST_FIELDS.filter((name) => name !== field)) as 'validators';
      if (layout[taken] === layout[field]) return undefined;
      (layout as unknown as Record<string, unknown>)[field] = layout[taken];
      return { errors: [wrong, 'BranchLength'] };
    },
  };
}

export function validatorTarget(state: LoadedState, layout: Layout, foreign: Foreign, random: Random): Target<Args> {
  const count = state.lengthOf(state.layout.validators);
  const proofOf = at<ValidatorProof>(2);
  const wrong = 'ValidatorProofInvalid';
  return {
    name: 'validator',
    functionName: 'verifyValidator',
    samples: random.distinct(12, count).map((index) => [state.root, layout, makeValidatorProof(state, index)]),
    mutators: {
      ...stateMutators(foreign, 'validators', wrong, []),
      leaf: (args, r) => {
        alterField(proofOf(args).fields, r);
        return { errors: [wrong] };
      },
      index: (args, r) => {
        const index = BigInt(r.below(r.next() < 0.5 ? count : 2 ** 40));
        if (index === proofOf(args).index) return undefined;
        proofOf(args).index = index;
        return { errors: layout.progressive ? [wrong, 'BranchLength'] : [wrong] };
      },
      'aliased index': (args, r) => {
        proofOf(args).index += 1n << BigInt(40 + r.below(24));
        return { errors: ['ValidatorIndexOutOfRange'] };
      },
      'other validator': (args, r) => {
        const index = r.below(count);
        if (BigInt(index) === proofOf(args).index) return undefined;
        const stranger = makeValidatorProof(state, index);
        if (r.next() < 0.5) proofOf(args).fields = stranger.fields;
        else proofOf(args).branch = stranger.branch;
        return { errors: layout.progressive ? [wrong, 'BranchLength'] : [wrong] };
      },
      'validator of another pool': (args, r) => {
        proofOf(args).fields = makeValidatorProof(foreign.state, r.below(333)).fields;
        return { errors: [wrong] };
      },
      'dirty field': dirtyMember(
        (args) => proofOf(args).fields,
        [
          'effectiveBalance',
          'slashed',
          'activationEligibilityEpoch',
          'activationEpoch',
          'exitEpoch',
          'withdrawableEpoch',
        ],
      ),
      'dirty index': dirtyMember(proofOf, ['index'], 'ValidatorIndexOutOfRange'),
      ...siblingMutators<Args>('branch', (args) => proofOf(args).branch, wrong, 'BranchLength'),
    },
  };
}

/** What the two ways to prove balances have in common. */
function chunkMutators(
  length: number,
  indicesOf: (args: Args) => bigint[],
  chunksOf: (args: Args) => Hex[],
  siblingsOf: (args: Args) => Hex[],
): Record<string, Mutator<Args>> {
  const wrong = 'BalancesProofInvalid';
  return {
    ...siblingMutators<Args>('chunks', chunksOf, wrong, 'ChunkCount'),
    ...siblingMutators<Args>('siblings', siblingsOf, wrong, 'SiblingCount'),
    index: (args, random) => {
      const indices = indicesOf(args);
      const place = random.below(indices.length);
      const index = BigInt(random.below(length));
      // A neighbour in the same chunk is proven by the same chunk: not a mutant but another true claim.
      if (index / 4n === indices[place]! / 4n) return undefined;
      indices[place] = index;
      return { errors: [wrong, 'SiblingCount', 'ChunkCount', 'IndicesNotAscending'] };
    },
    'index beyond the list': (args, random) => {
      const indices = indicesOf(args);
      indices[indices.length - 1] = BigInt(length + random.below(2 ** 32));
      return { errors: ['IndexBeyondList'] };
    },
    'repeated index': (args, random) => {
      const indices = indicesOf(args);
      const place = random.below(indices.length);
      indices.splice(place, 0, indices[place]!);
      return { errors: ['IndicesNotAscending'] };
    },
    'unsorted indices': (args, random) => {
      const indices = indicesOf(args);
      if (indices.length < 2) return undefined;
      const place = random.below(indices.length - 1);
      indices.splice(place, 2, indices[place + 1]!, indices[place]!);
      return { errors: ['IndicesNotAscending'] };
    },
    'no index': (args) => {
      indicesOf(args).length = 0;
      return { errors: ['NoIndices'] };
    },
  };
}

const someIndices = (random: Random, count: number): number[] => random.distinct(1 + random.below(32), count);

export function balancesTarget(state: LoadedState, layout: Layout, foreign: Foreign, random: Random): Target<Args> {
  const length = state.lengthOf(state.layout.balances);
  const proofOf = at<BalancesProof>(3);
  const wrong = 'BalancesProofInvalid';
  const samples = Array.from({ length: 12 }, () => {
    const indices = someIndices(random, length);
    return [state.root, layout, indices.map(BigInt), makeBalancesProof(state, indices)];
  });
  return {
    name: 'balances',
    functionName: 'verifyBalances',
    samples,
    mutators: {
      ...stateMutators(foreign, 'balances', wrong, ['SiblingCount']),
      ...chunkMutators(
        length,
        at(2),
        (args) => proofOf(args).chunks,
        (args) => proofOf(args).siblings,
      ),
      ...siblingMutators<Args>('branch', (args) => proofOf(args).branch, wrong, 'BranchLength'),
      length: (args, r) => {
        const claimed = r.below(2 * length);
        if (claimed === length) return undefined;
        proofOf(args).length = lengthLeaf(claimed);
        return { errors: claimed < length ? [wrong, 'IndexBeyondList'] : [wrong] };
      },
      'aliased index': (args, r) => {
        const indices = at<bigint[]>(2)(args);
        indices[indices.length - 1]! += 1n << BigInt(40 + r.below(16));
        proofOf(args).length = lengthLeaf(1n << 57n);
        return { errors: layout.progressive ? ['SiblingCount', 'ChunkCount'] : ['PositionOutOfRange', 'ChunkCount'] };
      },
      'dirty length': (args, r) => {
        const bit = 1n << BigInt(r.below(192));
        proofOf(args).length = `0x${(BigInt(proofOf(args).length) | bit).toString(16).padStart(64, '0')}`;
        return { errors: ['FieldOutOfRange'] };
      },
    },
  };
}

export function openingTarget(state: LoadedState, layout: Layout, foreign: Foreign): Target<Args> {
  const { opening } = makeOpening(state, [0]);
  const openingOf = at<BalancesOpening>(2);
  const wrong = 'BalancesProofInvalid';
  return {
    name: 'opening',
    functionName: 'openBalances',
    samples: [[state.root, layout, opening]],
    mutators: {
      ...stateMutators(foreign, 'balances', wrong, []),
      top: (args, random) => {
        alterField(openingOf(args), random, ['top']);
        return { errors: [wrong] };
      },
      length: (args, random) => {
        alterField(openingOf(args), random, ['length']);
        return { errors: [wrong, 'IndexBeyondList'] };
      },
      'dirty length': dirtyMember(openingOf, ['length']),
      ...siblingMutators<Args>('branch', (args) => openingOf(args).branch, wrong, 'BranchLength'),
    },
  };
}

export function underTarget(state: LoadedState, layout: Layout, random: Random): Target<Args> {
  const length = state.lengthOf(state.layout.balances);
  const samples = Array.from({ length: 12 }, () => {
    const indices = someIndices(random, length);
    const { opening, chunks, siblings } = makeOpening(state, indices);
    return [opening.top, opening.length, layout.progressive, indices.map(BigInt), chunks, siblings];
  });
  return {
    name: 'balances under an opened top',
    functionName: 'verifyBalancesUnder',
    samples,
    mutators: {
      ...chunkMutators(length, at(3), at(4), at(5)),
      top: (args, r) => {
        (args as unknown[])[0] = r.root();
        return { errors: ['BalancesProofInvalid'] };
      },
    },
  };
}

export function pendingTarget(state: LoadedState, layout: Layout, foreign: Foreign, random: Random): Target<Args> {
  const length = state.lengthOf(state.layout.pendingDeposits!);
  const runOf = at<PendingRun>(2);
  const wrong = 'PendingRunInvalid';
  const samples = Array.from({ length: 12 }, () => {
    const start = random.below(length);
    return [state.root, layout, makePendingRun(state, start, 1 + random.below(length - start))];
  });
  return {
    name: 'pending deposits',
    functionName: 'verifyPendingRun',
    samples,
    mutators: {
      ...stateMutators(foreign, 'pendingDeposits', wrong, ['SiblingCount']),
      item: (args, r) => {
        alterField(r.pick(runOf(args).items), r);
        return { errors: [wrong] };
      },
      'items swapped': (args, r) => {
        const { items } = runOf(args);
        if (items.length < 2) return undefined;
        const [a, b] = r.distinct(2, items.length) as [number, number];
        [items[a], items[b]] = [items[b]!, items[a]!];
        return { errors: [wrong] };
      },
      'item dropped': (args) => {
        const run = runOf(args);
        run.items.pop();
        return { errors: run.items.length === 0 ? ['PendingRunOutOfRange'] : [wrong, 'SiblingCount'] };
      },
      'item added': (args, r) => {
        const { items } = runOf(args);
        items.push(structuredClone(r.pick(items)));
        return { errors: [wrong, 'SiblingCount', 'PendingRunOutOfRange'] };
      },
      start: (args, r) => {
        const run = runOf(args);
        const start = BigInt(r.below(length));
        if (start === run.start) return undefined;
        run.start = start;
        return { errors: [wrong, 'SiblingCount', 'PendingRunOutOfRange'] };
      },
      'start beyond the list': (args, r) => {
        runOf(args).start += 1n << BigInt(6 + r.below(250));
        return { errors: ['PendingRunOutOfRange'] };
      },
      'aliased start': (args, r) => {
        runOf(args).start += 1n << BigInt(27 + r.below(16));
        runOf(args).length = 1n << 57n;
        return { errors: layout.progressive ? [wrong, 'SiblingCount'] : ['PositionOutOfRange'] };
      },
      length: (args, r) => {
        alterField(runOf(args), r, ['length']);
        return { errors: [wrong, 'PendingRunOutOfRange'] };
      },
      'no items': (args) => {
        runOf(args).items = [];
        return { errors: ['PendingRunOutOfRange'] };
      },
      'no items of a list said to be empty': (args) => {
        (args as unknown[])[2] = { ...runOf(args), items: [], start: 0n, length: 0n, siblings: [] };
        return { errors: [wrong] };
      },
      'dirty item': dirtyMember((args) => runOf(args).items[0]!, ['amount', 'slot']),
      'dirty length': dirtyMember(runOf, ['length']),
      ...siblingMutators<Args>('siblings', (args) => runOf(args).siblings, wrong, 'SiblingCount'),
      ...siblingMutators<Args>('branch', (args) => runOf(args).branch, wrong, 'BranchLength'),
    },
  };
}

export function withdrawalTarget(
  state: LoadedState,
  paid: readonly Withdrawal[],
  layout: Layout,
  foreign: Foreign,
): Target<Args> {
  const proofOf = at<WithdrawalProof>(2);
  const wrong = 'WithdrawalProofInvalid';
  const mayMove = layout.progressive ? [wrong, 'BranchLength'] : [wrong];
  return {
    name: 'withdrawal',
    functionName: 'verifyWithdrawal',
    samples: paid.map((_, position) => [state.root, layout, makeWithdrawalProof(state, paid, position)]),
    mutators: {
      ...stateMutators(foreign, 'withdrawals', wrong, []),
      field: (args, random) => {
        alterField(proofOf(args), random, ['index', 'validatorIndex', 'amount']);
        return { errors: [wrong] };
      },
      recipient: (args, random) => {
        proofOf(args).recipient = random.root().slice(0, 42) as Hex;
        return { errors: [wrong] };
      },
      position: (args, random) => {
        const position = BigInt(random.below(random.next() < 0.5 ? 4 : 2 ** 32));
        if (position === proofOf(args).position) return undefined;
        proofOf(args).position = position;
        return { errors: mayMove };
      },
      'dirty field': dirtyMember(proofOf, ['index', 'validatorIndex', 'amount', 'position']),
      'dirty recipient': (args) => {
        const twin = structuredClone(args);
        proofOf(twin).recipient = `0x${(BigInt(proofOf(args).recipient) ^ 1n).toString(16).padStart(40, '0')}`;
        return { errors: ['FieldOutOfRange'], dirty: { twin, bits: 160 } };
      },
      ...siblingMutators<Args>('branch', (args) => proofOf(args).branch, wrong, 'BranchLength'),
    },
  };
}
