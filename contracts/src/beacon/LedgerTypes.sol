// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where a validator stands. Moved only by a proof, but for Predeposited (its operator's own money) and
/// Funded (an act of the pool after the proof).
/// @dev
///   None ──1 ETH of the operator's──▶ Predeposited ──proof: credentials = Vault, live──▶ Proven ──▶ Funded
///                                        └──proof: anything else──▶ Rejected
///   Funded ──proof: exit epoch set──▶ Exiting ──proof: withdrawable, balance 0──▶ Withdrawn
///   Funded, Exiting ──proof: slashed──▶ Slashed ──settlement──▶ Withdrawn
enum Status {
    None,
    Predeposited,
    Proven,
    Rejected,
    Funded,
    Exiting,
    Slashed,
    Withdrawn
}

/// @notice What the pool keeps of one validator: two slots. `hot` fields are written by each checkpoint.
/// @param status see Status
/// @param operatorId who runs it and answers for it
/// @param index its position in the beacon registry, once proven
/// @param balanceGwei its balance at `balanceSlot`, the last checkpoint that counted it
/// @param balanceSlot slot of that checkpoint's state; 0 before the first one
/// @param inFlightGwei a deposit the pool made that no checkpoint has seen land; 0 if none
/// @param depositSlot slot of the block with that deposit
/// @param pubkeyRoot hash_tree_root of its public key
struct Record {
    Status status;
    uint32 operatorId;
    uint40 index;
    uint48 balanceGwei;
    uint40 balanceSlot;
    uint48 inFlightGwei;
    uint32 depositSlot;
    bytes32 pubkeyRoot;
}

/// @notice The one checkpoint in progress (or the last one).
/// @param root the beacon block root that EIP-4788 gave when it started
/// @param stateRoot set once the header behind `root` is shown
/// @param slot P: the slot of that state
/// @param startSlot C: the slot of the execution block in which it started; C > P
/// @param startedAt seconds
/// @param remaining validators not yet counted
/// @param sumGwei balances and deposits in flight counted so far
struct Checkpoint {
    bytes32 root;
    bytes32 stateRoot;
    uint40 slot;
    uint40 startSlot;
    uint40 startedAt;
    uint32 remaining;
    uint64 sumGwei;
    bool open;
}
