// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Layout} from "./BeaconTypes.sol";

/// @title ForkLayouts
/// @notice Where the proven fields stand in the beacon state, fork by fork. Append-only: a layout that proofs have been
///         checked against is never changed, and one that is newer than all others may be added by the appender alone.
/// @dev Glossary. Layout: generalized indices valid from `fromSlot` on, until the next layout's `fromSlot`.
///      Witness: a value known before and for ever (`genesis_validators_root`) that every state must show at
///      `fork.genesis`. A fork that deepens or reshapes the state without a new layout here makes every proof revert.
contract ForkLayouts {
    /// @notice No layout covers `slot`.
    /// @dev Why: the slot is before the first layout's `fromSlot`.
    ///      How to fix: prove a younger state; layouts are never added below the oldest.
    error LayoutUnknown(uint64 slot);

    /// @notice The new layout does not begin after the newest known one.
    /// @dev Why: layouts are append-only, so that what was proven stays proven. How to fix: give the fork's own first
    ///      slot.
    error LayoutNotNewer(uint64 fromSlot, uint64 newestFromSlot);

    /// @notice A generalized index of the layout cannot be one of a field, or two fields share it.
    /// @dev Why: indices 0 and 1 name no field, and two fields never share one.
    ///      How to fix: recompute the layout from the fork's `BeaconState`.
    error LayoutMalformed(uint64 fromSlot);

    /// @notice Only the appender adds layouts.
    /// @dev Why: a wrong layout would make proofs lie. How to fix: propose it to governance (the appender is its
    ///      timelock; the zero address means that nobody can, ever).
    error OnlyAppender(address caller, address appender);

    /// @notice There must be a first layout.
    /// @dev Why: without one nothing can be proven. How to fix: pass the layouts known at deployment, oldest first.
    error NoLayouts();

    /// @notice The chain's constants do not fit together.
    /// @dev Why: `slotsPerHistoricalRoot` must be a power of two, `summariesFromSlot` a multiple of it, the witness not
    ///      zero. How to fix: take them from the network's config and genesis.
    error BadChainConstants(bytes32 genesisWitness, uint64 slotsPerHistoricalRoot, uint64 summariesFromSlot);

    /// @notice A layout was added; it holds from `fork.fromSlot` on.
    event LayoutAppended(uint256 indexed position, Layout fork);

    /// @notice The value at `fork.genesis` in every state of this chain: `genesis_validators_root`.
    bytes32 public immutable genesisWitness;

    /// @notice consensus-specs `SLOTS_PER_HISTORICAL_ROOT`: 8192 on mainnet, 64 in the minimal preset.
    uint64 public immutable slotsPerHistoricalRoot;

    /// @notice First slot of the period that `historical_summaries[0]` covers (6,209,536 on mainnet: Capella's first
    ///         slot; 0 on a chain born at Capella or later).
    uint64 public immutable summariesFromSlot;

    /// @notice Who may append; the zero address freezes the list for ever.
    address public immutable appender;

    /// @dev The newest layout alone in one slot: the usual lookup costs one cold SLOAD.
    Layout private _newest;

    /// @dev All others, oldest first.
    Layout[] private _older;

    /// @param initial_ The layouts known at deployment, oldest first, `fromSlot` strictly ascending.
    /// @param genesisWitness_ The chain's `genesis_validators_root`.
    /// @param slotsPerHistoricalRoot_ consensus-specs `SLOTS_PER_HISTORICAL_ROOT` of the chain's preset.
    /// @param summariesFromSlot_ First slot covered by `historical_summaries[0]`.
    /// @param appender_ Who may append layouts later; zero = nobody.
    constructor(
        Layout[] memory initial_,
        bytes32 genesisWitness_,
        uint64 slotsPerHistoricalRoot_,
        uint64 summariesFromSlot_,
        address appender_
    ) {
        uint64 n = slotsPerHistoricalRoot_;
        if (genesisWitness_ == bytes32(0) || n < 2 || (n & (n - 1)) != 0 || summariesFromSlot_ % n != 0) {
            revert BadChainConstants(genesisWitness_, n, summariesFromSlot_);
        }
        if (initial_.length == 0) revert NoLayouts();
        genesisWitness = genesisWitness_;
        slotsPerHistoricalRoot = n;
        summariesFromSlot = summariesFromSlot_;
        appender = appender_;
        _checkIndices(initial_[0]);
        _newest = initial_[0];
        emit LayoutAppended(0, initial_[0]);
        for (uint256 i = 1; i < initial_.length; ++i) _append(initial_[i]);
    }

    /// @notice Adds the layout of a fork. Only the appender; never one that begins before the newest known.
    function append(Layout calldata fork) external {
        if (msg.sender != appender || appender == address(0)) revert OnlyAppender(msg.sender, appender);
        _append(fork);
    }

    /// @notice The layout that holds at `slot`. Reverts with `LayoutUnknown` before the first.
    function layoutAt(uint64 slot) external view returns (Layout memory) {
        return _layoutAt(slot);
    }

    /// @notice `layoutAt` and `genesisWitness` in one call: what a proof from a state root needs.
    function anchorAt(uint64 slot) external view returns (Layout memory fork, bytes32 witness) {
        return (_layoutAt(slot), genesisWitness);
    }

    /// @notice `layoutAt`, `slotsPerHistoricalRoot` and `summariesFromSlot` in one call: what a hop to `slot` needs.
    function hopAt(uint64 slot) external view returns (Layout memory fork, uint64 perRoot, uint64 summariesFrom) {
        return (_layoutAt(slot), slotsPerHistoricalRoot, summariesFromSlot);
    }

    /// @notice How many layouts are known.
    function count() external view returns (uint256) {
        return _older.length + 1;
    }

    /// @notice The layout at `position`, oldest first; `position` < `count()`.
    function layoutByPosition(uint256 position) external view returns (Layout memory) {
        return position == _older.length ? _newest : _older[position];
    }

    function _layoutAt(uint64 slot) private view returns (Layout memory fork) {
        fork = _newest;
        if (slot >= fork.fromSlot) return fork;
        for (uint256 i = _older.length; i > 0; --i) {
            fork = _older[i - 1];
            if (slot >= fork.fromSlot) return fork;
        }
        revert LayoutUnknown(slot);
    }

    function _append(Layout memory fork) private {
        Layout memory newest = _newest;
        if (fork.fromSlot <= newest.fromSlot) revert LayoutNotNewer(fork.fromSlot, newest.fromSlot);
        _checkIndices(fork);
        _older.push(newest);
        _newest = fork;
        emit LayoutAppended(_older.length, fork);
    }

    /// @dev Catches a swapped or forgotten field; that the indices are the fork's own cannot be known here.
    function _checkIndices(Layout memory fork) private pure {
        uint24[7] memory g = [
            fork.validators,
            fork.balances,
            fork.pendingDeposits,
            fork.blockRoots,
            fork.historicalSummaries,
            fork.genesis,
            fork.withdrawals
        ];
        for (uint256 i = 0; i < 7; ++i) {
            if (g[i] < 2) revert LayoutMalformed(fork.fromSlot);
            for (uint256 j = 0; j < i; ++j) {
                if (g[i] == g[j]) revert LayoutMalformed(fork.fromSlot);
            }
        }
    }
}
