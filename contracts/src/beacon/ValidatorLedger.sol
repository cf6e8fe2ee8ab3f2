// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChainClock, IDepositContract, PoolAddresses, compoundingCredentials} from "../interfaces/IPool.sol";
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

    /// @dev What belongs to a public key, in one slot: the record that holds it (0 if none), when its exit was last asked
    /// for (seconds; 0 if never), and what of the balance that is expected to bring.
    struct Key {
        uint32 ordinal;
        uint64 exitAskedAt;
        uint64 exitExpectedGwei;
    }

    IDepositContract private immutable DEPOSIT_CONTRACT;
    uint64 private immutable STAKE_GWEI;
    uint64 private immutable EXIT_RETRY_SECONDS;

    mapping(bytes32 pubkeyRoot => Key) private _keys;
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
        if (_keys[pubkeyRoot].ordinal != 0) revert PubkeyKnown(_keys[pubkeyRoot].ordinal);
        ordinal = ++lastOrdinal;
        _keys[pubkeyRoot].ordinal = ordinal;
        Record storage record = _records[ordinal];
        record.status = Status.Predeposited;
        record.operatorId = operatorId;
        record.pubkeyRoot = pubkeyRoot;
        REGISTRY.addValidator(operatorId, msg.sender);
        emit Predeposited(ordinal, operatorId, pubkey);
        bytes memory credentials = abi.encodePacked(compoundingCredentials(address(VAULT)));
        DEPOSIT_CONTRACT.deposit{value: PREDEPOSIT}(pubkey, credentials, signature, depositDataRoot);
    }

    /// @notice Shows how the beacon chain took the predeposit: the Vault's credentials make it Proven, others Rejected. One
    /// that was proven, and slashed or left before it was funded, is Rejected too: the pool's money must not follow.
    function proveCredentials(uint32 ordinal, StateProof calldata state, ValidatorProof calldata validator) external {
        Record memory record = _records[ordinal];
        if (record.status != Status.Predeposited && record.status != Status.Proven) {
            revert StatusWrong(ordinal, record.status);
        }
        _verify(state, validator);
        Validator calldata fields = validator.fields;
        if (fields.pubkeyRoot != record.pubkeyRoot) revert ValidatorOther(ordinal);
        bool good = fields.withdrawalCredentials == compoundingCredentials(address(VAULT)) && !fields.slashed
            && fields.exitEpoch == FAR_FUTURE_EPOCH;
        if (good && record.status == Status.Proven) revert StatusWrong(ordinal, record.status);
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
            if (_awaitsFunding(earlier)) revert NotItsTurn(ordinal, earlier);
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
        (Record storage record, Key storage key) = _live(ordinal, pubkey);
        (Status status, uint32 operatorId, uint64 balance) = (record.status, record.operatorId, record.balanceGwei);
        if (status != Status.Funded) revert StatusWrong(ordinal, status);
        Key memory last = key;
        uint256 from = uint256(last.exitAskedAt) + EXIT_RETRY_SECONDS;
        if (last.exitAskedAt != 0 && block.timestamp < from) revert ExitAlreadyRequested(ordinal, from);
        bool frozen = REGISTRY.isFrozen(operatorId);
        uint64 leaving = leavingGwei - last.exitExpectedGwei; // what was asked for in vain is not on its way
        if (!frozen && msg.sender != REGISTRY.managerOf(operatorId)) {
            _takeTurnToExit(ordinal, last.exitAskedAt != 0, leaving);
        }
        leavingGwei = leaving + balance;
        _noteExit(key, balance);
        emit ExitRequested(ordinal, operatorId, msg.sender);
        VAULT.requestWithdrawal(pubkey, 0);
        // A repetition changes nothing as long as the beacon chain does not take it up: it is not paid for.
        if (frozen && last.exitAskedAt == 0) VAULT.payBounty(msg.sender, BOUNTY_GAS_EXIT);
    }

    /// @notice Asks for a part of a validator's balance (EIP-7002); the beacon chain keeps it at 32 ETH or more. Only its
    /// manager, and not once its exit was asked for: the beacon chain drops an exit while a partial withdrawal waits.
    function requestPartial(uint32 ordinal, bytes calldata pubkey, uint64 amountGwei) external {
        (Record storage record, Key storage key) = _live(ordinal, pubkey);
        (Status status, uint32 operatorId) = (record.status, record.operatorId);
        if (status != Status.Funded || amountGwei == 0) revert StatusWrong(ordinal, status);
        if (msg.sender != REGISTRY.managerOf(operatorId)) revert NotManager(operatorId, msg.sender);
        if (REGISTRY.isFrozen(operatorId)) revert OperatorMayNotStake(operatorId);
        if (key.exitAskedAt != 0) revert ExitAlreadyRequested(ordinal, uint256(key.exitAskedAt) + EXIT_RETRY_SECONDS);
        emit PartialRequested(ordinal, amountGwei, msg.sender);
        VAULT.requestWithdrawal(pubkey, amountGwei);
    }

    /// @notice Merges one of an operator's validators into another of its own (EIP-7251). Only its manager.
    function requestConsolidation(uint32 source, bytes calldata sourcePubkey, uint32 target, bytes calldata targetPubkey)
        external
    {
        (Record storage from,) = _live(source, sourcePubkey);
        (Record storage to,) = _live(target, targetPubkey);
        if (from.status != Status.Funded) revert StatusWrong(source, from.status);
        if (to.status != Status.Funded || to.operatorId != from.operatorId) revert StatusWrong(target, to.status);
        if (msg.sender != REGISTRY.managerOf(from.operatorId)) revert NotManager(from.operatorId, msg.sender);
        if (REGISTRY.isFrozen(from.operatorId)) revert OperatorMayNotStake(from.operatorId);
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
        if (_keys[record.pubkeyRoot].exitAskedAt == 0) {
            // It left by its own key: its balance is on its way all the same, and need not be asked for again.
            _noteExit(_keys[record.pubkeyRoot], record.balanceGwei);
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
        // A slashed validator exits too: it leaves by settlement only. And what the last checkpoint counted may have come
        // after an older state that shows nothing: it must be seen to have gone.
        if (slot < record.balanceSlot || left != 0 || validator.fields.slashed || validator.fields.withdrawableEpoch > slot / SLOTS_PER_EPOCH) {
            revert NotYetOnBeaconChain(ordinal);
        }
        _retire(ordinal, record);
    }

    // ── Both ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Moves both turns past at most `most` validators each that do not wait for theirs. Funding and exits look at
    /// all that lie between the turn and theirs: however many were rejected or have left there, this keeps them payable.
    function advanceTurns(uint32 most) external {
        uint32 end = lastOrdinal + 1;
        uint32 next = fundCursor;
        // One that is not proven yet keeps its turn.
        for (uint32 n; n < most && next < end && !_awaitsFunding(next) && _records[next].status != Status.Predeposited; ++n) {
            ++next;
        }
        fundCursor = next;
        next = exitCursor;
        for (uint32 n; n < most && next < end && !_awaitsExit(next); ++n) ++next;
        exitCursor = next;
    }

    // ── The enforcer ─────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Only the enforcer: the validator was proven slashed. What it brings comes after weeks only, so the queue no
    /// longer counts on it, and may ask others to exit.
    function markSlashed(uint32 ordinal) external {
        if (msg.sender != address(ENFORCER)) revert LedgerCallerUnknown(msg.sender);
        Record storage record = _records[ordinal];
        record.status = Status.Slashed;
        Key storage key = _keys[record.pubkeyRoot];
        leavingGwei -= key.exitExpectedGwei;
        key.exitExpectedGwei = 0;
        emit Slashed(ordinal, record.operatorId);
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

    /// @notice The record that holds a key; 0 if none.
    function ordinalOf(bytes32 pubkeyRoot) external view returns (uint32) {
        return _keys[pubkeyRoot].ordinal;
    }

    /// @notice When the validator's exit was last asked for, in seconds, and what it is expected to bring.
    function exitRequests(uint32 ordinal) external view returns (uint64 askedAt, uint64 expectedGwei) {
        Key storage key = _keys[_records[ordinal].pubkeyRoot];
        return (key.exitAskedAt, key.exitExpectedGwei);
    }

    /// @notice Wei the queue needs beyond the cash at hand and the exits on their way.
    function shortfall() external view returns (uint256) {
        return _shortfall(leavingGwei);
    }

    // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    function _verify(StateProof calldata state, ValidatorProof calldata validator) private view {
        (bytes32 stateRoot,, Layout memory fork) = BeaconProofs.anchor(LAYOUTS, state);
        BeaconProofs.verifyValidator(stateRoot, fork, validator);
    }

    /// @dev The key leads to its record, so that the record's own slot with the key's root need not be read.
    function _live(uint32 ordinal, bytes calldata pubkey) private view returns (Record storage record, Key storage key) {
        record = _records[ordinal];
        if (!_isLive(record.status)) revert StatusWrong(ordinal, record.status);
        key = _keys[BeaconProofs.pubkeyRoot(pubkey)];
        if (key.ordinal != ordinal) revert ValidatorOther(ordinal);
    }

    function _noteExit(Key storage key, uint64 balance) private {
        key.exitAskedAt = uint64(block.timestamp);
        key.exitExpectedGwei = balance;
    }

    function _shortfall(uint64 leaving) private view returns (uint256) {
        uint256 wanted = (QUEUE.queuedShares() * VAULT.rate()) / 1e18;
        uint256 coming = VAULT.freeCash() + uint256(leaving) * GWEI;
        return wanted > coming ? wanted - coming : 0;
    }

    /// @dev The queue's turn: oldest funded validator first. A retry keeps the turn it had.
    function _takeTurnToExit(uint32 ordinal, bool retry, uint64 leaving) private {
        if (_shortfall(leaving) == 0) revert ExitNotCalledFor(ordinal);
        if (retry) return;
        for (uint32 earlier = exitCursor; earlier < ordinal; ++earlier) {
            if (_awaitsExit(earlier)) revert NotItsTurn(ordinal, earlier);
        }
        if (ordinal >= exitCursor) exitCursor = ordinal + 1;
    }

    function _awaitsFunding(uint32 ordinal) private view returns (bool) {
        Record storage record = _records[ordinal];
        return record.status == Status.Proven && REGISTRY.mayStake(record.operatorId);
    }

    function _awaitsExit(uint32 ordinal) private view returns (bool) {
        Record storage record = _records[ordinal];
        return record.status == Status.Funded && _keys[record.pubkeyRoot].exitAskedAt == 0;
    }

    function _retire(uint32 ordinal, Record memory record) private {
        _requireCounted(ordinal);
        bool earning = record.status != Status.Slashed;
        _records[ordinal].status = Status.Withdrawn;
        --liveCount;
        Key storage key = _keys[record.pubkeyRoot];
        leavingGwei -= key.exitExpectedGwei;
        (key.exitAskedAt, key.exitExpectedGwei) = (0, 0);
        REGISTRY.removeValidator(record.operatorId, earning);
        emit Withdrawn(ordinal, record.operatorId);
    }
}
