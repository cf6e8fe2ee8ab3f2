// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BeaconProofs} from "../beacon/BeaconProofs.sol";
import {BalancesProof, Hop, Layout, StateProof, ValidatorProof, WithdrawalProof} from "../beacon/BeaconTypes.sol";
import {ForkLayouts} from "../beacon/ForkLayouts.sol";
import {Record, Status} from "../beacon/LedgerTypes.sol";
import {ValidatorLedger} from "../beacon/ValidatorLedger.sol";
import {
    ChainClock, IBondVault, IOperatorRegistry, ISlashingEnforcer, IVault, PoolAddresses
} from "../interfaces/IPool.sol";

/// @notice What the expected loss is computed from, fixed at deployment.
/// @param totalActiveGwei T: the network's total active balance
/// @param slashingsVectorEpochs consensus-specs EPOCHS_PER_SLASHINGS_VECTOR
/// @param settleDelaySeconds time for everybody to bring evidence after the first
struct SlashingConfig {
    uint64 totalActiveGwei;
    uint64 slashingsVectorEpochs;
    uint64 settleDelaySeconds;
}

/// @title SlashingEnforcer: fault → freeze → exits → provision → bond
/// @notice Anybody shows that a validator is slashed. At once its operator is frozen, the expected loss beyond what its
/// bond covers leaves the rate, and its other validators may be exited by anybody. When the balance has come back,
/// the loss is what it was worth before the fault less what returned, and the bond pays it.
/// @dev Evidence only adds up: the youngest proven balance before the fault wins (so nobody gains by showing an old
/// one), and each proven withdrawal lowers the loss (so nobody gains by hiding one while others may show it).
contract SlashingEnforcer is ISlashingEnforcer {
    /// @param referenceGwei worth before the fault; @param landedGwei pool deposits that landed after it
    /// @param expectedGwei the expected loss; @param coverGwei bond set aside for it; @param recoveredGwei proven back
    /// @param effectiveGwei effective balance when it was proven: B of the expected loss
    /// @param countedSlot slot of the checkpoint whose balance stands as the reference until one is proven
    /// @param evidenceAt when it was proven, or when a reference last came, in seconds: others may answer it in time
    struct Slashing {
        uint48 referenceGwei;
        uint48 landedGwei;
        uint48 expectedGwei;
        uint48 coverGwei;
        uint48 recoveredGwei;
        uint40 withdrawableEpoch;
        uint40 referenceSlot;
        uint40 firstRecoveryAt;
        uint48 effectiveGwei;
        uint40 countedSlot;
        uint40 evidenceAt;
    }

    uint256 private constant GWEI = 1e9;
    uint256 private constant BOUNTY_GAS = 300_000;
    /// @dev consensus-specs, Electra: MAX_EFFECTIVE_BALANCE_ELECTRA; the sweep takes what lies above it.
    uint256 private constant MAX_EFFECTIVE_GWEI = 2048e9;
    /// @dev consensus-specs: MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA, PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX.
    uint256 private constant INITIAL_QUOTIENT = 4096;
    uint256 private constant CORRELATION_MULTIPLIER = 3;
    /// @dev consensus-specs: BASE_REWARD_FACTOR, EFFECTIVE_BALANCE_INCREMENT, (TIMELY_SOURCE + TIMELY_TARGET) / WEIGHT_DENOMINATOR.
    uint256 private constant BASE_REWARD_FACTOR = 64;
    uint256 private constant INCREMENT_GWEI = 1e9;
    uint256 private constant MISSED_WEIGHT = 14 + 26;
    uint256 private constant WEIGHT_DENOMINATOR = 64;
    /// @dev Without any proven withdrawal the settlement waits this many times longer.
    uint256 private constant UNPROVEN_DELAYS = 8;
    /// @dev Provisions that one more slashing raises by itself, newest first: its proof must fit into a transaction however
    /// many validators an operator loses. `raiseProvisions` raises the others.
    uint256 private constant RAISED_AT_ONCE = 64;

    ValidatorLedger private immutable LEDGER;
    IVault private immutable VAULT;
    IOperatorRegistry private immutable REGISTRY;
    IBondVault private immutable BONDS;
    ForkLayouts private immutable LAYOUTS;
    uint64 private immutable GENESIS_TIME;
    uint64 private immutable SECONDS_PER_SLOT;
    uint64 private immutable SLOTS_PER_EPOCH;
    uint256 private immutable TOTAL_ACTIVE_GWEI;
    uint256 private immutable VECTOR_EPOCHS;
    uint256 private immutable SETTLE_DELAY;

    mapping(uint32 ordinal => Slashing) public slashings;
    /// @notice Effective balances of an operator's proven slashings, in gwei: S of its correlation penalty.
    mapping(uint32 operatorId => uint256) public slashedGwei;
    /// @dev An operator's unsettled slashings: each new one raises the correlation penalty of all.
    mapping(uint32 operatorId => uint32[] ordinals) private _unsettled;
    /// @dev One bit per withdrawal index of the beacon chain: no withdrawal counts twice.
    mapping(uint256 word => uint256) private _seenWithdrawals;

    event SlashingProven(
        uint32 indexed ordinal, uint32 indexed operatorId, uint256 expectedGwei, uint256 coverGwei, address by
    );
    event ReferenceProven(uint32 indexed ordinal, uint256 slot, uint256 balanceGwei);
    event RecoveryProven(uint32 indexed ordinal, uint256 withdrawalIndex, uint256 amountGwei);
    event SlashingSettled(uint32 indexed ordinal, uint32 indexed operatorId, uint256 lossGwei, uint256 paid);

    /// @notice Why: the proof is about another validator. How to fix: prove the record's own index.
    error SlashingOther(uint32 ordinal);
    /// @notice Why: the proven state does not show it slashed (or, for a reference, shows it slashed already).
    error SlashingNotShown(uint32 ordinal);
    /// @notice Why: the validator cannot be slashed for the pool now: not funded, or slashed already.
    error SlashingStatusWrong(uint32 ordinal, Status status);
    /// @notice Why: a younger reference is known. How to fix: none needed.
    error ReferenceOlder(uint256 slot, uint256 known);
    /// @notice Why: the withdrawal is another validator's, not to the Vault, before the withdrawable epoch, or counted.
    error RecoveryInvalid(uint32 ordinal, uint256 withdrawalIndex);
    /// @notice Why: no checkpoint has seen the balance at zero, or the time for evidence is not over. How to fix: wait.
    error SettlementTooEarly(uint32 ordinal, uint256 from);
    /// @notice Why: that function is for the ledger. How to fix: none needed.
    error EnforcerCallerUnknown(address caller);

    constructor(PoolAddresses memory pool, ChainClock memory clock, SlashingConfig memory config) {
        LEDGER = ValidatorLedger(pool.ledger);
        VAULT = IVault(pool.vault);
        REGISTRY = IOperatorRegistry(pool.registry);
        BONDS = IBondVault(pool.bonds);
        LAYOUTS = ForkLayouts(pool.layouts);
        GENESIS_TIME = clock.genesisTime;
        SECONDS_PER_SLOT = clock.secondsPerSlot;
        SLOTS_PER_EPOCH = clock.slotsPerEpoch;
        TOTAL_ACTIVE_GWEI = config.totalActiveGwei;
        VECTOR_EPOCHS = config.slashingsVectorEpochs;
        SETTLE_DELAY = config.settleDelaySeconds;
    }

    // ── Anybody ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Shows that a validator of the pool is slashed. A slashing never goes away, so any recent state shows it.
    function proveSlashing(uint32 ordinal, StateProof calldata state, ValidatorProof calldata validator) external {
        Record memory record = LEDGER.recordOf(ordinal);
        if (record.status != Status.Funded && record.status != Status.Exiting) {
            revert SlashingStatusWrong(ordinal, record.status);
        }
        (bytes32 stateRoot,, Layout memory fork) = BeaconProofs.anchor(LAYOUTS, state);
        BeaconProofs.verifyValidator(stateRoot, fork, validator);
        if (validator.index != record.index) revert SlashingOther(ordinal);
        if (!validator.fields.slashed) revert SlashingNotShown(ordinal);

        slashedGwei[record.operatorId] += validator.fields.effectiveBalance;
        slashings[ordinal] = Slashing({
            referenceGwei: uint48(Math.min(record.balanceGwei, MAX_EFFECTIVE_GWEI)),
            landedGwei: 0,
            expectedGwei: 0,
            coverGwei: 0,
            recoveredGwei: 0,
            withdrawableEpoch: uint40(Math.min(validator.fields.withdrawableEpoch, type(uint40).max)),
            referenceSlot: 0,
            firstRecoveryAt: 0,
            effectiveGwei: uint48(validator.fields.effectiveBalance),
            countedSlot: record.balanceSlot,
            evidenceAt: uint40(block.timestamp)
        });
        _unsettled[record.operatorId].push(ordinal);
        LEDGER.markSlashed(ordinal);
        REGISTRY.freeze(record.operatorId);
        uint256 open = _unsettled[record.operatorId].length;
        VAULT.recordLoss(_provision(record.operatorId, open > RAISED_AT_ONCE ? open - RAISED_AT_ONCE : 0, open) * GWEI);
        emit SlashingProven(
            ordinal, record.operatorId, slashings[ordinal].expectedGwei, slashings[ordinal].coverGwei, msg.sender
        );
        VAULT.payBounty(msg.sender, BOUNTY_GAS);
    }

    /// @notice Raises what later slashings have made too low, for the operator's unsettled slashings `from` to `to` (not
    /// included), in the order in which they were proven. Needed only where more than RAISED_AT_ONCE are open.
    function raiseProvisions(uint32 operatorId, uint256 from, uint256 to) external {
        VAULT.recordLoss(_provision(operatorId, from, Math.min(to, _unsettled[operatorId].length)) * GWEI);
    }

    /// @notice Shows the validator's balance in a state in which it was not slashed yet; the youngest such state counts.
    /// A state older than the last checkpoint may show that more was there (the checkpoint came after the fault), never less.
    function proveReference(
        uint32 ordinal,
        StateProof calldata state,
        Hop calldata hop,
        ValidatorProof calldata validator,
        BalancesProof calldata balance
    ) external {
        Record memory record = _slashed(ordinal);
        (bytes32 stateRoot, uint64 slot, Layout memory fork) = BeaconProofs.anchor(LAYOUTS, state);
        (stateRoot, slot, fork) = BeaconProofs.hop(LAYOUTS, stateRoot, slot, fork, hop);
        BeaconProofs.verifyValidator(stateRoot, fork, validator);
        if (validator.index != record.index) revert SlashingOther(ordinal);
        if (validator.fields.slashed) revert SlashingNotShown(ordinal);
        Slashing storage slashing = slashings[ordinal];
        if (slot <= slashing.referenceSlot) revert ReferenceOlder(slot, slashing.referenceSlot);
        uint64[] memory indices = new uint64[](1);
        indices[0] = record.index;
        uint256 shown = BeaconProofs.verifyBalances(stateRoot, fork, indices, balance)[0];
        if (slot <= slashing.countedSlot && slashing.referenceSlot == 0 && shown < slashing.referenceGwei) {
            revert ReferenceOlder(slot, slashing.countedSlot);
        }
        slashing.referenceGwei = uint48(Math.min(shown, MAX_EFFECTIVE_GWEI));
        slashing.referenceSlot = uint40(slot);
        slashing.evidenceAt = uint40(block.timestamp);
        emit ReferenceProven(ordinal, slot, shown);
    }

    /// @notice Shows a withdrawal of the slashed validator to the Vault, in the block whose state is proven.
    /// @param hop from the proven recent state to that block's; no branch if the recent state is that block's itself
    function proveRecovery(
        uint32 ordinal,
        StateProof calldata state,
        Hop calldata hop,
        WithdrawalProof calldata withdrawal
    ) external {
        Record memory record = _slashed(ordinal);
        (bytes32 stateRoot, uint64 slot, Layout memory fork) = BeaconProofs.anchor(LAYOUTS, state);
        if (hop.branch.length != 0) (stateRoot, slot, fork) = BeaconProofs.hop(LAYOUTS, stateRoot, slot, fork, hop);
        BeaconProofs.verifyWithdrawal(stateRoot, fork, withdrawal);
        Slashing storage slashing = slashings[ordinal];
        uint256 index = withdrawal.index;
        uint256 bit = 1 << (index % 256);
        bool counts = withdrawal.validatorIndex == record.index && withdrawal.recipient == address(VAULT)
            && slot / SLOTS_PER_EPOCH >= slashing.withdrawableEpoch && _seenWithdrawals[index / 256] & bit == 0;
        if (!counts) revert RecoveryInvalid(ordinal, index);
        _seenWithdrawals[index / 256] |= bit;
        slashing.recoveredGwei += uint48(withdrawal.amount);
        if (slashing.firstRecoveryAt == 0) slashing.firstRecoveryAt = uint40(block.timestamp);
        emit RecoveryProven(ordinal, index, withdrawal.amount);
    }

    /// @notice Settles the loss: the bond pays what did not come back.
    function settle(uint32 ordinal) external {
        Record memory record = _slashed(ordinal);
        Slashing memory slashing = slashings[ordinal];
        uint256 from = settleableFrom(ordinal);
        bool gone = record.balanceGwei == 0 && record.balanceSlot / SLOTS_PER_EPOCH >= slashing.withdrawableEpoch;
        if (!gone || block.timestamp < from) revert SettlementTooEarly(ordinal, from);
        uint256 worth = uint256(slashing.referenceGwei) + slashing.landedGwei;
        // A slashed validator never brings back more than it was worth. When it did, other ether came in with it (a
        // consolidation into it hides what was lost), and the expected loss stands.
        uint256 recovered = slashing.recoveredGwei;
        uint256 loss = worth >= recovered ? worth - recovered : slashing.expectedGwei;
        delete slashings[ordinal];
        _forget(_unsettled[record.operatorId], ordinal);
        LEDGER.markSettled(ordinal);
        REGISTRY.settle(record.operatorId);
        uint256 paid = BONDS.charge(record.operatorId, uint256(slashing.coverGwei) * GWEI, loss * GWEI);
        emit SlashingSettled(ordinal, record.operatorId, loss, paid);
        VAULT.payBounty(msg.sender, BOUNTY_GAS);
    }

    // ── The ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISlashingEnforcer
    /// @dev A slashed validator's deposit is put off until it is withdrawable, so one that is there before was there
    /// before the fault: a proven reference holds it, what the last checkpoint counted does not.
    function deposited(uint32 ordinal, uint64 amountGwei, uint64 slot) external {
        if (msg.sender != address(LEDGER)) revert EnforcerCallerUnknown(msg.sender);
        Slashing storage slashing = slashings[ordinal];
        if (slot / SLOTS_PER_EPOCH >= slashing.withdrawableEpoch) slashing.landedGwei += uint48(amountGwei);
        else if (slashing.referenceSlot == 0) slashing.referenceGwei += uint48(amountGwei);
    }

    /// @inheritdoc ISlashingEnforcer
    /// @dev Until it is withdrawable: never more than the worth less the expected loss, so the provision shrinks as the
    /// balance falls and nothing counts twice; plus what the bond has set aside, as far as the loss reaches. After
    /// that the loss is known: what neither lies there nor came back. A balance that is gone without a proven
    /// withdrawal is cash in the Vault already, so the bond's part is left out until the withdrawal is shown.
    function valueOf(uint32 ordinal, uint64 balanceGwei, uint64 slot) public view returns (uint64) {
        Slashing memory slashing = slashings[ordinal];
        uint256 worth = uint256(slashing.referenceGwei) + slashing.landedGwei;
        uint256 here = balanceGwei;
        if (slot / SLOTS_PER_EPOCH < slashing.withdrawableEpoch) {
            // What lies there was not lost, whatever the reference says: an old one, or ether consolidated since.
            if (here > worth) worth = here;
            uint256 remains = worth > slashing.expectedGwei ? worth - slashing.expectedGwei : 0;
            if (here > remains) here = remains;
        } else if (slashing.recoveredGwei == 0 && here * 2 < worth) {
            return balanceGwei;
        }
        uint256 known = here + slashing.recoveredGwei;
        uint256 missing = worth > known ? worth - known : 0;
        return uint64(here + Math.min(missing, slashing.coverGwei));
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Expected loss in gwei of a slashed validator of effective balance `balance` gwei when `slashed` gwei are
    /// slashed with it (consensus-specs Electra: slash_validator, process_slashings, get_flag_index_deltas).
    /// Formula: B/4096 + B·min(3S, T)/T + increments·(increment·64/√T)·40/64·epochs, at most B.
    function expectedLoss(uint256 balance, uint256 slashed) public view returns (uint256 loss) {
        uint256 total = TOTAL_ACTIVE_GWEI;
        uint256 correlated = Math.min(CORRELATION_MULTIPLIER * slashed, total);
        uint256 rewardPerIncrement = (INCREMENT_GWEI * BASE_REWARD_FACTOR) / Math.sqrt(total);
        uint256 missed = (((balance / INCREMENT_GWEI) * rewardPerIncrement * MISSED_WEIGHT) / WEIGHT_DENOMINATOR) * VECTOR_EPOCHS;
        loss = Math.min(balance, balance / INITIAL_QUOTIENT + (balance * correlated) / total + missed);
    }

    /// @notice Seconds from which `settle` may be called, once a checkpoint has seen the balance at zero.
    function settleableFrom(uint32 ordinal) public view returns (uint256) {
        Slashing memory slashing = slashings[ordinal];
        uint256 answered = slashing.evidenceAt + SETTLE_DELAY;
        if (slashing.firstRecoveryAt != 0) return Math.max(answered, slashing.firstRecoveryAt + SETTLE_DELAY);
        uint256 withdrawableAt = GENESIS_TIME + uint256(slashing.withdrawableEpoch) * SLOTS_PER_EPOCH * SECONDS_PER_SLOT;
        return Math.max(answered, withdrawableAt + UNPROVEN_DELAYS * SETTLE_DELAY);
    }

    /// @dev Raises provisions of the operator's unsettled slashings to what they are with all that is proven now.
    /// Returns by how much the pool's worth falls, in gwei.
    function _provision(uint32 operatorId, uint256 from, uint256 to) private returns (uint256 lessGwei) {
        uint32[] storage ordinals = _unsettled[operatorId];
        uint256 slashed = slashedGwei[operatorId];
        for (uint256 i = from; i < to; ++i) {
            uint32 ordinal = ordinals[i];
            Slashing storage slashing = slashings[ordinal];
            uint256 expected = expectedLoss(slashing.effectiveGwei, slashed);
            uint256 known = slashing.expectedGwei;
            if (expected <= known) continue;
            Record memory record = LEDGER.recordOf(ordinal);
            // Before its first provision it counted with its whole balance.
            uint256 before = known == 0 ? record.balanceGwei : valueOf(ordinal, record.balanceGwei, record.balanceSlot);
            slashing.expectedGwei = uint48(expected);
            slashing.coverGwei += uint48(BONDS.reserve(operatorId, (expected - known) * GWEI) / GWEI);
            uint256 worth = valueOf(ordinal, record.balanceGwei, record.balanceSlot);
            if (worth >= before) continue;
            LEDGER.uncount(ordinal, before - worth);
            lessGwei += before - worth;
        }
    }

    function _forget(uint32[] storage ordinals, uint32 ordinal) private {
        uint256 last = ordinals.length - 1;
        for (uint256 i; i < last; ++i) {
            if (ordinals[i] == ordinal) ordinals[i] = ordinals[last];
        }
        ordinals.pop();
    }

    function _slashed(uint32 ordinal) private view returns (Record memory record) {
        record = LEDGER.recordOf(ordinal);
        if (record.status != Status.Slashed) revert SlashingStatusWrong(ordinal, record.status);
    }
}
