// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSZ} from "./SSZ.sol";

/// @title MultiProof
/// @notice Many leaves of one Merkle tree proven with the siblings that they do not already share.
/// @dev The canonical multi-proof. Leaves stand at strictly ascending positions in a tree of fixed `depth`. Level by level
///      from the leaves up, walk the nodes left to right: where node i is even and node i + 1 is its sibling, hash the
///      two; otherwise take the next sibling from the proof, on the right of an even node, on the left of an odd one.
///      After `depth` levels one node is left, the root, and every sibling is used up.
///
///      In a `ProgressiveList` (EIP-7916) the data tree is a spine of subtrees with 1, 4, 16, … leaves:
///      node(s) = sha256(subtree(s) ‖ node(s + 1)). Each touched subtree, ascending, takes its siblings as above; then
///      come node(t + 1) for the last touched subtree t and, from t - 1 down to 0, the roots of the untouched ones.
///
///      Why it is safe: position and depth fix the path of every leaf, the root fixes every node on it, and a leaf or
///      sibling other than the tree's own would need a sha256 collision. The order of siblings is fixed, so a proof has
///      one encoding.
library MultiProof {
    /// @notice The proof holds more or fewer siblings than its leaves need.
    /// @dev Why: spare siblings would give one proof many encodings; missing ones would read foreign calldata.
    ///      How to fix: give the siblings in the canonical order, none more.
    error SiblingCount(uint256 actual, uint256 expected);

    /// @notice A leaf's position lies outside the tree.
    /// @dev Why: its low bits would alias another leaf. How to fix: prove positions below 2^depth.
    error PositionOutOfRange(uint256 position, uint256 depth);

    /// @notice Leaves in memory on their way up: `nodes` and `positions` are addresses of `count` words each, and
    ///         `positions` owns one word more, for a sentinel.
    struct Nodes {
        uint256 nodes;
        uint256 positions;
        uint256 count;
    }

    /// @notice Memory for up to `capacity` leaves.
    function allocate(uint256 capacity) internal pure returns (Nodes memory n) {
        uint256 ptr;
        // Memory-safe: takes 64 · capacity + 32 bytes from the free memory pointer. No overflow: callers pass an array's
        // length, which calldata or memory already held.
        assembly ("memory-safe") {
            ptr := mload(0x40)
            mstore(0x40, add(ptr, add(shl(6, capacity), 0x20)))
        }
        unchecked {
            n.nodes = ptr;
            n.positions = ptr + (capacity << 5);
        }
    }

    /// @notice The root of a tree of fixed `depth` over at least one leaf at strictly ascending positions.
    function root(Nodes memory n, uint256 depth, bytes32[] calldata siblings) internal view returns (bytes32 result) {
        uint256 last = _position(n, n.count - 1);
        if (last >> depth != 0) revert PositionOutOfRange(last, depth);
        uint256 cursor = _offset(siblings);
        (result, cursor) = _fold(n.nodes, n.positions, n.count, depth, cursor);
        _requireAllUsed(siblings, cursor);
    }

    /// @notice The root of a progressive data tree over at least one leaf at strictly ascending positions.
    function progressiveRoot(Nodes memory n, bytes32[] calldata siblings) internal view returns (bytes32 result) {
        uint256 cursor = _offset(siblings);
        uint256 subtree;
        uint256 touched;
        uint256 done;
        (subtree, touched, done, cursor) = _foldSubtrees(n, cursor);
        // `n.nodes[k]` now holds the root of the k-th touched subtree; walk the spine from the last one to the head.
        (result, cursor) = _take(cursor);
        unchecked {
            // No underflow: `touched` has a bit for each of the `done` roots, and its highest bit is `subtree`.
            for (uint256 s = subtree + 1; s > 0; --s) {
                bytes32 left;
                if ((touched >> (s - 1)) & 1 == 1) left = _node(n, --done);
                else (left, cursor) = _take(cursor);
                result = SSZ.hashPair(left, result);
            }
        }
        _requireAllUsed(siblings, cursor);
    }

    /// @notice The subtree of a progressive data tree that holds `position`, and the leaf's place in it.
    function progressivePosition(uint256 position) internal pure returns (uint256 subtree, uint256 within) {
        uint256 size = 1;
        within = position;
        unchecked {
            // No underflow: the loop runs only while `within` is at least `size`.
            while (within >= size) {
                within -= size;
                size <<= 2;
                ++subtree;
            }
        }
    }

    /// @dev Folds the leaves of each touched subtree to its root and packs the roots at the head of `n.nodes`.
    /// @return subtree The last touched subtree.
    /// @return touched A bit for each touched subtree.
    /// @return done How many there are.
    /// @return next The place of the next sibling in calldata.
    function _foldSubtrees(Nodes memory n, uint256 cursor)
        private
        view
        returns (uint256 subtree, uint256 touched, uint256 done, uint256 next)
    {
        next = cursor;
        uint256 base; // position of the subtree's first leaf
        uint256 size = 1;
        uint256 from; // first leaf not yet folded
        unchecked {
            // No overflow: positions are below 2^64, so `subtree` stays below 33 and `base + size` below 2^67.
            while (true) {
                uint256 to = from;
                while (to < n.count && _position(n, to) < base + size) _rebase(n, to++, base);
                if (to != from) {
                    // The sentinel of the fold falls on the next subtree's first position: keep it.
                    uint256 kept = to < n.count ? _position(n, to) : 0;
                    bytes32 folded;
                    (folded, next) = _fold(n.nodes + (from << 5), n.positions + (from << 5), to - from, subtree << 1, next);
                    _store(n.nodes + (done++ << 5), uint256(folded));
                    if (to < n.count) _store(n.positions + (to << 5), kept);
                    touched |= 1 << subtree;
                    from = to;
                    if (from == n.count) return (subtree, touched, done, next);
                }
                base += size;
                size <<= 2;
                ++subtree;
            }
        }
    }

    /// @dev The inner loop: `count` leaves at `nodes`, their positions at `positions`, `depth` levels up.
    ///      Gas matters here: about 290 a hash, of which 184 are the precompile's.
    function _fold(uint256 nodes, uint256 positions, uint256 count, uint256 depth, uint256 cursor)
        private
        view
        returns (bytes32 result, uint256 next)
    {
        bool ok;
        // Memory-safe: writes the scratch space, the `count` words at `nodes` and the `count + 1` words at `positions`,
        // all of which the caller owns. Reading calldata past its end yields zeros; `_requireAllUsed` refuses the proof.
        // Outputs never overtake inputs: a level has at most as many nodes as the one below.
        assembly ("memory-safe") {
            ok := 1
            let delta := sub(positions, nodes)
            for {} gt(count, 1) {} {
                // More than one node at the root's level cannot be: positions are distinct and below 2^depth.
                let end := add(nodes, shl(5, count))
                mstore(add(end, delta), not(0)) // sentinel: the sibling of no position
                let out := nodes
                for { let n := nodes } lt(n, end) {} {
                    let ptr := add(n, delta)
                    let position := mload(ptr)
                    mstore(add(out, delta), shr(1, position))
                    // The next position is this one's sibling only if this one is even, since positions ascend.
                    switch eq(mload(add(ptr, 0x20)), xor(position, 1))
                    case 1 {
                        ok := and(ok, staticcall(gas(), 0x02, n, 0x40, out, 0x20))
                        n := add(n, 0x40)
                    }
                    default {
                        let side := shl(5, and(position, 1))
                        mstore(side, mload(n))
                        mstore(xor(side, 0x20), calldataload(cursor))
                        cursor := add(cursor, 0x20)
                        ok := and(ok, staticcall(gas(), 0x02, 0x00, 0x40, out, 0x20))
                        n := add(n, 0x20)
                    }
                    out := add(out, 0x20)
                }
                count := shr(5, sub(out, nodes))
                depth := sub(depth, 1)
            }
            // One node left: an ordinary branch.
            let path := mload(positions)
            let side := shl(5, and(path, 1))
            mstore(side, mload(nodes))
            for {} depth { depth := sub(depth, 1) } {
                mstore(xor(side, 0x20), calldataload(cursor))
                cursor := add(cursor, 0x20)
                path := shr(1, path)
                side := shl(5, and(path, 1))
                ok := and(ok, staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
            }
            result := mload(side)
            next := cursor
        }
        if (!ok) revert SSZ.Sha256Failed();
    }

    function _requireAllUsed(bytes32[] calldata siblings, uint256 cursor) private pure {
        unchecked {
            // No underflow: the cursor starts at the array's offset and only grows.
            uint256 used = (cursor - _offset(siblings)) >> 5;
            if (used != siblings.length) revert SiblingCount(siblings.length, used);
        }
    }

    /// @dev Calldata past the end reads as zero; `_requireAllUsed` refuses such a proof.
    function _take(uint256 cursor) private pure returns (bytes32 sibling, uint256 next) {
        assembly ("memory-safe") {
            sibling := calldataload(cursor)
            next := add(cursor, 0x20)
        }
    }

    function _offset(bytes32[] calldata siblings) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := siblings.offset
        }
    }

    function _position(Nodes memory n, uint256 i) private pure returns (uint256) {
        unchecked {
            return _load(n.positions + (i << 5));
        }
    }

    function _node(Nodes memory n, uint256 i) private pure returns (bytes32) {
        unchecked {
            return bytes32(_load(n.nodes + (i << 5)));
        }
    }

    function _rebase(Nodes memory n, uint256 i, uint256 base) private pure {
        unchecked {
            _store(n.positions + (i << 5), _position(n, i) - base);
        }
    }

    function _load(uint256 ptr) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(ptr)
        }
    }

    /// @dev Memory-safe by contract: `ptr` lies in the words that `allocate` reserved.
    function _store(uint256 ptr, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(ptr, word)
        }
    }
}
