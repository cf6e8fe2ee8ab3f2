// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice consensus-specs `BeaconBlockHeader`. `stateRoot` is the root of the state after the block of `slot`.
struct BeaconBlockHeader {
    uint64 slot;
    uint64 proposerIndex;
    bytes32 parentRoot;
    bytes32 stateRoot;
    bytes32 bodyRoot;
}

/// @notice consensus-specs `Validator`, the pubkey by its root. Amounts in gwei.
/// @dev `pubkeyRoot` = sha256(pubkey ‖ 16 zero bytes) = hash_tree_root(BLSPubkey); see `BeaconProofs.pubkeyRoot`.
struct Validator {
    bytes32 pubkeyRoot;
    bytes32 withdrawalCredentials;
    uint64 effectiveBalance;
    bool slashed;
    uint64 activationEligibilityEpoch;
    uint64 activationEpoch;
    uint64 exitEpoch;
    uint64 withdrawableEpoch;
}

/// @notice consensus-specs `PendingDeposit` (Electra, EIP-7251), pubkey and signature by their roots. `amount` in gwei.
struct PendingDeposit {
    bytes32 pubkeyRoot;
    bytes32 withdrawalCredentials;
    uint64 amount;
    bytes32 signatureRoot;
    uint64 slot;
}

/// @notice Where the fields that Holdfast proves stand in the `BeaconState` of one fork: generalized indices
///         (consensus-specs `ssz/merkle-proofs.md`) of the field roots. One storage word.
/// @dev `genesis` is the generalized index of `genesis_validators_root`, the known witness: when a fork moves the
///      layout, the proof of the witness fails instead of letting another field be read.
///      `withdrawals` is the root of the list of withdrawals of the state's own block: until Fulu
///      `latest_execution_payload_header.withdrawals_root`, from Gloas on `payload_expected_withdrawals`;
///      `withdrawalsDepth` = log2 of MAX_WITHDRAWALS_PER_PAYLOAD (4 on mainnet, 2 in the minimal preset).
///      `progressive`: `validators`, `balances` and `pending_deposits` are `ProgressiveList`s (EIP-7916, Gloas on).
struct Layout {
    uint64 fromSlot;
    uint24 validators;
    uint24 balances;
    uint24 pendingDeposits;
    uint24 blockRoots;
    uint24 historicalSummaries;
    uint24 genesis;
    uint24 withdrawals;
    uint8 withdrawalsDepth;
    bool progressive;
}

/// @notice The way from an EIP-4788 root to a state root.
/// @dev `header` is the header whose root EIP-4788 returns for `timestamp`; `witness` is the branch from
///      `genesis_validators_root` up to `header.stateRoot`, leaf side first.
struct StateProof {
    uint64 timestamp;
    BeaconBlockHeader header;
    bytes32[] witness;
}

/// @notice The way from a state back to an older header.
/// @dev `historical` false: through `block_roots[header.slot % N]`. True: through
///      `historical_summaries[summary].block_summary_root[header.slot % N]`. `branch` leads from the header's root to
///      the state root, leaf side first. `summary` must be 0 when `historical` is false.
struct Hop {
    BeaconBlockHeader header;
    bytes32[] branch;
    uint32 summary;
    bool historical;
}

/// @notice One validator's record. `branch` leads from hash_tree_root(validator) to the state root, leaf side first.
struct ValidatorProof {
    uint64 index;
    Validator fields;
    bytes32[] branch;
}

/// @notice Some of the state's balances in one multi-proof (see `MultiProof`).
/// @dev `chunks`: the distinct 32-byte leaves that hold the wanted balances (four little-endian uint64 each,
///      ascending); `length`: the list's mixed-in length as the leaf it is; `branch`: from the list's root to the state
///      root.
struct BalancesProof {
    bytes32[] chunks;
    bytes32[] siblings;
    bytes32 length;
    bytes32[] branch;
}

/// @notice The balances list opened once, so that later batches need neither a branch nor the empty part of the tree.
/// @dev `top` is the root of the smallest full subtree that holds all of the list's chunks (depth ceil(log2(chunks)));
///      for a progressive list it is the root of the data tree. `branch` leads from the list's root to the state root.
struct BalancesOpening {
    bytes32 top;
    uint64 length;
    bytes32[] branch;
}

/// @notice Consecutive pending deposits, from position `start` on, in one multi-proof.
/// @dev An empty list is proven by no items, `start` 0, `length` 0 and no siblings. `branch`: list root to state root.
struct PendingRun {
    PendingDeposit[] items;
    uint256 start;
    bytes32[] siblings;
    uint64 length;
    bytes32[] branch;
}

/// @notice One withdrawal of the block whose state is proven (consensus-specs `Withdrawal`). `amount` in gwei; `branch`
///         leads from hash_tree_root(withdrawal) at `position` to the state root, leaf side first.
struct WithdrawalProof {
    uint64 index;
    uint64 validatorIndex;
    address recipient;
    uint64 amount;
    uint64 position;
    bytes32[] branch;
}
