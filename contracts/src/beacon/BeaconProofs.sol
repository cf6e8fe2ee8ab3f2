// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    BalancesOpening,
    BalancesProof,
    BeaconBlockHeader,
    Hop,
    Layout,
    PendingDeposit,
    PendingRun,
    StateProof,
    Validator,
    ValidatorProof,
    WithdrawalProof
} from "./BeaconTypes.sol";
import {BeaconAnchors} from "./BeaconAnchors.sol";
import {BeaconRoots} from "./BeaconRoots.sol";
import {ForkLayouts} from "./ForkLayouts.sol";
import {MultiProof} from "./MultiProof.sol";
import {SSZ} from "./SSZ.sol";

/// @title BeaconProofs
/// @notice What the beacon chain says, proven on chain: EIP-4788 root → header → state → field.
/// @dev Stateless. Nothing here trusts its caller: each function returns what the root commits to, or reverts with the
///      error of the first link that does not hold. The way to a state is in `BeaconAnchors`, the fields of a state are
///      here, and the multi-proof of lists is in `MultiProof`.
///
///      A generalized index joins the path to a list's root (from the layout), the step to its data (left of the
///      mixed-in length) and the position inside, so one branch of exactly that depth leads from leaf to state root.
library BeaconProofs {
    /// @notice The validator index is beyond the registry's limit of 2^40.
    /// @dev Why: higher bits would alias another validator. How to fix: give the index from the beacon state.
    error ValidatorIndexOutOfRange(uint256 index);

    /// @notice The validator's record at `index` is not what the state holds.
    /// @dev Why: wrong fields, index, branch or state. How to fix: rebuild the proof from the state of the anchored
    ///      slot.
    error ValidatorProofInvalid(uint256 index);

    /// @notice No validator was named.
    /// @dev Why: a proof of nothing proves no root. How to fix: leave the call out.
    error NoIndices();

    /// @notice The validator indices do not strictly ascend at `position`.
    /// @dev Why: each balance must count once. How to fix: sort the indices and drop duplicates.
    error IndicesNotAscending(uint256 position);

    /// @notice No balance exists at `index`: the list is `length` long.
    /// @dev Why: beyond its length a list reads as zeros. How to fix: prove from a state that already has the
    ///      validator.
    error IndexBeyondList(uint256 index, uint256 length);

    /// @notice The number of chunks is not the number of distinct leaves that hold the balances.
    /// @dev Why: four balances share a leaf, which is given once. How to fix: one chunk per distinct index / 4.
    error ChunkCount(uint256 actual, uint256 expected);

    /// @notice The balances are not what the state holds.
    /// @dev Why: wrong chunk, sibling, length, branch or state. How to fix: rebuild the proof from the anchored state.
    error BalancesProofInvalid();

    /// @notice The withdrawal of that index is not what the state's block paid.
    /// @dev Why: wrong fields, position, branch or state. How to fix: prove it from the state of the block that paid
    ///      it.
    error WithdrawalProofInvalid(uint256 index);

    /// @notice The run of pending deposits reaches past the end of the list, or proves nothing of a list that is not
    ///         empty.
    /// @dev Why: positions at or beyond `length` hold no deposit. How to fix: prove items inside the list; an empty
    ///      list is proven by no items, `start` 0 and `length` 0.
    error PendingRunOutOfRange(uint256 start, uint256 count, uint256 length);

    /// @notice The pending deposits are not what the state holds.
    /// @dev Why: wrong item, start, sibling, length, branch or state. How to fix: rebuild the proof from the anchored
    ///      state.
    error PendingRunInvalid(uint256 start, uint256 count);

    /// @dev consensus-specs `VALIDATOR_REGISTRY_LIMIT` = 2^40; its balances lie four to a chunk, hence 38.
    uint256 private constant REGISTRY_DEPTH = 40;
    uint256 private constant BALANCES_DEPTH = 38;
    /// @dev consensus-specs `PENDING_DEPOSITS_LIMIT` = 2^27.
    uint256 private constant PENDING_DEPOSITS_DEPTH = 27;
    /// @dev The root of an empty data tree of depth 27: sha256 of 64 zero bytes, paired with itself 26 times more.
    bytes32 private constant ZERO_27 = 0x7cdd2986268250628d0c10e385c58c6191e6fbe05191bcc04f133f2cea72c1c4;

    // ---------------------------------------------------------------- anchors

    /// @notice See `BeaconAnchors.parentRoot`.
    function parentRoot(uint256 moment) internal view returns (bytes32 blockRoot) {
        return BeaconAnchors.parentRoot(moment);
    }

    /// @notice See `BeaconAnchors.anchor`.
    function anchor(ForkLayouts layouts, StateProof calldata p)
        internal
        view
        returns (bytes32 stateRoot, uint64 slot, Layout memory fork)
    {
        return BeaconAnchors.anchor(layouts, p);
    }

    /// @notice See `BeaconAnchors.anchorHeader`.
    function anchorHeader(ForkLayouts layouts, bytes32 blockRoot, StateProof calldata p)
        internal
        view
        returns (bytes32 stateRoot, uint64 slot, Layout memory fork)
    {
        return BeaconAnchors.anchorHeader(layouts, blockRoot, p);
    }

    /// @notice See `BeaconAnchors.anchorRoot`.
    function anchorRoot(ForkLayouts layouts, bytes32 stateRoot, uint64 slot, bytes32[] calldata witness)
        internal
        view
        returns (Layout memory fork)
    {
        return BeaconAnchors.anchorRoot(layouts, stateRoot, slot, witness);
    }

    /// @notice See `BeaconAnchors.hop`.
    function hop(ForkLayouts layouts, bytes32 stateRoot, uint64 stateSlot, Layout memory fork, Hop calldata h)
        internal
        view
        returns (bytes32 olderStateRoot, uint64 olderSlot, Layout memory olderLayout)
    {
        return BeaconAnchors.hop(layouts, stateRoot, stateSlot, fork, h);
    }

    // ---------------------------------------------------------------- fields of a state

    /// @notice Proves the record of one validator.
    function verifyValidator(bytes32 stateRoot, Layout memory fork, ValidatorProof calldata p) internal view {
        uint256 index;
        // Reads the first word of the struct raw, to refuse what solc would refuse without an error.
        assembly ("memory-safe") {
            index := calldataload(p)
        }
        if (index >> REGISTRY_DEPTH != 0) revert ValidatorIndexOutOfRange(index);
        uint256 gindex = _elementIndex(fork.validators, fork.progressive, REGISTRY_DEPTH, index);
        bytes32 root = SSZ.rootFromBranch(validatorRoot(p.fields), gindex, p.branch);
        if (root != stateRoot) revert ValidatorProofInvalid(index);
    }

    /// @notice Proves the balances of many validators, in gwei, in the order of `indices` (strictly ascending).
    function verifyBalances(bytes32 stateRoot, Layout memory fork, uint64[] memory indices, BalancesProof calldata p)
        internal
        view
        returns (uint64[] memory balances)
    {
        uint256 lengthLeaf = uint256(p.length);
        uint256 length = SSZ.swap64(lengthLeaf >> 192);
        if (lengthLeaf << 64 != 0) revert SSZ.FieldOutOfRange(lengthLeaf);
        MultiProof.Nodes memory nodes;
        (balances, nodes) = _gather(indices, length, p.chunks);
        bytes32 root = fork.progressive
            ? MultiProof.progressiveRoot(nodes, p.siblings)
            : MultiProof.root(nodes, BALANCES_DEPTH, p.siblings);
        root = SSZ.hashPair(root, p.length);
        if (SSZ.rootFromBranch(root, fork.balances, p.branch) != stateRoot) revert BalancesProofInvalid();
    }

    /// @notice Opens the balances list of a state once: proves `p.top` and `p.length`, for `verifyBalancesUnder`.
    /// @dev Saves each later batch the header, the branch and the 20-odd empty siblings above a registry of a million.
    function openBalances(bytes32 stateRoot, Layout memory fork, BalancesOpening calldata p) internal view {
        uint256 length;
        // Reads the second word of the struct raw, to refuse what solc would refuse without an error.
        assembly ("memory-safe") {
            length := calldataload(add(p, 0x20))
        }
        SSZ.requireUint64(length);
        bytes32 root = p.top;
        if (!fork.progressive) root = _fillUp(root, _balancesDepth(length));
        root = SSZ.hashPair(root, SSZ.le64(length));
        if (SSZ.rootFromBranch(root, fork.balances, p.branch) != stateRoot) revert BalancesProofInvalid();
    }

    /// @notice Like `verifyBalances`, under a `top` and `length` that `openBalances` has proven with a layout of the
    ///         same `progressive`.
    function verifyBalancesUnder(
        bytes32 top,
        uint64 length,
        bool progressive,
        uint64[] memory indices,
        bytes32[] calldata chunks,
        bytes32[] calldata siblings
    ) internal view returns (uint64[] memory balances) {
        MultiProof.Nodes memory nodes;
        (balances, nodes) = _gather(indices, length, chunks);
        bytes32 root = progressive
            ? MultiProof.progressiveRoot(nodes, siblings)
            : MultiProof.root(nodes, _balancesDepth(length), siblings);
        if (root != top) revert BalancesProofInvalid();
    }

    /// @notice Proves a withdrawal of the block whose state is `stateRoot`.
    function verifyWithdrawal(bytes32 stateRoot, Layout memory fork, WithdrawalProof calldata p) internal view {
        bytes32 leaf = BeaconRoots.withdrawalRoot(p);
        uint256 position = p.position;
        if (!fork.progressive && position >> fork.withdrawalsDepth != 0) revert WithdrawalProofInvalid(p.index);
        uint256 gindex = _elementIndex(fork.withdrawals, fork.progressive, fork.withdrawalsDepth, position);
        if (SSZ.rootFromBranch(leaf, gindex, p.branch) != stateRoot) revert WithdrawalProofInvalid(p.index);
    }

    /// @notice Proves `p.items` to be the pending deposits at positions `p.start`, `p.start + 1`, … and the list to be
    ///         `p.length` long.
    function verifyPendingRun(bytes32 stateRoot, Layout memory fork, PendingRun calldata p) internal view {
        uint256 length;
        // Reads the fourth word of the struct raw, to refuse what solc would refuse without an error.
        assembly ("memory-safe") {
            length := calldataload(add(p, 0x60))
        }
        SSZ.requireUint64(length);
        uint256 start = p.start;
        PendingDeposit[] calldata items = p.items;
        // Without items only the empty list can be proven; the subtraction is safe after the comparison.
        if (start > length || items.length > length - start || (items.length == 0 && length != 0)) {
            revert PendingRunOutOfRange(start, items.length, length);
        }
        bytes32 root;
        if (items.length == 0) {
            if (p.siblings.length != 0) revert MultiProof.SiblingCount(p.siblings.length, 0);
            root = fork.progressive ? bytes32(0) : ZERO_27;
        } else {
            MultiProof.Nodes memory nodes = _pendingNodes(items, start);
            root = fork.progressive
                ? MultiProof.progressiveRoot(nodes, p.siblings)
                : MultiProof.root(nodes, PENDING_DEPOSITS_DEPTH, p.siblings);
        }
        root = SSZ.hashPair(root, SSZ.le64(length));
        root = SSZ.rootFromBranch(root, fork.pendingDeposits, p.branch);
        if (root != stateRoot) revert PendingRunInvalid(start, items.length);
    }

    // ---------------------------------------------------------------- roots of containers

    /// @notice hash_tree_root of a `BeaconBlockHeader`.
    function headerRoot(BeaconBlockHeader calldata header) internal view returns (bytes32) {
        return BeaconRoots.headerRoot(header);
    }

    /// @notice hash_tree_root of a `Validator`.
    function validatorRoot(Validator calldata fields) internal view returns (bytes32) {
        return BeaconRoots.validatorRoot(fields);
    }

    /// @notice hash_tree_root of a `PendingDeposit`.
    function pendingDepositRoot(PendingDeposit calldata deposit) internal view returns (bytes32) {
        return BeaconRoots.pendingDepositRoot(deposit);
    }

    /// @notice hash_tree_root of a BLS pubkey.
    function pubkeyRoot(bytes calldata pubkey) internal view returns (bytes32) {
        return BeaconRoots.pubkeyRoot(pubkey);
    }

    // ---------------------------------------------------------------- inside

    /// @dev Generalized index of element `index` of the list whose root is at `list`.
    function _elementIndex(uint256 list, bool progressive, uint256 depth, uint256 index)
        private
        pure
        returns (uint256)
    {
        if (!progressive) return (list << (1 + depth)) | index;
        (uint256 subtree, uint256 within) = MultiProof.progressivePosition(index);
        // data (left of length) → `subtree` steps right along the spine → left into the subtree → the leaf
        uint256 spine = (((list << 1) + 1) << subtree) - 1;
        return (spine << (1 + 2 * subtree)) | within;
    }

    /// @dev Depth of the smallest full tree over the chunks of `length` balances.
    function _balancesDepth(uint256 length) private pure returns (uint256 depth) {
        unchecked {
            // No overflow: length is below 2^64.
            uint256 chunks = (length + 3) >> 2;
            if (chunks <= 1) return 0;
            depth = SSZ.depthOf(chunks - 1) + 1;
        }
        if (depth > BALANCES_DEPTH) revert IndexBeyondList(length, 1 << REGISTRY_DEPTH);
    }

    /// @dev Root of the depth-38 data tree whose leftmost subtree of depth `depth` has root `top`, the rest being
    ///      empty.
    function _fillUp(bytes32 top, uint256 depth) private view returns (bytes32 root) {
        bytes32 zero; // root of an empty tree of depth `level`
        root = top;
        for (uint256 level = 0; level < BALANCES_DEPTH; ++level) {
            if (level >= depth) root = SSZ.hashPair(root, zero);
            zero = SSZ.hashPair(zero, zero);
        }
    }

    /// @dev Collects the distinct chunks under `indices` as leaves, and reads the balances from them.
    function _gather(uint64[] memory indices, uint256 length, bytes32[] calldata chunks)
        private
        pure
        returns (uint64[] memory balances, MultiProof.Nodes memory nodes)
    {
        if (indices.length == 0) revert NoIndices();
        balances = new uint64[](indices.length);
        nodes = MultiProof.allocate(indices.length);
        uint256 bad; // 1 + first place where the indices do not ascend
        uint256 last; // 1 + last index
        uint256 count;
        // Memory-safe: reads `indices`, writes `balances` (as long as `indices`) and at most as many words of `nodes`.
        // Chunks past the end of the array read as other calldata: the count is checked before they are used for a
        // root.
        assembly ("memory-safe") {
            let from := add(indices, 0x20)
            let words := shl(5, mload(indices))
            let node := mload(nodes)
            let place := mload(add(nodes, 0x20))
            let source := chunks.offset
            let current := not(0) // position of `chunk`
            let chunk
            for { let k := 0 } lt(k, words) { k := add(k, 0x20) } {
                let index := mload(add(from, k))
                if lt(index, last) {
                    bad := add(shr(5, k), 1)
                    break
                }
                last := add(index, 1)
                let position := shr(2, index)
                if iszero(eq(position, current)) {
                    current := position
                    chunk := calldataload(source)
                    source := add(source, 0x20)
                    mstore(node, chunk)
                    node := add(node, 0x20)
                    mstore(place, position)
                    place := add(place, 0x20)
                }
                // Lane: the first balance lies in the highest eight bytes, little-endian.
                let v := and(shr(xor(192, shl(6, and(index, 3))), chunk), 0xffffffffffffffff)
                v := or(shr(8, and(v, 0xff00ff00ff00ff00)), shl(8, and(v, 0x00ff00ff00ff00ff)))
                v := or(shr(16, and(v, 0xffff0000ffff0000)), shl(16, and(v, 0x0000ffff0000ffff)))
                v := or(shr(32, v), shl(32, and(v, 0xffffffff)))
                mstore(add(add(balances, 0x20), k), v)
            }
            count := shr(5, sub(source, chunks.offset))
        }
        unchecked {
            // No underflow: both were set from a value plus one.
            if (bad != 0) revert IndicesNotAscending(bad - 1);
            if (last > length) revert IndexBeyondList(last - 1, length);
        }
        if (count != chunks.length) revert ChunkCount(chunks.length, count);
        nodes.count = count;
    }

    /// @dev The roots of `items` as leaves at `start`, `start + 1`, …
    function _pendingNodes(PendingDeposit[] calldata items, uint256 start)
        private
        view
        returns (MultiProof.Nodes memory nodes)
    {
        nodes = MultiProof.allocate(items.length);
        nodes.count = items.length;
        unchecked {
            // No overflow: start + items.length is at most the list's length, below 2^64.
            for (uint256 i = 0; i < items.length; ++i) {
                _put(nodes.nodes + (i << 5), pendingDepositRoot(items[i]));
                _put(nodes.positions + (i << 5), bytes32(start + i));
            }
        }
    }

    /// @dev Memory-safe by contract: the callers own the word at `ptr`.
    function _put(uint256 ptr, bytes32 word) private pure {
        assembly ("memory-safe") {
            mstore(ptr, word)
        }
    }
}
