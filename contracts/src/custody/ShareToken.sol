// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IShareToken} from "../interfaces/IPool.sol";

/// @title ShareToken: one share of everything the pool owns
/// @notice ERC-20 with ERC-2612. Balances never change by themselves; what a share is worth does (see Vault.rate).
/// @dev An account's balance and its number of withdrawal receipts share one storage slot, so that asking for a
/// withdrawal writes the account once (the ERC-721 in WithdrawalQueue reads its balanceOf from here).
contract ShareToken is IERC20Metadata, IERC20Permit, IERC20Errors, IShareToken, EIP712, Nonces {
    struct Account {
        uint128 shares;
        uint64 receipts;
    }

    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    string public name;
    string public symbol;
    address public immutable VAULT;
    address public immutable QUEUE;

    uint256 private _supply;
    mapping(address account => Account) private _accounts;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    /// @notice Why: only the Vault mints, only the WithdrawalQueue escrows and burns. How to fix: call those.
    error ShareCallerUnknown(address caller);
    /// @notice Why: the permit's deadline has passed. How to fix: sign a new one.
    error PermitExpired(uint256 deadline);
    /// @notice Why: the permit was signed by somebody else, or over other values. How to fix: sign as the owner.
    error PermitSignerWrong(address signer, address owner);

    modifier only(address caller) {
        if (msg.sender != caller) revert ShareCallerUnknown(msg.sender);
        _;
    }

    constructor(string memory name_, string memory symbol_, address vault, address queue) EIP712(name_, "1") {
        name = name_;
        symbol = symbol_;
        VAULT = vault;
        QUEUE = queue;
    }

    function decimals() external pure returns (uint8) {
        return 18;
    }

    function totalSupply() external view override(IERC20, IShareToken) returns (uint256) {
        return _supply;
    }

    function balanceOf(address account) external view override(IERC20, IShareToken) returns (uint256) {
        return _accounts[account].shares;
    }

    /// @inheritdoc IShareToken
    function receiptsOf(address account) external view returns (uint256) {
        return _accounts[account].receipts;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
            unchecked {
                allowance[from][msg.sender] = allowed - value; // value <= allowed, checked above
            }
        }
        _move(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    /// @inheritdoc IERC20Permit
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        if (block.timestamp > deadline) revert PermitExpired(deadline);
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline))
        );
        address signer = ECDSA.recover(digest, v, r, s);
        if (signer != owner) revert PermitSignerWrong(signer, owner);
        _approve(owner, spender, value);
    }

    function nonces(address owner) public view override(IERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IERC20Permit
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IShareToken
    function mint(address to, uint256 shares) external only(VAULT) {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        _supply += shares;
        unchecked {
            _accounts[to].shares += uint128(shares); // supply is far below 2^128: it is bought with ether
        }
        emit Transfer(address(0), to, shares);
    }

    /// @inheritdoc IShareToken
    function escrow(address from, uint256 shares) external only(QUEUE) {
        Account memory account = _accounts[from];
        if (account.shares < shares) revert ERC20InsufficientBalance(from, account.shares, shares);
        unchecked {
            account.shares -= uint128(shares); // checked above
            account.receipts += 1; // 2^64 requests are not reachable
            _accounts[from] = account;
            _accounts[QUEUE].shares += uint128(shares); // the sum of all balances is the supply
        }
        emit Transfer(from, QUEUE, shares);
    }

    /// @inheritdoc IShareToken
    function burnEscrowed(uint256 shares) external only(QUEUE) {
        _accounts[QUEUE].shares -= uint128(shares);
        _supply -= shares;
        emit Transfer(QUEUE, address(0), shares);
    }

    /// @inheritdoc IShareToken
    function moveReceipt(address from, address to) external only(QUEUE) {
        if (from != address(0)) _accounts[from].receipts -= 1;
        if (to != address(0)) _accounts[to].receipts += 1;
    }

    function _move(address from, address to, uint256 value) private {
        if (to == address(0) || to == QUEUE) revert ERC20InvalidReceiver(to); // the escrow is entered by a request only
        uint128 held = _accounts[from].shares;
        if (held < value) revert ERC20InsufficientBalance(from, held, value);
        unchecked {
            _accounts[from].shares = held - uint128(value); // value <= held < 2^128
            _accounts[to].shares += uint128(value); // the sum of all balances is the supply
        }
        emit Transfer(from, to, value);
    }

    function _approve(address owner, address spender, uint256 value) private {
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }
}
