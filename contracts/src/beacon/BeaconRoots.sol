// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BeaconBlockHeader, PendingDeposit, Validator, WithdrawalProof} from "./BeaconTypes.sol";
import {SSZ} from "./SSZ.sol";

/// @title BeaconRoots
/// @notice hash_tree_root of the containers that proofs present.
/// @dev Fields are copied raw from calldata and checked here: solc's own range checks would revert without an error.
library BeaconRoots {
    /// @notice A pubkey is 48 bytes long. Why: BLS12-381 G1, compressed. How to fix: give the whole key, nothing else.
    error PubkeyLength(uint256 actual);

    /// @notice hash_tree_root of a `BeaconBlockHeader`.
    function headerRoot(BeaconBlockHeader calldata header) internal view returns (bytes32) {
        uint256 slot;
        uint256 proposer;
        uint256 ptr;
        // Memory-safe: 160 bytes past the free memory pointer, used before anything else is allocated.
        assembly ("memory-safe") {
            slot := calldataload(header)
            proposer := calldataload(add(header, 0x20))
            ptr := mload(0x40)
            calldatacopy(add(ptr, 0x40), add(header, 0x40), 0x60)
        }
        SSZ.requireUint64(slot | proposer);
        _put(ptr, SSZ.le64(slot));
        _put(ptr + 0x20, SSZ.le64(proposer));
        return SSZ.rootOfFive(ptr);
    }

    /// @notice hash_tree_root of a `Validator`.
    function validatorRoot(Validator calldata fields) internal view returns (bytes32) {
        uint256 ptr;
        uint256 wide; // all uint64 fields, OR-ed
        uint256 slashed;
        // Memory-safe: 256 bytes past the free memory pointer, used before anything else is allocated.
        assembly ("memory-safe") {
            ptr := mload(0x40)
            calldatacopy(ptr, fields, 0x100)
            slashed := mload(add(ptr, 0x60))
            wide := or(or(mload(add(ptr, 0x40)), mload(add(ptr, 0x80))), mload(add(ptr, 0xa0)))
            wide := or(wide, or(mload(add(ptr, 0xc0)), mload(add(ptr, 0xe0))))
        }
        SSZ.requireUint64(wide);
        if (slashed > 1) revert SSZ.FieldOutOfRange(slashed);
        _put(ptr + 0x60, bytes32(slashed << 248));
        _swap(ptr + 0x40);
        for (uint256 k = 0x80; k < 0x100; k += 0x20) _swap(ptr + k);
        return SSZ.rootOfEight(ptr);
    }

    /// @notice hash_tree_root of a `PendingDeposit`.
    function pendingDepositRoot(PendingDeposit calldata deposit) internal view returns (bytes32) {
        uint256 ptr;
        uint256 wide;
        // Memory-safe: 160 bytes past the free memory pointer, used before anything else is allocated.
        assembly ("memory-safe") {
            ptr := mload(0x40)
            calldatacopy(ptr, deposit, 0xa0)
            wide := or(mload(add(ptr, 0x40)), mload(add(ptr, 0x80)))
        }
        SSZ.requireUint64(wide);
        _swap(ptr + 0x40);
        _swap(ptr + 0x80);
        return SSZ.rootOfFive(ptr);
    }

    /// @notice hash_tree_root of the `Withdrawal` (Capella) of a proof; its `position` is checked with the fields.
    function withdrawalRoot(WithdrawalProof calldata p) internal view returns (bytes32) {
        uint256 wide;
        uint256 recipient;
        // Reads the head of the struct raw, to refuse what solc would refuse without an error.
        assembly ("memory-safe") {
            recipient := calldataload(add(p, 0x40))
            wide := or(or(calldataload(p), calldataload(add(p, 0x20))), calldataload(add(p, 0x60)))
            wide := or(wide, calldataload(add(p, 0x80)))
        }
        SSZ.requireUint64(wide);
        if (recipient >> 160 != 0) revert SSZ.FieldOutOfRange(recipient);
        return SSZ.hashPair(
            SSZ.hashPair(SSZ.le64(p.index), SSZ.le64(p.validatorIndex)),
            SSZ.hashPair(bytes32(recipient << 96), SSZ.le64(p.amount))
        );
    }

    /// @notice hash_tree_root of a BLS pubkey: sha256(pubkey ‖ 16 zero bytes).
    function pubkeyRoot(bytes calldata pubkey) internal view returns (bytes32) {
        if (pubkey.length != 48) revert PubkeyLength(pubkey.length);
        return SSZ.hashPair(bytes32(pubkey[:32]), bytes32(bytes16(pubkey[32:])));
    }

    /// @dev Replaces the uint64 at memory `ptr` by its leaf. The callers own the word.
    function _swap(uint256 ptr) private pure {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(ptr)
        }
        _put(ptr, SSZ.le64(word));
    }

    /// @dev Memory-safe by contract: the callers own the word at `ptr`.
    function _put(uint256 ptr, bytes32 word) private pure {
        assembly ("memory-safe") {
            mstore(ptr, word)
        }
    }
}
