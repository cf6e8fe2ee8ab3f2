// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title SSZ
/// @notice The few pieces of consensus-specs `ssz/simple-serialize.md` that proofs need: leaves, trees, branches.
/// @dev All hashing goes to the sha256 precompile (0x02) straight from scratch memory: `sha256(abi.encodePacked(..))`
///      would allocate and copy for every pair. Every `ok` below gathers the precompile's success: it fails only when
///      the caller ran short of gas, and a stale word must then never be taken for a hash.
library SSZ {
    /// @notice The sha256 precompile did not answer.
    /// @dev Why: the transaction was given too little gas. How to fix: send it with a higher gas limit.
    error Sha256Failed();

    /// @notice A value does not fit the SSZ type of its field.
    /// @dev Why: bits beyond a uint64, or a boolean that is neither 0 nor 1, would be silently dropped and make one
    ///      proof pass under two encodings. How to fix: encode the field as it stands in the state.
    error FieldOutOfRange(uint256 value);

    /// @notice The branch is longer or shorter than the path that it has to cover.
    /// @dev Why: a proof of the wrong depth could present an inner node as a leaf.
    ///      How to fix: build the branch for the fork of the proven state.
    error BranchLength(uint256 actual, uint256 expected);

    /// @dev sha256 of 64 zero bytes: the parent of two empty leaves.
    bytes32 internal constant ZERO_PAIR = 0xf5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b;

    /// @notice sha256(left ‖ right).
    function hashPair(bytes32 left, bytes32 right) internal view returns (bytes32 result) {
        bool ok;
        // Memory-safe: bytes 0x00–0x3f are Solidity's scratch space.
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            ok := staticcall(gas(), 0x02, 0x00, 0x40, 0x00, 0x20)
            result := mload(0x00)
        }
        if (!ok) revert Sha256Failed();
    }

    /// @notice A uint64 as a leaf: little-endian in the first eight bytes. `value` must be below 2^64.
    function le64(uint256 value) internal pure returns (bytes32) {
        return bytes32(swap64(value) << 192);
    }

    /// @notice The eight low bytes of `value` in reverse order; higher bits must be clear.
    function swap64(uint256 value) internal pure returns (uint256 v) {
        v = ((value & 0xff00ff00ff00ff00) >> 8) | ((value & 0x00ff00ff00ff00ff) << 8);
        v = ((v & 0xffff0000ffff0000) >> 16) | ((v & 0x0000ffff0000ffff) << 16);
        v = (v >> 32) | ((v & 0xffffffff) << 32);
    }

    /// @notice Reverts unless `word` fits a uint64. Give it the bitwise OR of several to check them at once.
    function requireUint64(uint256 word) internal pure {
        if (word >> 64 != 0) revert FieldOutOfRange(word);
    }

    /// @notice floor(log2(value)), 0 for 0, by halving. CLZ (EIP-7939) would be one opcode, but only since Osaka.
    function log2(uint256 value) internal pure returns (uint256 result) {
        assembly ("memory-safe") {
            result := shl(7, lt(0xffffffffffffffffffffffffffffffff, value))
            result := or(result, shl(6, lt(0xffffffffffffffff, shr(result, value))))
            result := or(result, shl(5, lt(0xffffffff, shr(result, value))))
            result := or(result, shl(4, lt(0xffff, shr(result, value))))
            result := or(result, shl(3, lt(0xff, shr(result, value))))
            result := or(result, shl(2, lt(0xf, shr(result, value))))
            result := or(result, shl(1, lt(0x3, shr(result, value))))
            result := or(result, lt(0x1, shr(result, value)))
        }
    }

    /// @notice The depth of a generalized index: floor(log2(gindex)). `gindex` must not be 0.
    function depthOf(uint256 gindex) internal pure returns (uint256 depth) {
        // A binary search without branches: each comparison gives the next bit of the depth. Memory-safe: touches none.
        assembly ("memory-safe") {
            depth := shl(7, gt(gindex, 0xffffffffffffffffffffffffffffffff))
            depth := or(depth, shl(6, gt(shr(depth, gindex), 0xffffffffffffffff)))
            depth := or(depth, shl(5, gt(shr(depth, gindex), 0xffffffff)))
            depth := or(depth, shl(4, gt(shr(depth, gindex), 0xffff)))
            depth := or(depth, shl(3, gt(shr(depth, gindex), 0xff)))
            depth := or(depth, shl(2, gt(shr(depth, gindex), 0xf)))
            depth := or(depth, shl(1, gt(shr(depth, gindex), 0x3)))
            depth := or(depth, gt(shr(depth, gindex), 0x1))
        }
    }

    /// @notice The root that `leaf` at `gindex` and its `branch` (leaf side first) lead to.
    /// @dev consensus-specs `calculate_merkle_root`. Reverts with `BranchLength` unless the branch is exactly as long
    ///      as the index is deep.
    function rootFromBranch(bytes32 leaf, uint256 gindex, bytes32[] calldata branch)
        internal
        view
        returns (bytes32 root)
    {
        uint256 depth = depthOf(gindex);
        if (branch.length != depth) revert BranchLength(branch.length, depth);
        bool ok;
        // Memory-safe: only the scratch space 0x00–0x3f is written. The node of each level is written by the precompile
        // to the half that it takes in the next level (`side`: 0x00 for a left child, 0x20 for a right one).
        assembly ("memory-safe") {
            let cursor := branch.offset
            let end := add(cursor, shl(5, branch.length))
            let side := shl(5, and(gindex, 1))
            mstore(side, leaf)
            ok := 1
            for {} lt(cursor, end) { cursor := add(cursor, 0x20) } {
                mstore(xor(side, 0x20), calldataload(cursor))
                gindex := shr(1, gindex)
                side := shl(5, and(gindex, 1))
                ok := and(ok, staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
            }
            root := mload(side)
        }
        if (!ok) revert Sha256Failed();
    }

    /// @notice The root of eight leaves that lie one after the other at memory `leaves`; they are overwritten.
    function rootOfEight(uint256 leaves) internal view returns (bytes32 root) {
        bool ok;
        // Memory-safe by contract: the caller gives 256 bytes of memory that nothing else uses. Each level is hashed in
        // place: output k never lies behind input k, which the precompile has read before it writes.
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x02, leaves, 0x40, leaves, 0x20)
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0x40), 0x40, add(leaves, 0x20), 0x20))
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0x80), 0x40, add(leaves, 0x40), 0x20))
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0xc0), 0x40, add(leaves, 0x60), 0x20))
            ok := and(ok, staticcall(gas(), 0x02, leaves, 0x40, leaves, 0x20))
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0x40), 0x40, add(leaves, 0x20), 0x20))
            ok := and(ok, staticcall(gas(), 0x02, leaves, 0x40, leaves, 0x20))
            root := mload(leaves)
        }
        if (!ok) revert Sha256Failed();
    }

    /// @notice The root of a container of five fields whose leaves lie one after the other at memory `leaves`.
    /// @dev Leaves six to eight are empty; `leaves` must own 192 bytes, of which the last 32 are cleared here.
    function rootOfFive(uint256 leaves) internal view returns (bytes32 root) {
        bool ok;
        // Memory-safe by contract: the caller gives 192 bytes that nothing else uses; hashed in place as above.
        assembly ("memory-safe") {
            mstore(add(leaves, 0xa0), 0)
            ok := staticcall(gas(), 0x02, leaves, 0x40, leaves, 0x20)
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0x40), 0x40, add(leaves, 0x20), 0x20))
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0x80), 0x40, add(leaves, 0x40), 0x20))
            mstore(add(leaves, 0x60), ZERO_PAIR)
            ok := and(ok, staticcall(gas(), 0x02, leaves, 0x40, leaves, 0x20))
            ok := and(ok, staticcall(gas(), 0x02, add(leaves, 0x40), 0x40, add(leaves, 0x20), 0x20))
            ok := and(ok, staticcall(gas(), 0x02, leaves, 0x40, leaves, 0x20))
            root := mload(leaves)
        }
        if (!ok) revert Sha256Failed();
    }
}
