import { concatGindices, getNode, type Node } from '@chainsafe/persistent-merkle-tree';
import type { CompositeTypeAny } from '@chainsafe/ssz';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { type BeaconBlock, ssz } from '@lodestar/types';
import { BeaconProofError } from '../errors.ts';
import { blockTypeOf, type StateFork } from '../forks.ts';
import { chunkGindex, pathGindex } from '../layout/forkLayout.ts';
import { type LoadedState, requireIndex } from '../state/LoadedState.ts';
import { type Branch, branch, branchOf } from './branch.ts';
import { listLayoutOf } from './list.ts';

/** consensus-specs `Withdrawal` (Capella). */
export interface Withdrawal {
  readonly index: number;
  readonly validatorIndex: number;
  readonly address: Hex;
  /** In gwei. */
  readonly amount: bigint;
}

export interface WithdrawalProof extends Branch {
  readonly position: number;
  readonly withdrawal: Withdrawal;
}

/** Where the withdrawals of a block's payload are, from the block's root. Gloas moved the payload out of the block. */
const PAYLOAD_WITHDRAWALS = ['body', 'executionPayload', 'withdrawals'];

/**
 * Proves the withdrawal at `position` of a block's payload against the block's root (the root that EIP-4788 exposes).
 *
 * @param block the `BeaconBlock` value, as @lodestar/types represents it
 * @throws BeaconProofError when the block has no such withdrawal; from Gloas on use `expectedWithdrawalProof`
 */
export function withdrawalProof(fork: StateFork, block: BeaconBlock, position: number): WithdrawalProof {
  if (fork === 'gloas') {
    throw new BeaconProofError('a block of this fork has no payload', {
      data: { fork },
      fix: 'Prove payload_expected_withdrawals of the state',
    });
  }
  const type = blockTypeOf(fork);
  const { node } = type.toViewDU(block) as { node: Node };
  const list = type.getPathInfo(PAYLOAD_WITHDRAWALS);
  const withdrawals = (list.type as CompositeTypeAny).tree_toValue(getNode(node, list.gindex)) as RawWithdrawal[];
  requireIndex('the withdrawals of the block', position, withdrawals.length);
  const { gindex } = type.getPathInfo([...PAYLOAD_WITHDRAWALS, position]);
  return { position, withdrawal: asWithdrawal(withdrawals[position]!), ...branchOf(node, gindex) };
}

/**
 * Proves `payload_expected_withdrawals[position]` of a state (Gloas on): deducted from the beacon balances, and still to
 * be credited on the execution layer.
 */
export function expectedWithdrawalProof(state: LoadedState, position: number): WithdrawalProof {
  const layout = listLayoutOf(state, 'payloadExpectedWithdrawals');
  requireIndex('payload_expected_withdrawals', position, state.lengthOf(layout));
  const withdrawal = state.value(['payloadExpectedWithdrawals', position]) as RawWithdrawal;
  return { position, withdrawal: asWithdrawal(withdrawal), ...branch(state, chunkGindex(layout, position)) };
}

interface RawWithdrawal {
  readonly index: number;
  readonly validatorIndex: number;
  readonly address: Uint8Array;
  readonly amount: number | bigint;
}

const asWithdrawal = (raw: RawWithdrawal): Withdrawal => ({
  index: raw.index,
  validatorIndex: raw.validatorIndex,
  address: toHex(raw.address),
  amount: BigInt(raw.amount),
});

/**
 * Proves a withdrawal of the state's own block against the state's root: through the payload header's
 * `withdrawals_root` until Fulu, through `payload_expected_withdrawals` from Gloas on.
 *
 * @param payloadWithdrawals the withdrawals of the block's payload, which the state holds the root of; unused from Gloas on
 * @throws BeaconProofError when they are not those that the state commits to
 */
export function stateWithdrawalProof(
  state: LoadedState,
  payloadWithdrawals: readonly Withdrawal[],
  position: number,
): WithdrawalProof {
  if (state.layout.payloadExpectedWithdrawals !== null) return expectedWithdrawalProof(state, position);
  requireIndex('the withdrawals of the payload', position, payloadWithdrawals.length);
  const list = ssz.capella.Withdrawals.toViewDU(
    payloadWithdrawals.map((withdrawal) => ({ ...withdrawal, address: fromHex(withdrawal.address, 20) })),
  );
  const actual = toHex(list.hashTreeRoot());
  const outer = branch(state, pathGindex(state.fork, ['latestExecutionPayloadHeader', 'withdrawalsRoot']));
  if (actual !== outer.leaf) {
    throw new BeaconProofError("these are not the withdrawals of the state's block", {
      data: { slot: state.slot, expected: outer.leaf, actual },
    });
  }
  const inner = branchOf(list.node, ssz.capella.Withdrawals.getPathInfo([position]).gindex);
  return {
    position,
    withdrawal: payloadWithdrawals[position]!,
    leaf: inner.leaf,
    gindex: concatGindices([outer.gindex, inner.gindex]),
    branch: [...inner.branch, ...outer.branch],
  };
}
