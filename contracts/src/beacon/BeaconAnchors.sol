// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BeaconRoots} from "./BeaconRoots.sol";
import {Hop, Layout, StateProof} from "./BeaconTypes.sol";
import {ForkLayouts} from "./ForkLayouts.sol";
import {SSZ} from "./SSZ.sol";

/// @title BeaconAnchors
/// @notice The way to a state root: from EIP-4788 through a header, or from a younger state.
/// @dev Glossary. *Anchor*: from a block root to a state whose layout is known. *Hop*: from a state to an older one
///      that it commits to. *Witness*: see `ForkLayouts`.
library BeaconAnchors {
    /// @notice EIP-4788 knows no root for `timestamp`.
    /// @dev Why: no block has that timestamp, or it is more than 8,191 slots old.
    ///      How to fix: use the timestamp of a recent execution block, and a hop to what is older.
    error RootUnknown(uint256 timestamp);

    /// @notice The header does not hash to the block root.
    /// @dev Why: it is another block's, or was altered. How to fix: give the header of the *parent* of the block at
    ///      that timestamp: EIP-4788 returns the parent's root.
    error HeaderMismatch(bytes32 blockRoot, bytes32 computed);

    /// @notice The state does not show `genesis_validators_root` where the fork's layout expects it.
    /// @dev Why: the branch is wrong, or a fork has moved the layout and none was appended for it yet.
    ///      How to fix: rebuild the branch; after a fork, wait for its layout.
    error WitnessMismatch(uint64 slot);

    /// @notice The header is not older than the state.
    /// @dev Why: a state commits only to blocks before its own. How to fix: hop from a younger state.
    error HopNotOlder(uint64 slot, uint64 stateSlot);

    /// @notice The header is out of reach of this kind of hop.
    /// @dev Why: `block_roots` holds the last N slots; a historical summary exists once its period of N slots is over,
    ///      and none exists before `summariesFromSlot`. How to fix: use the other kind, or a younger state.
    error HopOutOfRange(uint64 slot, uint64 stateSlot);

    /// @notice The historical summary named is not the one that covers the header's slot.
    /// @dev Why: the index follows from the slot. How to fix: (slot - summariesFromSlot) / N; 0 for a `block_roots`
    ///      hop.
    error SummaryMismatch(uint256 actual, uint256 expected);

    /// @notice The header is not the one that the state commits to at its slot.
    /// @dev Why: wrong header, branch or position (a missed slot repeats the block before it, which counts only at its
    ///      own slot). How to fix: rebuild the branch for the header's own slot.
    error HopMismatch(uint64 slot);

    /// @notice EIP-4788's system contract.
    address internal constant BEACON_ROOTS = 0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02;

    /// @dev consensus-specs `HISTORICAL_ROOTS_LIMIT` = 2^24.
    uint256 private constant SUMMARIES_DEPTH = 24;

    /// @notice From a timestamp of the last 8,191 slots to the state after the parent beacon block of that moment.
    /// @return stateRoot Root of that state.
    /// @return slot Its slot.
    /// @return fork Where its fields stand.
    function anchor(ForkLayouts layouts, StateProof calldata p)
        internal
        view
        returns (bytes32 stateRoot, uint64 slot, Layout memory fork)
    {
        uint256 moment;
        // Reads the first word of the struct raw: solc's own range check would revert without an error.
        assembly ("memory-safe") {
            moment := calldataload(p)
        }
        SSZ.requireUint64(moment);
        return anchorHeader(layouts, parentRoot(moment), p);
    }

    /// @notice Like `anchor`, from a block root that was read from EIP-4788 and stored before; `p.timestamp` is not
    ///         read.
    function anchorHeader(ForkLayouts layouts, bytes32 blockRoot, StateProof calldata p)
        internal
        view
        returns (bytes32 stateRoot, uint64 slot, Layout memory fork)
    {
        bytes32 computed = BeaconRoots.headerRoot(p.header);
        if (computed != blockRoot) revert HeaderMismatch(blockRoot, computed);
        stateRoot = p.header.stateRoot;
        slot = p.header.slot;
        fork = anchorRoot(layouts, stateRoot, slot, p.witness);
    }

    /// @notice The layout of an already trusted state root of `slot`, once the witness shows that it fits.
    function anchorRoot(ForkLayouts layouts, bytes32 stateRoot, uint64 slot, bytes32[] calldata witness)
        internal
        view
        returns (Layout memory fork)
    {
        bytes32 known;
        (fork, known) = layouts.anchorAt(slot);
        if (SSZ.rootFromBranch(known, fork.genesis, witness) != stateRoot) revert WitnessMismatch(slot);
    }

    /// @notice EIP-4788: root of the parent beacon block of the execution block whose timestamp is `moment`.
    function parentRoot(uint256 moment) internal view returns (bytes32 blockRoot) {
        bool ok;
        // Memory-safe: scratch space only. An account without code would answer with nothing, hence the size check.
        assembly ("memory-safe") {
            mstore(0x00, moment)
            ok := staticcall(gas(), BEACON_ROOTS, 0x00, 0x20, 0x00, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            blockRoot := mload(0x00)
        }
        if (!ok || blockRoot == bytes32(0)) revert RootUnknown(moment);
    }

    /// @notice From the state of `stateSlot` to the state after an older block: through `block_roots` (the last N
    ///         slots) or through a historical summary.
    /// @dev The younger state's layout gives the path to the older header; the older slot's layout is returned with the
    ///      older state. Only a header at its own slot's position counts.
    function hop(ForkLayouts layouts, bytes32 stateRoot, uint64 stateSlot, Layout memory fork, Hop calldata h)
        internal
        view
        returns (bytes32 olderStateRoot, uint64 olderSlot, Layout memory olderLayout)
    {
        bytes32 leaf = BeaconRoots.headerRoot(h.header);
        olderStateRoot = h.header.stateRoot;
        olderSlot = h.header.slot;
        if (olderSlot >= stateSlot) revert HopNotOlder(olderSlot, stateSlot);
        uint64 perRoot;
        uint64 summariesFrom;
        (olderLayout, perRoot, summariesFrom) = layouts.hopAt(olderSlot);
        uint256 gindex = _hopIndex(fork, h, olderSlot, stateSlot, perRoot, summariesFrom);
        if (SSZ.rootFromBranch(leaf, gindex, h.branch) != stateRoot) revert HopMismatch(olderSlot);
    }

    /// @dev Checks that the hop can reach the header and gives the generalized index of the header's root.
    function _hopIndex(
        Layout memory fork,
        Hop calldata h,
        uint64 slot,
        uint64 stateSlot,
        uint64 perRoot,
        uint64 summariesFrom
    ) private pure returns (uint256) {
        uint256 summary;
        uint256 historical;
        // Reads the words of `summary` and `historical` raw, to refuse what solc would refuse without an error.
        assembly ("memory-safe") {
            summary := calldataload(add(h, 0xc0))
            historical := calldataload(add(h, 0xe0))
        }
        if (historical > 1) revert SSZ.FieldOutOfRange(historical);
        uint256 depth = SSZ.depthOf(perRoot);
        uint256 position = slot % perRoot;
        unchecked {
            if (historical == 0) {
                if (summary != 0) revert SummaryMismatch(summary, 0);
                // No underflow: the caller has checked slot < stateSlot.
                if (stateSlot - slot > perRoot) revert HopOutOfRange(slot, stateSlot);
                return (uint256(fork.blockRoots) << depth) | position;
            }
            // No underflow after the comparison; no overflow: all are below 2^64 in 256 bits.
            if (slot < summariesFrom) revert HopOutOfRange(slot, stateSlot);
            uint256 expected = uint256(slot - summariesFrom) / perRoot;
            if (summary != expected) revert SummaryMismatch(summary, expected);
            uint256 periodEnd = summariesFrom + (expected + 1) * perRoot;
            if (stateSlot < periodEnd || expected >> SUMMARIES_DEPTH != 0) revert HopOutOfRange(slot, stateSlot);
        }
        // list root → data (left of length) → summary → block_summary_root (left) → block root
        uint256 gindex = (uint256(fork.historicalSummaries) << (1 + SUMMARIES_DEPTH)) | summary;
        return (gindex << (1 + depth)) | position;
    }
}
