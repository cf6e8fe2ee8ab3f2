// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChainClock, IDepositContract, PoolAddresses} from "../interfaces/IPool.sol";
import {BalanceCheckpoint, CheckpointConfig} from "./BalanceCheckpoint.sol";
import {BeaconProofs} from "./BeaconProofs.sol";
import {BalancesProof, Layout, StateProof, Validator, ValidatorProof} from "./BeaconTypes.sol";
import {LedgerBase} from "./LedgerBase.sol";
import {Record, Status} from "./LedgerTypes.sol";

/// @notice The ledger's own numbers, fixed at deployment.
/// @param stakeGwei what a validator is funded to, its operator's 1 ETH included
/// @param exitRetrySeconds an exit the beacon chain has not taken up by then may be asked for again
struct LedgerConfig {
    uint64 stakeGwei;
    uint64 exitRetrySeconds;
}

/// @title ValidatorLedger: each validator's life, moved only by proof
/// @notice The graph stands above `Status`. The first ether of a validator is its operator's: only when the beacon
/// chain shows it with the Vault's credentials does the pool's money follow, so a front-run deposit costs nobody else.
contract ValidatorLedger is BalanceCheckpoint {
    uint256 private constant PREDEPOSIT = 1 ether;
    uint64 private constant PREDEPOSIT_GWEI = 1e9;
    uint256 private constant BOUNTY_GAS_EXIT = 110_000;

    /// @dev When an exit was last asked for, and what of the balance it is expected to bring.
    struct ExitRequest {
        uint64 askedAt;
        uint64 expectedGwei;
    }

    IDepositContract private immutable DEPOSIT_CONTRACT;
    uint64 private immutable STAKE_GWEI;
    uint64 private immutable EXIT_RETRY_SECONDS;

    /// @notice The record that holds a key; 0 if none.
    mapping(bytes32 pubkeyRoot => uint32 ordinal) public ordinalOf;
    mapping(uint32 ordinal => ExitRequest) public exitRequests;
    /// @notice Where the next validator to fund, and the next to exit for the queue, is looked for.
    uint32 public fundCursor = 1;
    uint32 public exitCursor = 1;
    /// @notice Balances of validators asked to exit that have not come back yet, in gwei.
    uint64 public leavingGwei;

    event Predeposited(uint32 indexed ordinal, uint32 indexed operatorId, bytes pubkey);
    event CredentialsProven(uint32 indexed ordinal, uint32 indexed operatorId, uint256 index);
    event CredentialsRejected(uint32 indexed ordinal, uint32 indexed operatorId, bytes32 withdrawalCredentials);
    event Funded(uint32 indexed ordinal, uint32 indexed operatorId, uint256 amountGwei);
    event ExitRequested(uint32 indexed ordinal, uint32 indexed operatorId, address by);
    event PartialRequested(uint32 indexed ordinal, uint256 amountGwei, address by);
    event ConsolidationRequested(uint32 indexed source, uint32 indexed target);
    event ExitProven(uint32 indexed ordinal, uint256 exitEpoch, uint256 withdrawableEpoch);
    event Slashed(uint32 indexed ordinal, uint32 indexed operatorId);
    event Withdrawn(uint32 indexed ordinal, uint32 indexed operatorId);

    /// @notice Why: the predeposit is exactly 1 ETH of the operator's money. How to fix: send 1 ETH.
    error PredepositValueWrong(uint256 sent);
    /// @notice Why: the key is in the ledger already. How to fix: use a fresh key.
    error PubkeyKnown(uint32 ordinal);
    /// @notice Why: not the operator's manager. How to fix: act as the manager.
    error NotManager(uint32 operatorId, address caller);
    /// @notice Why: the operator is frozen, barred, or its bond is short. How to fix: settle, or post bond.
    error OperatorMayNotStake(uint32 operatorId);
    /// @notice Why: an earlier validator comes first. How to fix: take that one.
    error NotItsTurn(uint32 ordinal, uint32 first);
    /// @notice Why: in the very block in which a checkpoint started, before and after cannot be told apart by the slot.
    /// How to fix: fund in the next block.
    error FundingInStartBlock();
    /// @notice Why: neither its operator asks, nor is that operator frozen, nor does the queue need the cash.
    error ExitNotCalledFor(uint32 ordinal);
    /// @notice Why: the exit was asked for a short while ago. How to fix: wait until `from`.
    error ExitAlreadyRequested(uint32 ordinal, uint256 from);
    /// @notice Why: the beacon chain does not show the validator exiting (or withdrawn) yet. How to fix: wait.
    error NotYetOnBeaconChain(uint32 ordinal);

    constructor(
        PoolAddresses memory pool,
        ChainClock memory clock,
        CheckpointConfig memory checkpointConfig,
        LedgerConfig memory config
    ) LedgerBase(pool, clock) BalanceCheckpoint(checkpointConfig) {
        DEPOSIT_CONTRACT = IDepositContract(pool.depositContract);
        STAKE_GWEI = config.stakeGwei;
        EXIT_RETRY_SECONDS = config.exitRetrySeconds;
    }

    // ── Coming ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice An operator offers a key and puts the first ether on it, credentials = Vault.
    function predeposit(uint32 operatorId, bytes calldata pubkey, bytes calldata signature, bytes32 depositDataRoot)
        external
        payable
        returns (uint32 ordinal)
    {
        if (msg.value != PREDEPOSIT) revert PredepositValueWrong(msg.value);
        bytes32 pubkeyRoot = BeaconProofs.pubkeyRoot(pubkey);
        if (ordinalOf[pubkeyRoot] != 0) revert PubkeyKnown(ordinalOf[pubkeyRoot]);
        ordinal = ++lastOrdinal;
        ordinalOf[pubkeyRoot] = ordinal;
        Record storage record = _records[ordinal];
        record.status = Status.Predeposited;
        record.operatorId = operatorId;
        record.pubkeyRoot = pubkeyRoot;
        REGISTRY.addValidator(operatorId, msg.sender);
        emit Predeposited(ordinal, operatorId, pubkey);
        bytes memory credentials = abi.encodePacked(VAULT.withdrawalCredentials());
        DEPOSIT_CONTRACT.deposit{value: PREDEPOSIT}(pubkey, credentials, signature, depositDataRoot);
    }

    /// @notice Shows how the beacon chain took the predeposit: the Vault's credentials make it Proven, others Rejected.
    function proveCredentials(uint32 ordinal, StateProof calldata state, ValidatorProof calldata validator) external {
        Record memory record = _records[ordinal];
        if (record.status != Status.Predeposited) revert StatusWrong(ordinal, record.status);
        _verify(state, validator);
        Validator calldata fields = validator.fields;
        if (fields.pubkeyRoot != record.pubkeyRoot) revert ValidatorOther(ordinal);
        bool good = fields.withdrawalCredentials == VAULT.withdrawalCredentials() && !fields.slashed
            && fields.exitEpoch == FAR_FUTURE_EPOCH;
        record.status = good ? Status.Proven : Status.Rejected;
        record.index = uint40(validator.index);
        _writeHot(ordinal, record);
        if (good) {
            emit CredentialsProven(ordinal, record.operatorId, validator.index);
        } else {
            emit CredentialsRejected(ordinal, record.operatorId, fields.withdrawalCredentials);
            REGISTRY.removeValidator(record.operatorId, false);
        }
    }

    /// @notice Funds the next proven validator, first predeposited first; one that was passed over may come any time.
    /// The operator is paid its ether in shares.
    function fund(uint32 ordinal, bytes calldata pubkey, bytes32 depositDataRoot) external {
        Record memory record = _records[ordinal];
        if (record.status != Status.Proven) revert StatusWrong(ordinal, record.status);
        if (record.pubkeyRoot != BeaconProofs.pubkeyRoot(pubkey)) revert ValidatorOther(ordinal);
        if (!REGISTRY.mayStake(record.operatorId)) revert OperatorMayNotStake(record.operatorId);
        if (checkpoint.open && checkpoint.startSlot == _currentSlot()) revert FundingInStartBlock();
        for (uint32 earlier = fundCursor; earlier < ordinal; ++earlier) {
            if (_records[earlier].status == Status.Proven && REGISTRY.mayStake(_records[earlier].operatorId)) {
                revert NotItsTurn(ordinal, earlier);
            }
        }
        if (ordinal >= fundCursor) fundCursor = ordinal + 1;
        uint64 amount = STAKE_GWEI - PREDEPOSIT_GWEI;
        record.status = Status.Funded;
        record.balanceGwei = uint48(PREDEPOSIT_GWEI);
        record.inFlightGwei = uint48(amount);
        record.depositSlot = uint32(_currentSlot());
        _writeHot(ordinal, record);
        ++liveCount;
        REGISTRY.startEarning(record.operatorId);
        emit Funded(ordinal, record.operatorId, amount);
        VAULT.stake(pubkey, amount, depositDataRoot);
        VAULT.creditPredeposit(REGISTRY.managerOf(record.operatorId), PREDEPOSIT);
    }

    // ── Going ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Asks the beacon chain to exit a validator (EIP-7002). Its operator may; anybody may when that operator is
    /// frozen, and, oldest validator first, when the queue needs more than the cash at hand and on its way.
    function requestExit(uint32 ordinal, bytes calldata pubkey) external {
        Record memory record = _liveRecord(ordinal, pubkey);
        if (record.status != Status.Funded) revert StatusWrong(ordinal, record.status);
        ExitRequest memory last = exitRequests[ordinal];
        uint256 from = uint256(last.askedAt) + EXIT_RETRY_SECONDS;
        if (last.askedAt != 0 && block.timestamp < from) revert ExitAlreadyRequested(ordinal, from);
        bool frozen = REGISTRY.isFrozen(record.operatorId);
        leavingGwei -= last.expectedGwei; // what was asked for in vain is not on its way
        if (!frozen && msg.sender != REGISTRY.managerOf(record.operatorId)) _takeTurnToExit(ordinal, last.askedAt != 0);
        leavingGwei += record.balanceGwei;
        exitRequests[ordinal] = ExitRequest(uint64(block.timestamp), record.balanceGwei);
        emit ExitRequested(ordinal, record.operatorId, msg.sender);
        VAULT.requestWithdrawal(pubkey, 0);
        if (frozen) VAULT.payBounty(msg.sender, BOUNTY_GAS_EXIT);
    }

    /// @notice Asks for a part of a validator's balance (EIP-7002); the beacon chain keeps it at 32 ETH or more. Its
    /// operator may, and anybody while the queue needs more than the cash at hand and on its way.
    function requestPartial(uint32 ordinal, bytes calldata pubkey, uint64 amountGwei) external {
        Record memory record = _liveRecord(ordinal, pubkey);
        if (record.status != Status.Funded || amountGwei == 0) revert StatusWrong(ordinal, record.status);
        // EIP-7002 passes over an exit while a partial withdrawal waits: once an exit is asked for, none may be added.
        ExitRequest memory exit = exitRequests[ordinal];
        if (exit.askedAt != 0) revert ExitAlreadyRequested(ordinal, uint256(exit.askedAt) + EXIT_RETRY_SECONDS);
        if (msg.sender != REGISTRY.managerOf(record.operatorId) && shortfall() == 0) revert ExitNotCalledFor(ordinal);
        emit PartialRequested(ordinal, amountGwei, msg.sender);
        VAULT.requestWithdrawal(pubkey, amountGwei);
    }

    /// @notice Merges one of an operator's validators into another of its own (EIP-7251). Only its manager.
    function requestConsolidation(uint32 source, bytes calldata sourcePubkey, uint32 target, bytes calldata targetPubkey)
        external
    {
        Record memory from = _liveRecord(source, sourcePubkey);
        Record memory to = _liveRecord(target, targetPubkey);
        if (from.status != Status.Funded) revert StatusWrong(source, from.status);
        if (to.status != Status.Funded || to.operatorId != from.operatorId) revert StatusWrong(target, to.status);
        if (msg.sender != REGISTRY.managerOf(from.operatorId)) revert NotManager(from.operatorId, msg.sender);
        if (source == target) revert ValidatorOther(target);
        emit ConsolidationRequested(source, target);
        VAULT.requestConsolidation(sourcePubkey, targetPubkey);
    }

    /// @notice Shows that a funded validator is exiting.
    function proveExit(uint32 ordinal, StateProof calldata state, ValidatorProof calldata validator) external {
        Record memory record = _records[ordinal];
        if (record.status != Status.Funded) revert StatusWrong(ordinal, record.status);
        _verify(state, validator);
        if (validator.index != record.index) revert ValidatorOther(ordinal);
        if (validator.fields.exitEpoch == FAR_FUTURE_EPOCH) revert NotYetOnBeaconChain(ordinal);
        _records[ordinal].status = Status.Exiting;
        if (exitRequests[ordinal].askedAt == 0) {
            // It left by its own key: its balance is on its way all the same, and need not be asked for again.
            exitRequests[ordinal] = ExitRequest(uint64(block.timestamp), record.balanceGwei);
            leavingGwei += record.balanceGwei;
        }
        emit ExitProven(ordinal, validator.fields.exitEpoch, validator.fields.withdrawableEpoch);
    }

    /// @notice Shows that an exited validator's whole balance has come back.
    function proveWithdrawn(
        uint32 ordinal,
        StateProof calldata state,
        ValidatorProof calldata validator,
        BalancesProof calldata balance
    ) external {
        Record memory record = _records[ordinal];
        if (record.status != Status.Exiting || record.inFlightGwei != 0) revert StatusWrong(ordinal, record.status);
        (bytes32 stateRoot, uint64 slot, Layout memory fork) = BeaconProofs.anchor(LAYOUTS, state);
        BeaconProofs.verifyValidator(stateRoot, fork, validator);
        if (validator.index != record.index) revert ValidatorOther(ordinal);
        uint64[] memory indices = new uint64[](1);
        indices[0] = record.index;
        uint64 left = BeaconProofs.verifyBalances(stateRoot, fork, indices, balance)[0];
        // A slashed validator exits too: it leaves by settlement only.
        if (left != 0 || validator.fields.slashed || validator.fields.withdrawableEpoch > slot / SLOTS_PER_EPOCH) {
            revert NotYetOnBeaconChain(ordinal);
        }
        _retire(ordinal, record);
    }

    // ── The enforcer ─────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Only the enforcer: the validator was proven slashed.
    function markSlashed(uint32 ordinal) external {
        if (msg.sender != address(ENFORCER)) revert LedgerCallerUnknown(msg.sender);
        _records[ordinal].status = Status.Slashed;
        emit Slashed(ordinal, _records[ordinal].operatorId);
    }

    /// @notice Only the enforcer: a provision took `lessGwei` off a slashed validator's value.
    function uncount(uint32 ordinal, uint256 lessGwei) external {
        if (msg.sender != address(ENFORCER)) revert LedgerCallerUnknown(msg.sender);
        _uncount(ordinal, lessGwei);
    }

    /// @notice Only the enforcer: the slashed validator's loss is settled.
    function markSettled(uint32 ordinal) external {
        if (msg.sender != address(ENFORCER)) revert LedgerCallerUnknown(msg.sender);
        Record memory record = _records[ordinal];
        if (record.status != Status.Slashed || record.inFlightGwei != 0) revert StatusWrong(ordinal, record.status);
        _retire(ordinal, record);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Wei the queue needs beyond the cash at hand and the exits on their way.
    function shortfall() public view returns (uint256) {
        uint256 wanted = (QUEUE.queuedShares() * VAULT.rate()) / 1e18;
        uint256 coming = VAULT.freeCash() + uint256(leavingGwei) * GWEI;
        return wanted > coming ? wanted - coming : 0;
    }

    // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    function _verify(StateProof calldata state, ValidatorProof calldata validator) private view {
        (bytes32 stateRoot,, Layout memory fork) = BeaconProofs.anchor(LAYOUTS, state);
        BeaconProofs.verifyValidator(stateRoot, fork, validator);
    }

    function _liveRecord(uint32 ordinal, bytes calldata pubkey) private view returns (Record memory record) {
        record = _records[ordinal];
        if (!_isLive(record.status)) revert StatusWrong(ordinal, record.status);
        if (record.pubkeyRoot != BeaconProofs.pubkeyRoot(pubkey)) revert ValidatorOther(ordinal);
    }

    /// @dev The queue's turn: oldest funded validator first. A retry keeps the turn it had.
    function _takeTurnToExit(uint32 ordinal, bool retry) private {
        if (shortfall() == 0) revert ExitNotCalledFor(ordinal);
        if (retry) return;
        for (uint32 earlier = exitCursor; earlier < ordinal; ++earlier) {
            if (_records[earlier].status == Status.Funded && exitRequests[earlier].askedAt == 0) {
                revert NotItsTurn(ordinal, earlier);
            }
        }
        if (ordinal >= exitCursor) exitCursor = ordinal + 1;
    }

    function _retire(uint32 ordinal, Record memory record) private {
        _requireCounted(ordinal);
        bool earning = record.status != Status.Slashed;
        _records[ordinal].status = Status.Withdrawn;
        --liveCount;
        leavingGwei -= exitRequests[ordinal].expectedGwei;
        delete exitRequests[ordinal];
        REGISTRY.removeValidator(record.operatorId, earning);
        emit Withdrawn(ordinal, record.operatorId);
    }
}
