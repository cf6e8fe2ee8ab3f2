// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChainClock, IOperatorRegistry, ISlashingEnforcer, IVault, IWithdrawalQueue, PoolAddresses} from "../interfaces/IPool.sol";
import {ForkLayouts} from "./ForkLayouts.sol";
import {Record, Status} from "./LedgerTypes.sol";

/// @title LedgerBase: what the ledger's two halves share: the records, the clock, the neighbours
abstract contract LedgerBase {
    uint64 internal constant FAR_FUTURE_EPOCH = type(uint64).max;
    uint256 internal constant GWEI = 1e9;

    IVault internal immutable VAULT;
    IWithdrawalQueue internal immutable QUEUE;
    IOperatorRegistry internal immutable REGISTRY;
    ISlashingEnforcer internal immutable ENFORCER;
    ForkLayouts internal immutable LAYOUTS;
    uint64 internal immutable GENESIS_TIME;
    uint64 internal immutable SECONDS_PER_SLOT;
    uint64 internal immutable SLOTS_PER_EPOCH;

    mapping(uint32 ordinal => Record) internal _records;

    /// @notice Validators that a checkpoint must count: Funded, Exiting or Slashed.
    uint32 public liveCount;
    /// @notice Validators ever predeposited; ordinals run from 1 to this.
    uint32 public lastOrdinal;

    /// @notice Why: the validator is not in a state in which this can happen. How to fix: see the graph above `Status`.
    error StatusWrong(uint32 ordinal, Status status);
    /// @notice Why: the proof is about another validator. How to fix: prove the one with this record's key and index.
    error ValidatorOther(uint32 ordinal);
    /// @notice Why: that function is for another part of the pool. How to fix: call the part itself.
    error LedgerCallerUnknown(address caller);

    constructor(PoolAddresses memory pool, ChainClock memory clock) {
        VAULT = IVault(pool.vault);
        QUEUE = IWithdrawalQueue(pool.queue);
        REGISTRY = IOperatorRegistry(pool.registry);
        ENFORCER = ISlashingEnforcer(pool.enforcer);
        LAYOUTS = ForkLayouts(pool.layouts);
        GENESIS_TIME = clock.genesisTime;
        SECONDS_PER_SLOT = clock.secondsPerSlot;
        SLOTS_PER_EPOCH = clock.slotsPerEpoch;
    }

    /// @notice The record of `ordinal`.
    function recordOf(uint32 ordinal) external view returns (Record memory) {
        return _records[ordinal];
    }

    /// @dev Slot of the execution block this runs in.
    function _currentSlot() internal view returns (uint64) {
        return uint64((block.timestamp - GENESIS_TIME) / SECONDS_PER_SLOT);
    }

    function _isLive(Status status) internal pure returns (bool) {
        return status == Status.Funded || status == Status.Exiting || status == Status.Slashed;
    }
}
