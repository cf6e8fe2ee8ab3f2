// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBondVault, IOperatorRegistry, IVault, PoolAddresses} from "../interfaces/IPool.sol";

/// @title BondVault: the operators' own ether, first to pay
/// @notice A bond answers for every validator that is predeposited and not yet settled. What a proven slashing has set
/// aside, and what the running validators require, stays; the rest is the operator's to take.
contract BondVault is IBondVault {
    struct Bond {
        uint128 amount;
        uint128 reserved;
    }

    IVault private immutable VAULT;
    IOperatorRegistry private immutable REGISTRY;
    address private immutable ENFORCER;
    /// @notice Wei for an operator's first validator, and for each after it.
    uint256 public immutable BASE;
    uint256 public immutable PER_VALIDATOR;

    mapping(uint32 operatorId => Bond) public bonds;

    event BondPosted(uint32 indexed operatorId, address indexed from, uint256 amount);
    event BondReturned(uint32 indexed operatorId, address indexed to, uint256 amount);
    event BondReserved(uint32 indexed operatorId, uint256 amount);
    event BondCharged(uint32 indexed operatorId, uint256 amount);

    /// @notice Why: that function is for the enforcer or the manager. How to fix: act as it.
    error BondCallerUnknown(address caller);
    /// @notice Why: the rest is liable for running or frozen validators. How to fix: exit them, or settle.
    error BondLiable(uint256 asked, uint256 free);
    /// @notice Why: the receiver refused the ether. How to fix: use another receiver.
    error BondRefused(address to);

    constructor(PoolAddresses memory pool, uint256 base, uint256 perValidator) {
        VAULT = IVault(pool.vault);
        REGISTRY = IOperatorRegistry(pool.registry);
        ENFORCER = pool.enforcer;
        BASE = base;
        PER_VALIDATOR = perValidator;
    }

    modifier onlyEnforcer() {
        if (msg.sender != ENFORCER) revert BondCallerUnknown(msg.sender);
        _;
    }

    /// @notice Anybody may strengthen an operator's bond.
    function post(uint32 operatorId) external payable {
        bonds[operatorId].amount += uint128(msg.value);
        emit BondPosted(operatorId, msg.sender, msg.value);
    }

    /// @notice Returns what is not liable. Only the manager, and nothing at all while the operator is frozen.
    function take(uint32 operatorId, uint256 amount, address to) external {
        if (msg.sender != REGISTRY.managerOf(operatorId)) revert BondCallerUnknown(msg.sender);
        uint256 free = freeOf(operatorId);
        if (amount > free) revert BondLiable(amount, free);
        bonds[operatorId].amount -= uint128(amount);
        emit BondReturned(operatorId, to, amount);
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert BondRefused(to);
    }

    /// @inheritdoc IBondVault
    function bondOf(uint32 operatorId) external view returns (uint256) {
        return bonds[operatorId].amount;
    }

    /// @inheritdoc IBondVault
    function required(uint32 validators) public view returns (uint256) {
        return validators == 0 ? 0 : BASE + PER_VALIDATOR * (validators - 1);
    }

    /// @notice Wei the manager may take now.
    function freeOf(uint32 operatorId) public view returns (uint256) {
        if (REGISTRY.isFrozen(operatorId)) return 0;
        (uint32 held,) = REGISTRY.validatorsOf(operatorId);
        uint256 liable = required(held) + bonds[operatorId].reserved;
        uint256 amount = bonds[operatorId].amount;
        return amount > liable ? amount - liable : 0;
    }

    /// @inheritdoc IBondVault
    function reserve(uint32 operatorId, uint256 amount) external onlyEnforcer returns (uint256 reserved) {
        Bond storage bond = bonds[operatorId];
        uint256 open = bond.amount - bond.reserved;
        reserved = amount < open ? amount : open;
        bond.reserved += uint128(reserved);
        emit BondReserved(operatorId, reserved);
    }

    /// @inheritdoc IBondVault
    function charge(uint32 operatorId, uint256 reserved, uint256 amount) external onlyEnforcer returns (uint256 paid) {
        Bond storage bond = bonds[operatorId];
        bond.reserved -= uint128(reserved);
        uint256 open = bond.amount - bond.reserved;
        paid = amount < open ? amount : open;
        bond.amount -= uint128(paid);
        emit BondCharged(operatorId, paid);
        if (paid > 0) VAULT.compensate{value: paid}();
    }
}
