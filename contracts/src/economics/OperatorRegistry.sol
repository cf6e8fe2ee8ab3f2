// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBondVault, IOperatorRegistry, IVault, PoolAddresses} from "../interfaces/IPool.sol";

/// @title OperatorRegistry: who runs validators, and what it has earned
/// @notice Anybody may register; the bond, not a list, decides who may run how much. Fees come out of proven surplus
/// and are shared by the validators that earn, each alike.
/// @dev Fees by index: `feePerValidator` only grows; an operator's share since its last touch is the difference times
/// the validators that earned for it.
contract OperatorRegistry is IOperatorRegistry {
    /// @param held validators the bond answers for, @param earning those that are funded and unslashed
    /// @param slashings open (not settled) slashings, @param barred true for ever after a slashing: no new stake
    struct Operator {
        address manager;
        uint32 held;
        uint32 earning;
        uint16 slashings;
        bool barred;
        uint128 feeIndex;
        uint128 feesDue;
        string name;
    }

    IVault private immutable VAULT;
    IBondVault private immutable BONDS;
    address private immutable LEDGER;
    address private immutable ENFORCER;

    uint32 public lastOperatorId;
    uint32 public earningTotal;
    /// @notice Wei per earning validator, ever.
    uint128 public feePerValidator;
    /// @notice Fees that came while nobody earned, or that did not divide; they go out with the next.
    uint128 public feesUnshared;
    mapping(uint32 operatorId => Operator) public operators;

    event OperatorRegistered(uint32 indexed operatorId, address indexed manager, string name);
    event ManagerChanged(uint32 indexed operatorId, address indexed manager);
    event OperatorFrozen(uint32 indexed operatorId);
    event OperatorSettled(uint32 indexed operatorId, bool stillFrozen);
    event FeesAccrued(uint256 amount, uint256 perValidator);
    event FeesClaimed(uint32 indexed operatorId, address indexed to, uint256 amount);

    /// @notice Why: that function is for another part of the pool, or the manager. How to fix: act as it.
    error RegistryCallerUnknown(address caller);
    /// @notice Why: no such operator. How to fix: register first.
    error OperatorUnknown(uint32 operatorId);
    /// @notice Why: one more validator needs more bond. How to fix: post the difference.
    error BondShort(uint32 operatorId, uint256 bond, uint256 required);
    /// @notice Why: frozen until its slashings are settled, or barred by one. How to fix: settle; a barred operator stays so.
    error OperatorFrozenOrBarred(uint32 operatorId);

    modifier only(address caller) {
        if (msg.sender != caller) revert RegistryCallerUnknown(msg.sender);
        _;
    }

    constructor(PoolAddresses memory pool) {
        VAULT = IVault(pool.vault);
        BONDS = IBondVault(pool.bonds);
        LEDGER = pool.ledger;
        ENFORCER = pool.enforcer;
    }

    function register(string calldata name) external returns (uint32 operatorId) {
        operatorId = ++lastOperatorId;
        operators[operatorId].manager = msg.sender;
        operators[operatorId].name = name;
        emit OperatorRegistered(operatorId, msg.sender, name);
    }

    function setManager(uint32 operatorId, address manager) external only(operators[operatorId].manager) {
        if (manager == address(0)) revert OperatorUnknown(operatorId);
        operators[operatorId].manager = manager;
        emit ManagerChanged(operatorId, manager);
    }

    /// @notice Pays the operator its fees. Not while it is frozen.
    function claimFees(uint32 operatorId, address to) external only(operators[operatorId].manager) returns (uint256 amount) {
        Operator storage operator = operators[operatorId];
        if (operator.slashings != 0) revert OperatorFrozenOrBarred(operatorId);
        _touch(operator);
        amount = operator.feesDue;
        operator.feesDue = 0;
        emit FeesClaimed(operatorId, to, amount);
        VAULT.payFee(to, amount);
    }

    // ── The ledger, the Vault, the enforcer ──────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOperatorRegistry
    function addValidator(uint32 operatorId, address caller) external only(LEDGER) {
        Operator storage operator = operators[operatorId];
        if (operator.manager == address(0)) revert OperatorUnknown(operatorId);
        if (operator.manager != caller) revert RegistryCallerUnknown(caller);
        if (operator.slashings != 0 || operator.barred) revert OperatorFrozenOrBarred(operatorId);
        uint32 held = ++operator.held;
        uint256 bond = BONDS.bondOf(operatorId);
        uint256 required = BONDS.required(held);
        if (bond < required) revert BondShort(operatorId, bond, required);
    }

    /// @inheritdoc IOperatorRegistry
    function removeValidator(uint32 operatorId, bool earning) external only(LEDGER) {
        Operator storage operator = operators[operatorId];
        operator.held -= 1;
        if (earning && operator.slashings == 0 && !operator.barred) _earn(operator, operator.earning - 1);
    }

    /// @inheritdoc IOperatorRegistry
    function startEarning(uint32 operatorId) external only(LEDGER) {
        _earn(operators[operatorId], operators[operatorId].earning + 1);
    }

    /// @inheritdoc IOperatorRegistry
    function accrue(uint256 amount) external only(address(VAULT)) {
        uint256 total = amount + feesUnshared;
        uint256 each = earningTotal == 0 ? 0 : total / earningTotal;
        feePerValidator += uint128(each);
        feesUnshared = uint128(total - each * earningTotal);
        emit FeesAccrued(amount, each);
    }

    /// @inheritdoc IOperatorRegistry
    function freeze(uint32 operatorId) external only(ENFORCER) {
        Operator storage operator = operators[operatorId];
        if (operator.earning != 0) _earn(operator, 0); // what it runs on earns no more fee
        operator.slashings += 1;
        operator.barred = true;
        emit OperatorFrozen(operatorId);
    }

    /// @inheritdoc IOperatorRegistry
    function settle(uint32 operatorId) external only(ENFORCER) {
        Operator storage operator = operators[operatorId];
        operator.slashings -= 1;
        emit OperatorSettled(operatorId, operator.slashings != 0);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IOperatorRegistry
    function managerOf(uint32 operatorId) external view returns (address) {
        return operators[operatorId].manager;
    }

    /// @inheritdoc IOperatorRegistry
    function isFrozen(uint32 operatorId) external view returns (bool) {
        return operators[operatorId].slashings != 0;
    }

    /// @inheritdoc IOperatorRegistry
    function mayStake(uint32 operatorId) external view returns (bool) {
        Operator storage operator = operators[operatorId];
        return operator.slashings == 0 && !operator.barred
            && BONDS.bondOf(operatorId) >= BONDS.required(operator.held);
    }

    /// @inheritdoc IOperatorRegistry
    function validatorsOf(uint32 operatorId) external view returns (uint32 held, uint32 earning) {
        return (operators[operatorId].held, operators[operatorId].earning);
    }

    /// @notice Wei `claimFees` would pay, were the operator not frozen.
    function feesOf(uint32 operatorId) external view returns (uint256) {
        Operator storage operator = operators[operatorId];
        return operator.feesDue + uint256(feePerValidator - operator.feeIndex) * operator.earning;
    }

    // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    function _touch(Operator storage operator) private {
        operator.feesDue += (feePerValidator - operator.feeIndex) * operator.earning;
        operator.feeIndex = feePerValidator;
    }

    function _earn(Operator storage operator, uint32 earning) private {
        _touch(operator);
        earningTotal = earningTotal + earning - operator.earning;
        operator.earning = earning;
    }
}
