// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSZ} from "./SSZ.sol";

/// @title MultiProof
/// @notice Many leaves of one Merkle tree proven with the siblings that they do not already share.
/// @dev The canonical multi-proof. Leaves stand at strictly ascending positions in a tree of fixed `depth`. Level by
///      level from the leaves up, walk the nodes left to right: where node i is even and node i + 1 is its sibling,
///      hash the two; otherwise take the next sibling from the proof, on the right of an even node, on the left of an
///      odd one. After `depth` levels one node is left, the root, and every sibling is used up.
///
///      In a `ProgressiveList` (EIP-7916) the data tree is a spine of subtrees with 1, 4, 16, … leaves:
///      node(s) = sha256(subtree(s) ‖ node(s + 1)). Each touched subtree, ascending, takes its siblings as above; then
///      come node(t + 1) for the last touched subtree t and, from t - 1 down to 0, the roots of the untouched ones.
///
///      Why it is safe: position and depth fix the path of every leaf, the root fixes every node on it, and a leaf or
///      sibling other than the tree's own would need a sha256 collision. The order of siblings is fixed, so a proof has
///      one encoding.
///
///      The inner loops do not check that the sha256 precompile succeeded, because they cannot go on where it did not.
///      It fails only for want of gas: it was given all but 1/64 of what was left (EIP-150), needs 84, and keeps all
///      that it was given. So at most 84 were left, the caller keeps 1, and its next instruction runs out of gas.
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
        // Memory-safe: takes 64 · capacity + 32 bytes from the free memory pointer. No overflow: callers pass an
        // array's length, which calldata or memory already held.
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
                    uint256 skip = from << 5;
                    (folded, next) = _fold(n.nodes + skip, n.positions + skip, to - from, subtree << 1, next);
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

    /// @dev `count` leaves at `nodes`, their positions at `positions`, `depth` levels up to one node.
    ///      Gas is the point of the three parts: as long as no two nodes meet, each climbs alone in a tight loop; then
    ///      level by level; then the last one climbs alone again. The order of the siblings is the canonical one.
    function _fold(uint256 nodes, uint256 positions, uint256 count, uint256 depth, uint256 cursor)
        private
        view
        returns (bytes32 result, uint256 next)
    {
        unchecked {
            // No underflow: distinct positions below 2^depth meet, all of them, within `depth` levels, and the first
            // two not before `alone`.
            if (count > 1) {
                uint256 alone = _levelsAlone(positions, count);
                // For a single level the loop costs more than it saves.
                if (alone > 1) {
                    cursor = _climb(nodes, positions, count, alone, cursor);
                    depth -= alone;
                }
            }
            while (count > 1) {
                (count, cursor) = _level(nodes, positions, count, cursor);
                --depth;
            }
        }
        next = _climb(nodes, positions, 1, depth, cursor);
        result = bytes32(_load(nodes));
    }

    /// @dev How many levels up the first two of at least two nodes become siblings: the least floor(log2(p XOR q)) of
    ///      neighbours, which is that of the least p XOR q.
    function _levelsAlone(uint256 positions, uint256 count) private pure returns (uint256 levels) {
        uint256 least = type(uint256).max;
        // Memory-safe: reads the `count` words at `positions`.
        assembly ("memory-safe") {
            let previous := mload(positions)
            let end := add(positions, shl(5, count))
            for { let p := add(positions, 0x20) } lt(p, end) { p := add(p, 0x20) } {
                let position := mload(p)
                previous := xor(previous, position)
                if lt(previous, least) { least := previous }
                previous := position
            }
        }
        return SSZ.depthOf(least);
    }

    /// @dev Takes each of `count` nodes `levels` up, none of which meets another on the way. Every level then has
    ///      `count` siblings, so those of one node lie `count` words apart.
    function _climb(uint256 nodes, uint256 positions, uint256 count, uint256 levels, uint256 cursor)
        private
        view
        returns (uint256 next)
    {
        // Memory-safe: writes the scratch space 0x00–0x3f and the `count` words at `nodes` and at `positions`. `side`
        // is the half in which the node stands (0x00 for a left child, 0x20 for a right one): bit 5 of `path`. The
        // precompile writes each level's node to its half of the next level. Four levels a turn, then the rest.
        // Unchecked calls: see the head of this file.
        assembly ("memory-safe") {
            let stride := shl(5, count)
            let fours := mul(stride, and(levels, not(3)))
            let span := mul(stride, levels)
            for { let k := 0 } lt(k, stride) { k := add(k, 0x20) } {
                let path := mload(add(positions, k))
                mstore(add(positions, k), shr(levels, path))
                path := shl(5, path)
                let side := and(path, 0x20)
                mstore(side, mload(add(nodes, k)))
                let from := add(cursor, k)
                let end := add(from, fours)
                for {} lt(from, end) {} {
                    mstore(xor(side, 0x20), calldataload(from))
                    from := add(from, stride)
                    path := shr(1, path)
                    side := and(path, 0x20)
                    pop(staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
                    mstore(xor(side, 0x20), calldataload(from))
                    from := add(from, stride)
                    path := shr(1, path)
                    side := and(path, 0x20)
                    pop(staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
                    mstore(xor(side, 0x20), calldataload(from))
                    from := add(from, stride)
                    path := shr(1, path)
                    side := and(path, 0x20)
                    pop(staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
                    mstore(xor(side, 0x20), calldataload(from))
                    from := add(from, stride)
                    path := shr(1, path)
                    side := and(path, 0x20)
                    pop(staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
                }
                end := add(add(cursor, k), span)
                for {} lt(from, end) {} {
                    mstore(xor(side, 0x20), calldataload(from))
                    from := add(from, stride)
                    path := shr(1, path)
                    side := and(path, 0x20)
                    pop(staticcall(gas(), 0x02, 0x00, 0x40, side, 0x20))
                }
                mstore(add(nodes, k), mload(side))
            }
            next := add(cursor, span)
        }
    }

    /// @dev Takes at least two nodes one level up; siblings meet.
    function _level(uint256 nodes, uint256 positions, uint256 count, uint256 cursor)
        private
        view
        returns (uint256 left, uint256 next)
    {
        // Memory-safe: writes the scratch space, the `count` words at `nodes` and the `count + 1` words at `positions`.
        // Outputs never overtake inputs: a level has at most as many nodes as the one below. Unchecked calls: as above.
        assembly ("memory-safe") {
            let delta := sub(positions, nodes)
            let end := add(nodes, shl(5, count))
            mstore(add(end, delta), not(0)) // sentinel: the sibling of no position
            let out := nodes
            for {} lt(nodes, end) {} {
                let position := mload(add(nodes, delta))
                mstore(add(out, delta), shr(1, position))
                // The next position is this one's sibling only if this one is even, since positions ascend.
                if eq(mload(add(add(nodes, delta), 0x20)), xor(position, 1)) {
                    pop(staticcall(gas(), 0x02, nodes, 0x40, out, 0x20))
                    nodes := add(nodes, 0x40)
                    out := add(out, 0x20)
                    continue
                }
                let side := shl(5, and(position, 1))
                mstore(side, mload(nodes))
                mstore(xor(side, 0x20), calldataload(cursor))
                cursor := add(cursor, 0x20)
                pop(staticcall(gas(), 0x02, 0x00, 0x40, out, 0x20))
                nodes := add(nodes, 0x20)
                out := add(out, 0x20)
            }
            left := shr(5, sub(add(out, delta), positions))
            next := cursor
        }
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
