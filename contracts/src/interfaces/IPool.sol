// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where the parts of one pool stand. Fixed at deployment, the same in every part.
struct PoolAddresses {
    address vault;
    address token;
    address queue;
    address ledger;
    address layouts;
    address registry;
    address bonds;
    address enforcer;
    address depositContract;
}

/// @notice The beacon chain's clock, as the contracts need it (consensus-specs, configuration).
struct ChainClock {
    uint64 genesisTime;
    uint64 secondsPerSlot;
    uint64 slotsPerEpoch;
    uint64 slotsPerHistoricalRoot;
}

/// @notice Withdrawal credentials that pay to `vault`: `0x02`, compounding (EIP-7251).
function compoundingCredentials(address vault) pure returns (bytes32) {
    return bytes32(uint256(0x02) << 248 | uint256(uint160(vault)));
}

/// @notice The deposit contract of the beacon chain (consensus-specs, phase0 deposit contract).
interface IDepositContract {
    function deposit(
        bytes calldata pubkey,
        bytes calldata withdrawalCredentials,
        bytes calldata signature,
        bytes32 depositDataRoot
    ) external payable;
}

interface IShareToken {
    function totalSupply() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    /// @notice Only the Vault: new shares against a deposit.
    function mint(address to, uint256 shares) external;
    /// @notice Only the WithdrawalQueue: takes `shares` of `from` into escrow and counts one more receipt for it.
    function escrow(address from, uint256 shares) external;
    /// @notice Only the WithdrawalQueue: burns shares out of its escrow.
    function burnEscrowed(uint256 shares) external;
    /// @notice Only the WithdrawalQueue: one receipt left `from` (not if zero) and came to `to` (not if zero).
    function moveReceipt(address from, address to) external;
    function receiptsOf(address account) external view returns (uint256);
}

interface IWithdrawalQueue {
    /// @notice Only the ledger: the requests made so far are those that the checkpoint now starting will price.
    function freeze() external;
    /// @notice Only the ledger: the checkpoint is finished, its requests may be paid.
    function release() external;
    /// @notice Shares in escrow, not yet paid.
    function queuedShares() external view returns (uint256);
}

interface IVault {
    /// @notice Wei per 1e18 shares, now.
    function rate() external view returns (uint256);
    function withdrawalCredentials() external view returns (bytes32);
    /// @notice Cash that belongs to the shares: the balance without the bounty reserve and the fees owed, in wei.
    function freeCash() external view returns (uint256);
    /// @notice Cash that no queued request needs, in wei.
    function stakeableCash() external view returns (uint256);
    /// @notice What the queue may pay now, in wei: cash within the window's limit.
    function claimableNow() external view returns (uint256);
    /// @notice Door D1, only the ledger: `amountGwei` to the deposit contract for `pubkey`, credentials of this Vault.
    function stake(bytes calldata pubkey, uint64 amountGwei, bytes32 depositDataRoot) external;
    /// @notice Only the ledger: an operator's predeposit became the pool's; it is paid in shares.
    function creditPredeposit(address operator, uint256 amount) external;
    /// @notice Door D2, only the queue.
    function payClaims(uint256 assets) external;
    /// @notice Door D3, only the registry.
    function payFee(address to, uint256 amount) external;
    /// @notice Door D4, only the ledger: EIP-7002, amount 0 is a full exit.
    function requestWithdrawal(bytes calldata pubkey, uint64 amountGwei) external;
    /// @notice Door D4, only the ledger: EIP-7251.
    function requestConsolidation(bytes calldata source, bytes calldata target) external;
    /// @notice Door D5, only the ledger and the enforcer: pays at most the cap, from the reserve, or nothing.
    function payBounty(address to, uint256 gasUnits) external;
    /// @notice Only the ledger: freezes the moment (cash, liabilities, flows so far).
    function freeze() external;
    /// @notice Only the ledger: what stood outside the Vault at the frozen moment, in wei. Returns the NAV, in wei.
    function report(uint256 outside) external returns (uint256 nav);
    /// @notice Only the enforcer: a proven loss beyond cover enters the rate at once.
    function recordLoss(uint256 amount) external;
    /// @notice Only the bond vault: a bond pays for a settled loss.
    function compensate() external payable;
}

interface IOperatorRegistry {
    function managerOf(uint32 operatorId) external view returns (address);
    function isFrozen(uint32 operatorId) external view returns (bool);
    /// @notice Neither frozen nor barred, and its bond covers what it runs.
    function mayStake(uint32 operatorId) external view returns (bool);
    function validatorsOf(uint32 operatorId) external view returns (uint32 held, uint32 earning);
    /// @notice Only the ledger: one more (or one less) validator that the bond answers for.
    function addValidator(uint32 operatorId, address caller) external;
    function removeValidator(uint32 operatorId, bool earning) external;
    /// @notice Only the ledger: the validator is funded and begins to earn.
    function startEarning(uint32 operatorId) external;
    /// @notice Only the vault: `amount` wei of proven surplus for the operators.
    function accrue(uint256 amount) external;
    /// @notice Only the enforcer.
    function freeze(uint32 operatorId) external;
    function settle(uint32 operatorId) external;
}

interface IBondVault {
    function bondOf(uint32 operatorId) external view returns (uint256);
    /// @notice Wei an operator with `validators` must keep.
    function required(uint32 validators) external view returns (uint256);
    /// @notice Only the enforcer: sets aside up to `amount` of what is not yet set aside. Returns what it could.
    function reserve(uint32 operatorId, uint256 amount) external returns (uint256 reserved);
    /// @notice Only the enforcer: gives `reserved` back, then pays up to `amount` to the Vault. Returns what it paid.
    function charge(uint32 operatorId, uint256 reserved, uint256 amount) external returns (uint256 paid);
}

interface ISlashingEnforcer {
    /// @notice What a slashed validator is worth to the pool, in gwei: expected remains plus what the bond will pay.
    function valueOf(uint32 ordinal, uint64 balanceGwei, uint64 slot) external view returns (uint64);
    /// @notice Only the ledger: a deposit in flight to a slashed validator has landed by `slot`.
    function deposited(uint32 ordinal, uint64 amountGwei, uint64 slot) external;
}
