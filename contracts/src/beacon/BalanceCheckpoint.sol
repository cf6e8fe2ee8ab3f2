// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BeaconProofs} from "./BeaconProofs.sol";
import {BalancesOpening, Layout, PendingDeposit, PendingRun, StateProof, Validator, ValidatorProof} from "./BeaconTypes.sol";
import {HotRecord} from "./HotRecord.sol";
import {LedgerBase} from "./LedgerBase.sol";
import {Checkpoint, Record, Status} from "./LedgerTypes.sol";

/// @notice The checkpoint's own numbers, fixed at deployment.
/// @param minInterval seconds from the start of one checkpoint to the start of the next
/// @param timeout seconds after which an unfinished checkpoint may be replaced
struct CheckpointConfig {
    uint64 minInterval;
    uint64 timeout;
}

/// @title BalanceCheckpoint: the pool's net asset value, proven
/// @notice start (freezes one moment) → open (shows the state behind it) → resolve (deposits in flight) and prove
/// (balances, any order, any batches) → finish (the NAV enters the rate). Anybody may take any step.
/// @dev **The frozen moment.** In execution block C the EIP-4788 root for C's own timestamp is that of the parent
/// beacon block P. P's post-state has its withdrawals deducted and P's execution block has credited them, so the
/// Vault's balance at the start of C and the balances in P's state are one moment.
///
/// **A deposit in flight** counts exactly once. Made after the start: not at all (the frozen cash still holds it).
/// Made before it, in a slot after P: in flight, by time alone. Made in P's slot or earlier: `resolvePending` shows it
/// in P's `pending_deposits`, or `resolveLanded` shows that it has left the list: the list is first in, first out for
/// a validator that was never exiting, so every older entry at the front being another deposit is enough; for one
/// that is exiting a deposit may have been put back to the end until it was withdrawable, so everything older than that
/// is shown, or the whole list, in as many calls as it takes.
///
/// **From Gloas on** a block's payload comes after its state: its deposits join the list with the next block, under that
/// block's slot, and its withdrawals are deducted before the Vault is credited. So a deposit made in P's own slot is in
/// flight by time alone, and a P whose payload was withheld cannot be opened.
abstract contract BalanceCheckpoint is LedgerBase {
    using HotRecord for uint256;
    using HotRecord for uint256[];
    using HotRecord for uint64[];

    uint256 private constant BOUNTY_GAS_BASE = 60_000;
    uint256 private constant BOUNTY_GAS_PER_VALIDATOR = 12_000;
    uint256 private constant BOUNTY_GAS_FINISH = 120_000;
    /// @dev A slashing of block C itself can be shown in the next block only: who saw it coming must not be paid before.
    uint256 private constant FINISH_AFTER_SLOTS = 2;

    /// @dev How much of the list of `slot`'s state was shown not to hold a validator's deposit.
    struct Scan {
        uint64 slot;
        uint64 next;
    }

    uint64 private immutable MIN_INTERVAL;
    uint64 private immutable TIMEOUT;

    Checkpoint public checkpoint;
    /// @dev The opened balances list of the checkpoint's state.
    bytes32 private _balancesTop;
    uint64 private _balancesLength;
    bool private _balancesProgressive;
    /// @dev Slot of the checkpoint in whose state this validator's deposit was shown to be pending.
    mapping(uint32 ordinal => uint256 slot) private _pendingAt;
    mapping(uint32 ordinal => Scan) private _scans;

    event CheckpointStarted(bytes32 indexed root, uint256 startSlot, uint256 validators);
    event CheckpointOpened(bytes32 indexed root, uint256 slot);
    event CheckpointProved(uint256 indexed slot, uint256 counted, uint256 remaining);
    event CheckpointFinished(uint256 indexed slot, bytes32 indexed root, uint256 nav, uint256 outside);
    event DepositLanded(uint32 indexed ordinal, uint256 amountGwei, uint256 slot);

    /// @notice Why: one is in progress, or the last began too short ago. How to fix: finish it, or wait until `from`.
    error CheckpointTooSoon(uint256 from);
    /// @notice Why: no checkpoint is in that phase. How to fix: start, open, prove, finish, in that order.
    error CheckpointPhaseWrong();
    /// @notice Why: the root is the last checkpoint's. How to fix: try a later block.
    error CheckpointRootUnusable(bytes32 root);
    /// @notice Why: validators are still missing. How to fix: prove them.
    error CheckpointIncomplete(uint256 remaining);
    /// @notice Why: it is not yet shown whether this validator's deposit is pending or has landed.
    /// How to fix: call `resolvePending` or `resolveLanded` first.
    error DepositUnresolved(uint32 ordinal);
    /// @notice Why: the item is not this validator's deposit. How to fix: prove the right position.
    error DepositOther(uint32 ordinal);
    /// @notice Why: the deposit is among the items, or an earlier part of the list was not shown. How to fix: begin where the
    /// last call ended (at position 0 if there was none), and go on until `DepositLanded` is emitted.
    error DepositNotShownLanded(uint32 ordinal);

    constructor(CheckpointConfig memory config) {
        MIN_INTERVAL = config.minInterval;
        TIMEOUT = config.timeout;
    }

    /// @notice Freezes this block's moment.
    function startCheckpoint() external {
        Checkpoint memory last = checkpoint;
        uint256 from = uint256(last.startedAt) + (last.open ? TIMEOUT : MIN_INTERVAL);
        if (block.timestamp < from) revert CheckpointTooSoon(from);
        bytes32 root = BeaconProofs.parentRoot(block.timestamp);
        if (root == last.root) revert CheckpointRootUnusable(root);
        checkpoint = Checkpoint({
            root: root,
            stateRoot: 0,
            slot: 0,
            startSlot: uint40(_currentSlot()),
            startedAt: uint40(block.timestamp),
            remaining: liveCount,
            sumGwei: 0,
            open: true
        });
        VAULT.freeze();
        QUEUE.freeze();
        emit CheckpointStarted(root, _currentSlot(), liveCount);
    }

    /// @notice Shows the state behind the frozen root, and its balances list. The proof's timestamp is not read.
    function openCheckpoint(StateProof calldata proof, BalancesOpening calldata opening) external {
        Checkpoint memory c = checkpoint;
        if (!c.open || c.stateRoot != 0) revert CheckpointPhaseWrong();
        (bytes32 stateRoot, uint64 slot, Layout memory fork) = BeaconProofs.anchorHeader(LAYOUTS, c.root, proof);
        BeaconProofs.openBalances(stateRoot, fork, opening);
        // Reverts where no execution block has P's timestamp: its payload was withheld (Gloas).
        if (fork.progressive) BeaconProofs.parentRoot(GENESIS_TIME + uint256(slot) * SECONDS_PER_SLOT);
        (_balancesTop, _balancesLength, _balancesProgressive) = (opening.top, opening.length, fork.progressive);
        checkpoint.stateRoot = stateRoot;
        checkpoint.slot = uint40(slot);
        emit CheckpointOpened(c.root, slot);
    }

    /// @notice Counts the balances of `ordinals` (in ascending order of their beacon index). Those already counted,
    /// or that this checkpoint does not count, are skipped: a batch sent twice, or by two keepers, does no harm.
    function proveBalances(uint32[] calldata ordinals, bytes32[] calldata chunks, bytes32[] calldata siblings) external {
        Checkpoint storage c = checkpoint;
        (uint256 slot, uint256 startSlot, uint256 remaining, uint256 sum) = (c.slot, c.startSlot, c.remaining, c.sumGwei);
        if (!c.open || slot == 0) revert CheckpointPhaseWrong(); // no slot before it is opened
        (uint256[] memory words, uint256[] memory places, uint64[] memory indices) = HotRecord.load(_records, ordinals);
        uint64[] memory balances =
            BeaconProofs.verifyBalancesUnder(_balancesTop, _balancesLength, _balancesProgressive, indices, chunks, siblings);
        uint256 counted;
        unchecked {
            // All four arrays have one length. The verifier refuses an index twice, so no word read above is stale below.
            // A value is a few amounts of gwei below 2^64: neither sum nor counter can overflow.
            for (uint256 i; i < ordinals.length; ++i) {
                uint256 word = words.item(i);
                uint256 seenAt = word.balanceSlot();
                // Left, counted before, or funded after the start.
                if (!word.isLive() || seenAt == slot || (seenAt == 0 && word.depositSlot() > startSlot)) continue;
                uint256 balance = balances.item(i);
                places.item(i).store(word.seen(balance, slot));
                sum += word.isPlain() ? balance : _value(ordinals[i], word, balance, slot, startSlot);
                ++counted;
            }
        }
        if (counted == 0) return;
        remaining -= counted;
        (c.sumGwei, c.remaining) = (uint64(sum), uint32(remaining));
        emit CheckpointProved(slot, counted, remaining);
        VAULT.payBounty(msg.sender, BOUNTY_GAS_BASE + counted * BOUNTY_GAS_PER_VALIDATOR);
    }

    /// @notice The NAV of the frozen moment enters the rate, and the requests made before it may be paid.
    function finishCheckpoint() external {
        Checkpoint memory c = _inProgress();
        if (c.remaining != 0) revert CheckpointIncomplete(c.remaining);
        if (_currentSlot() < c.startSlot + FINISH_AFTER_SLOTS) {
            revert CheckpointTooSoon(GENESIS_TIME + (c.startSlot + FINISH_AFTER_SLOTS) * SECONDS_PER_SLOT);
        }
        checkpoint.open = false;
        uint256 outside = uint256(c.sumGwei) * GWEI;
        uint256 nav = VAULT.report(outside);
        QUEUE.release();
        emit CheckpointFinished(c.slot, c.root, nav, outside);
        VAULT.payBounty(msg.sender, BOUNTY_GAS_FINISH);
    }

    /// @notice Shows that the validator's deposit in flight is still in the state's `pending_deposits`.
    function resolvePending(uint32 ordinal, PendingRun calldata run) external {
        (Checkpoint memory c, Record storage record) = _unresolved(ordinal);
        BeaconProofs.verifyPendingRun(c.stateRoot, LAYOUTS.layoutAt(c.slot), run);
        if (run.items.length == 0 || !_isOurs(record, run.items[0])) revert DepositOther(ordinal);
        _pendingAt[ordinal] = c.slot;
    }

    /// @notice Shows that the validator's deposit in flight has left `pending_deposits`: it is in the balance. A list too
    /// long for one call is shown in parts, each from where the last one ended.
    function resolveLanded(uint32 ordinal, ValidatorProof calldata validator, PendingRun calldata run) external {
        (Checkpoint memory c, Record storage record) = _unresolved(ordinal);
        Layout memory fork = LAYOUTS.layoutAt(c.slot);
        BeaconProofs.verifyValidator(c.stateRoot, fork, validator);
        BeaconProofs.verifyPendingRun(c.stateRoot, fork, run);
        if (validator.index != record.index) revert ValidatorOther(ordinal);
        if (!_hasLeft(ordinal, record, validator.fields, run, c.slot)) return;
        uint48 amount = record.inFlightGwei;
        record.inFlightGwei = 0;
        if (record.status == Status.Slashed) ENFORCER.deposited(ordinal, amount, c.slot);
        emit DepositLanded(ordinal, amount, c.slot);
    }

    /// @dev Whether the run, after those before it, shows that the deposit is not in the list. False: more is to be shown.
    function _hasLeft(
        uint32 ordinal,
        Record storage record,
        Validator calldata fields,
        PendingRun calldata run,
        uint64 slot
    ) private returns (bool) {
        Scan memory scan = _scans[ordinal];
        uint256 shown = scan.slot == slot ? scan.next : 0;
        if (run.start > shown) revert DepositNotShownLanded(ordinal);
        uint256 made = record.depositSlot;
        // The last slot under which the deposit can have joined the list. From Gloas on that is the next block's, which is
        // not known: but no later than the first later one of any deposit there.
        uint256 joined = _balancesProgressive ? type(uint256).max : made;
        uint256 last;
        for (uint256 i; i < run.items.length; ++i) {
            if (_isOurs(record, run.items[i])) revert DepositNotShownLanded(ordinal);
            last = run.items[i].slot;
            if (last > made && last < joined) joined = last;
        }
        uint256 next = run.start + run.items.length;
        if (next == run.length) return true;
        // An exiting validator's deposit goes back to the end until it is withdrawable: what joined later lies behind it.
        bool behind = fields.exitEpoch == FAR_FUTURE_EPOCH || last / SLOTS_PER_EPOCH >= fields.withdrawableEpoch;
        if (last > joined && behind) return true;
        if (next > shown) _scans[ordinal] = Scan(slot, uint64(next));
        return false;
    }

    /// @dev Whether a deposit made in slot `made` may be in the list of `slot`'s state, or have left it.
    function _mayHaveJoined(uint256 made, uint256 slot) private view returns (bool) {
        return _balancesProgressive ? made < slot : made <= slot;
    }

    /// @dev Gwei at which a checkpoint counts a validator that is slashed or has a deposit in flight.
    function _value(uint32 ordinal, uint256 word, uint256 balance, uint256 slot, uint256 startSlot)
        private
        view
        returns (uint256 value)
    {
        value = word.isSlashed() ? ENFORCER.valueOf(ordinal, uint64(balance), uint64(slot)) : balance;
        uint256 inFlight = word.inFlightGwei();
        if (inFlight == 0 || word.depositSlot() > startSlot) return value;
        if (_pendingAt[ordinal] != slot && _mayHaveJoined(word.depositSlot(), slot)) revert DepositUnresolved(ordinal);
        value += inFlight;
    }

    /// @dev Corrects a sum that already holds this validator, when its proven slashing lowers its value meanwhile.
    function _uncount(uint32 ordinal, uint256 lessGwei) internal {
        Checkpoint memory c = checkpoint;
        if (!c.open || c.slot == 0 || _records[ordinal].balanceSlot != c.slot) return;
        checkpoint.sumGwei = c.sumGwei > lessGwei ? uint64(c.sumGwei - lessGwei) : 0;
    }

    /// @dev A validator must not leave the ledger between the start of a checkpoint and its being counted there.
    function _requireCounted(uint32 ordinal) internal view {
        Checkpoint memory c = checkpoint;
        Record memory record = _records[ordinal];
        bool seen = c.slot != 0 && record.balanceSlot == c.slot;
        if (c.open && !seen && !_fundedAfterStart(record, c)) revert CheckpointIncomplete(c.remaining);
    }

    function _fundedAfterStart(Record memory record, Checkpoint memory c) private pure returns (bool) {
        return record.balanceSlot == 0 && record.depositSlot > c.startSlot;
    }

    function _inProgress() private view returns (Checkpoint memory c) {
        c = checkpoint;
        if (!c.open || c.stateRoot == 0) revert CheckpointPhaseWrong();
    }

    function _unresolved(uint32 ordinal) private view returns (Checkpoint memory c, Record storage record) {
        c = _inProgress();
        record = _records[ordinal];
        if (record.inFlightGwei == 0 || !_mayHaveJoined(record.depositSlot, c.slot)) revert DepositOther(ordinal);
    }

    function _isOurs(Record storage record, PendingDeposit calldata item) private view returns (bool) {
        uint256 made = record.depositSlot;
        return item.pubkeyRoot == record.pubkeyRoot && item.amount == record.inFlightGwei
            && (item.slot == made || (item.slot > made && _balancesProgressive));
    }

    /// @dev All fields but the key, which never changes: one slot.
    function _writeHot(uint32 ordinal, Record memory record) internal {
        Record storage stored = _records[ordinal];
        stored.status = record.status;
        stored.operatorId = record.operatorId;
        stored.index = record.index;
        stored.balanceGwei = record.balanceGwei;
        stored.balanceSlot = record.balanceSlot;
        stored.inFlightGwei = record.inFlightGwei;
        stored.depositSlot = record.depositSlot;
    }
}
