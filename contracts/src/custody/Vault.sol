// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {
    IDepositContract,
    IOperatorRegistry,
    IShareToken,
    IVault,
    IWithdrawalQueue,
    PoolAddresses,
    compoundingCredentials
} from "../interfaces/IPool.sol";
import {RollingLimit} from "./RollingLimit.sol";
import {ShareRate} from "./ShareRate.sol";
import {SystemRequests} from "./SystemRequests.sol";

/// @notice The Vault's numbers. All are fixed at deployment.
/// @param dripSeconds a proven gain enters the rate over at least this long
/// @param maxGrowthPerSecond the rate grows by at most this a second, in 1e-18 of itself
/// @param feeBps share of the proven surplus that is fee, in 1/10,000
/// @param reserveBps share of the fee that fills the bounty reserve, until `reserveTarget` wei
/// @param limitWindow seconds over which each door's limit holds
/// @param claimLimitBps door D2: share of the assets, in 1/10,000, but at least `claimLimitFloor` wei
/// @param stakeLimit door D1, wei a window
/// @param requestFeeCap door D4, wei a call; `requestFeeLimit` wei a window
/// @param bountyCap door D5, wei a call; `bountyLimit` wei a window
struct VaultConfig {
    uint64 dripSeconds;
    uint64 maxGrowthPerSecond;
    uint16 feeBps;
    uint16 reserveBps;
    uint128 reserveTarget;
    uint64 limitWindow;
    uint16 claimLimitBps;
    uint128 claimLimitFloor;
    uint128 stakeLimit;
    uint128 requestFeeCap;
    uint128 requestFeeLimit;
    uint128 bountyCap;
    uint128 bountyLimit;
}

/// @title Vault: every validator's withdrawal credential, and the pool's cash
/// @notice Glossary. *Rate*: wei per 1e18 shares. *Outside*: what stands on the beacon chain or on its way there.
/// *Free cash*: the balance without reserve and fees owed. *Flows*: what came in and went out for shares, ever.
/// ETH leaves by five doors only: D1 deposit contract, D2 finalised claims, D3 fees, D4 request fees, D5 bounties.
/// @dev No owner, no proxy, no arbitrary call. The share rate is state, so that no balance anybody can push moves it:
/// it changes only by a finished checkpoint (gains drip, losses enter at once) or a proven loss.
contract Vault is IVault, ReentrancyGuardTransient {
    using RollingLimit for RollingLimit.Bucket;
    using ShareRate for ShareRate.Rate;

    struct Flows {
        uint128 inward;
        uint128 outward;
    }

    struct Liabilities {
        uint128 reserve;
        uint128 feesOwed;
    }

    struct Frozen {
        uint128 cash;
        uint128 liabilities;
        Flows flows;
    }

    uint256 private constant GWEI = 1e9;
    uint256 private constant BPS = 10_000;
    /// @dev ERC-7528: the address that stands for ether.
    address private constant ETHER = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    /// @dev Half a window's limit must hold the largest single request (WithdrawalQueue.MAX_REQUEST), or it could never be paid.
    uint256 private constant MIN_CLAIM_LIMIT = 2_000 ether;
    /// @dev Bounties are sent with little gas: enough for a wallet contract's receive function, not for mischief.
    uint256 private constant BOUNTY_GAS = 30_000;

    IShareToken private immutable TOKEN;
    IWithdrawalQueue private immutable QUEUE;
    IOperatorRegistry private immutable REGISTRY;
    IDepositContract private immutable DEPOSIT_CONTRACT;
    address private immutable LEDGER;
    address private immutable BONDS;
    address private immutable ENFORCER;

    uint256 private immutable DRIP_SECONDS;
    uint256 private immutable MAX_GROWTH_PER_SECOND;
    uint256 private immutable FEE_BPS;
    uint256 private immutable RESERVE_BPS;
    uint256 private immutable RESERVE_TARGET;
    uint256 private immutable LIMIT_WINDOW;
    uint256 private immutable CLAIM_LIMIT_BPS;
    uint256 private immutable CLAIM_LIMIT_FLOOR;
    uint256 private immutable STAKE_LIMIT;
    uint256 private immutable REQUEST_FEE_CAP;
    uint256 private immutable REQUEST_FEE_LIMIT;
    uint256 private immutable BOUNTY_CAP;
    uint256 private immutable BOUNTY_LIMIT;

    ShareRate.Rate private _rate;
    Flows public flows;
    Liabilities public liabilities;
    /// @notice The highest rate a checkpoint has proven; only what lies above it is surplus.
    uint256 public highWater = ShareRate.ONE;
    Frozen public frozen;
    RollingLimit.Bucket private _claims;
    RollingLimit.Bucket private _stakes;
    RollingLimit.Bucket private _requestFees;
    RollingLimit.Bucket private _bounties;

    /// @notice ERC-4626's event. `assets` in wei.
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Staked(bytes32 indexed pubkeyHash, bytes pubkey, uint64 amountGwei);
    event ClaimsPaid(uint256 assets);
    event FeePaid(address indexed to, uint256 amount);
    event RequestFeePaid(address indexed target, uint256 fee);
    event BountyPaid(address indexed to, uint256 amount);
    event Compensated(uint256 amount);
    event ReserveFunded(address indexed from, uint256 amount);
    /// @notice A checkpoint entered the rate: `current` at once, `target` at `reachedAt` (seconds).
    event Reported(uint256 nav, uint256 current, uint256 target, uint256 reachedAt, uint256 fee);
    event LossRecorded(uint256 amount, uint256 rateBefore, uint256 rateAfter);

    /// @notice Why: that function is for another part of the pool. How to fix: call the part itself.
    error VaultCallerUnknown(address caller);
    /// @notice Why: a drip, a growth (at least 5e8) or a window is missing, a share is over the whole, or the claim
    /// limit's floor is under MIN_CLAIM_LIMIT.
    /// How to fix: mend the configuration.
    error VaultConfigInvalid();
    /// @notice Why: the shares for this deposit round to nothing. How to fix: deposit at least the minimum (1 gwei).
    error DepositTooSmall(uint256 assets);
    /// @notice Why: ERC-7535 wants the ether it names. How to fix: send exactly `assets` wei.
    error DepositValueWrong(uint256 sent, uint256 assets);
    /// @notice Why: not enough free cash for this. How to fix: wait for withdrawals or deposits.
    error CashShort(uint256 asked, uint256 free);
    /// @notice Why: the receiver refused the payment. How to fix: use a receiver that accepts ether.
    error PaymentRefused(address to, uint256 amount);

    modifier only(address caller) {
        if (msg.sender != caller) revert VaultCallerUnknown(msg.sender);
        _;
    }

    constructor(PoolAddresses memory pool, VaultConfig memory config) {
        if (
            config.dripSeconds == 0 || config.maxGrowthPerSecond < 5e8 || config.limitWindow == 0
                || config.feeBps > BPS || config.reserveBps > BPS || config.claimLimitBps > BPS
                || config.claimLimitFloor < MIN_CLAIM_LIMIT
        ) revert VaultConfigInvalid();
        TOKEN = IShareToken(pool.token);
        QUEUE = IWithdrawalQueue(pool.queue);
        REGISTRY = IOperatorRegistry(pool.registry);
        DEPOSIT_CONTRACT = IDepositContract(pool.depositContract);
        LEDGER = pool.ledger;
        BONDS = pool.bonds;
        ENFORCER = pool.enforcer;
        DRIP_SECONDS = config.dripSeconds;
        MAX_GROWTH_PER_SECOND = config.maxGrowthPerSecond;
        FEE_BPS = config.feeBps;
        RESERVE_BPS = config.reserveBps;
        RESERVE_TARGET = config.reserveTarget;
        LIMIT_WINDOW = config.limitWindow;
        CLAIM_LIMIT_BPS = config.claimLimitBps;
        CLAIM_LIMIT_FLOOR = config.claimLimitFloor;
        STAKE_LIMIT = config.stakeLimit;
        REQUEST_FEE_CAP = config.requestFeeCap;
        REQUEST_FEE_LIMIT = config.requestFeeLimit;
        BOUNTY_CAP = config.bountyCap;
        BOUNTY_LIMIT = config.bountyLimit;
        _rate = ShareRate.flat(ShareRate.ONE);
    }

    /// @notice Ether that buys nothing: tips and payments of block builders (their transfers need a receiver), gifts. It
    /// belongs to all shares, and the next checkpoint shows it.
    receive() external payable {}

    // ── Stakers ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Deposits the ether sent; its shares go to `receiver`. What is below one gwei of shares stays in the pool.
    /// @param assets wei, must equal the ether sent (ERC-7535)
    function deposit(uint256 assets, address receiver) public payable returns (uint256 shares) {
        if (msg.value != assets) revert DepositValueWrong(msg.value, assets);
        shares = _buy(assets, receiver);
        if (shares == 0) revert DepositTooSmall(assets);
    }

    /// @notice Anybody may fill the reserve that bounties are paid from. It buys no shares.
    function fundReserve() external payable {
        liabilities.reserve += uint128(msg.value);
        emit ReserveFunded(msg.sender, msg.value);
    }

    // ── The rate ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVault
    function rate() public view returns (uint256) {
        return _rate.valueAt(block.timestamp);
    }

    /// @notice The rate now, where it is going, and when (seconds) it gets there.
    function rateSchedule() external view returns (uint256 current, uint256 target, uint256 reachedAt) {
        return (rate(), _rate.target, _rate.until);
    }

    /// @inheritdoc IVault
    function report(uint256 outside) external only(LEDGER) returns (uint256 nav) {
        Frozen memory then_ = frozen;
        uint256 gross = then_.cash + outside;
        nav = gross > then_.liabilities ? gross - then_.liabilities : 0;
        uint256 supply = TOKEN.totalSupply();
        if (supply == 0) return nav; // nobody owns the rest; the next depositor's rate is the last one
        Flows memory now_ = flows;
        uint256 assets = nav + (now_.inward - then_.flows.inward) - (now_.outward - then_.flows.outward);
        uint256 fee = _takeFee(assets, supply);
        uint256 target = ((assets - fee) * ShareRate.ONE) / supply;
        ShareRate.Rate memory next = _rate.towards(target, DRIP_SECONDS, MAX_GROWTH_PER_SECOND);
        _rate = next;
        emit Reported(nav, next.from, next.target, next.until, fee);
    }

    /// @inheritdoc IVault
    function recordLoss(uint256 amount) external only(ENFORCER) {
        _lose(amount);
    }

    /// @inheritdoc IVault
    function freeze() external only(LEDGER) {
        Liabilities memory owed = liabilities;
        frozen = Frozen(uint128(address(this).balance), owed.reserve + owed.feesOwed, flows);
    }

    /// @dev The fee on what lies above the high-water mark, which then rises to what is left for the shares.
    function _takeFee(uint256 assets, uint256 supply) private returns (uint256 fee) {
        uint256 base = (highWater * supply) / ShareRate.ONE;
        if (assets <= base) return 0;
        fee = ((assets - base) * FEE_BPS) / BPS;
        highWater = ((assets - fee) * ShareRate.ONE) / supply;
        Liabilities memory owed = liabilities;
        uint256 room = owed.reserve < RESERVE_TARGET ? RESERVE_TARGET - owed.reserve : 0;
        uint256 toReserve = (fee * RESERVE_BPS) / BPS;
        if (toReserve > room) toReserve = room;
        owed.reserve += uint128(toReserve);
        owed.feesOwed += uint128(fee - toReserve);
        liabilities = owed;
        REGISTRY.accrue(fee - toReserve);
    }

    // ── The doors ────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVault
    function stake(bytes calldata pubkey, uint64 amountGwei, bytes32 depositDataRoot) external only(LEDGER) {
        uint256 amount = amountGwei * GWEI;
        uint256 stakeable = stakeableCash();
        if (amount > stakeable) revert CashShort(amount, stakeable);
        _stakes.spend(amount, STAKE_LIMIT, LIMIT_WINDOW);
        emit Staked(keccak256(pubkey), pubkey, amountGwei);
        // A top-up of a validator that exists: the beacon chain does not look at the signature.
        DEPOSIT_CONTRACT.deposit{value: amount}(
            pubkey, abi.encodePacked(withdrawalCredentials()), new bytes(96), depositDataRoot
        );
    }

    /// @inheritdoc IVault
    function creditPredeposit(address operator, uint256 amount) external only(LEDGER) {
        _buy(amount, operator);
    }

    /// @inheritdoc IVault
    function payClaims(uint256 assets) external only(address(QUEUE)) nonReentrant {
        uint256 free = freeCash();
        if (assets > free) revert CashShort(assets, free);
        _claims.spend(assets, _claimLimit(), LIMIT_WINDOW);
        flows.outward += uint128(assets);
        emit ClaimsPaid(assets);
        _send(address(QUEUE), assets);
    }

    /// @inheritdoc IVault
    function payFee(address to, uint256 amount) external only(address(REGISTRY)) nonReentrant {
        liabilities.feesOwed -= uint128(amount);
        emit FeePaid(to, amount);
        _send(to, amount);
    }

    /// @inheritdoc IVault
    function requestWithdrawal(bytes calldata pubkey, uint64 amountGwei) external only(LEDGER) {
        SystemRequests.withdraw(pubkey, amountGwei, _takeRequestFee(SystemRequests.WITHDRAWALS));
    }

    /// @inheritdoc IVault
    function requestConsolidation(bytes calldata source, bytes calldata target) external only(LEDGER) {
        SystemRequests.consolidate(source, target, _takeRequestFee(SystemRequests.CONSOLIDATIONS));
    }

    /// @inheritdoc IVault
    function payBounty(address to, uint256 gasUnits) external nonReentrant {
        if (msg.sender != LEDGER && msg.sender != ENFORCER) revert VaultCallerUnknown(msg.sender);
        uint256 amount = gasUnits * block.basefee;
        uint256 reserve = liabilities.reserve;
        uint256 room = _bounties.available(BOUNTY_LIMIT, LIMIT_WINDOW);
        if (amount > BOUNTY_CAP) amount = BOUNTY_CAP;
        if (amount > reserve) amount = reserve;
        if (amount > room) amount = room;
        if (amount == 0) return;
        liabilities.reserve = uint128(reserve - amount);
        _bounties.spend(amount, BOUNTY_LIMIT, LIMIT_WINDOW);
        (bool ok,) = to.call{value: amount, gas: BOUNTY_GAS}("");
        if (ok) emit BountyPaid(to, amount);
        else liabilities.reserve += uint128(amount); // a caller who takes no ether must not block the call itself
    }

    /// @inheritdoc IVault
    function compensate() external payable only(BONDS) {
        emit Compensated(msg.value);
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVault
    function withdrawalCredentials() public view returns (bytes32) {
        return compoundingCredentials(address(this));
    }

    /// @inheritdoc IVault
    function freeCash() public view returns (uint256) {
        Liabilities memory owed = liabilities;
        uint256 held = uint256(owed.reserve) + owed.feesOwed;
        return address(this).balance > held ? address(this).balance - held : 0;
    }

    /// @inheritdoc IVault
    function stakeableCash() public view returns (uint256) {
        uint256 free = freeCash();
        uint256 wanted = (QUEUE.queuedShares() * rate()) / ShareRate.ONE;
        return free > wanted ? free - wanted : 0;
    }

    /// @inheritdoc IVault
    function claimableNow() external view returns (uint256) {
        uint256 free = freeCash();
        uint256 room = _claims.available(_claimLimit(), LIMIT_WINDOW);
        return free < room ? free : room;
    }

    /// @notice ERC-7535: ether, as ERC-7528 writes it.
    function asset() external pure returns (address) {
        return ETHER;
    }

    /// @notice ERC-7575: the share token stands apart.
    function share() external view returns (address) {
        return address(TOKEN);
    }

    /// @notice What all shares are worth at the rate now, in wei. Proven, except what still drips in.
    function totalAssets() public view returns (uint256) {
        return (TOKEN.totalSupply() * rate()) / ShareRate.ONE;
    }

    function convertToShares(uint256 assets) public view returns (uint256) {
        return ShareRate.toSharesDown(assets, rate());
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        return (shares * rate()) / ShareRate.ONE;
    }

    function previewDeposit(uint256 assets) external view returns (uint256) {
        return convertToShares(assets);
    }

    function maxDeposit(address) external pure returns (uint256) {
        return type(uint128).max;
    }

    // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Shares at the rate now. What still drips in belongs to the newcomers too: the line bends down for it.
    function _buy(uint256 assets, address receiver) private returns (uint256 shares) {
        ShareRate.Rate memory line = _rate;
        shares = ShareRate.toSharesDown(assets, line.valueAt(block.timestamp));
        flows.inward += uint128(assets);
        if (block.timestamp < line.until) _rate = line.diluted(TOKEN.totalSupply(), shares);
        TOKEN.mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    function _claimLimit() private view returns (uint256 limit) {
        limit = (totalAssets() * CLAIM_LIMIT_BPS) / BPS;
        if (limit < CLAIM_LIMIT_FLOOR) limit = CLAIM_LIMIT_FLOOR;
    }

    /// @dev The reserve pays the request fee while it can; after that the shares do, so that exits never wait for it.
    function _takeRequestFee(address target) private returns (uint256 fee) {
        fee = SystemRequests.feeOf(target, REQUEST_FEE_CAP);
        _requestFees.spend(fee, REQUEST_FEE_LIMIT, LIMIT_WINDOW);
        if (liabilities.reserve >= fee) liabilities.reserve -= uint128(fee);
        else _payFromShares(fee);
        emit RequestFeePaid(target, fee);
    }

    function _payFromShares(uint256 fee) private {
        flows.outward += uint128(fee);
        _lose(fee);
    }

    /// @dev What still drips in pays first; the rest lowers the rate at once. Rounded against the shares.
    function _lose(uint256 amount) private {
        uint256 supply = TOKEN.totalSupply();
        if (supply == 0 || amount == 0) return;
        uint256 before = rate();
        _rate = _rate.lowered((amount * ShareRate.ONE + supply - 1) / supply);
        emit LossRecorded(amount, before, rate());
    }

    function _send(address to, uint256 amount) private {
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert PaymentRefused(to, amount);
    }
}
