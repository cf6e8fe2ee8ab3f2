// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {IShareToken, IVault, IWithdrawalQueue, PoolAddresses} from "../interfaces/IPool.sol";
import {ShareRate} from "./ShareRate.sol";

/// @title WithdrawalQueue: first come, first paid
/// @notice A request escrows shares and hands out an ERC-721 receipt. It is paid at the lower of the rates at request
/// and at finalisation, and only after a checkpoint that began after it: nobody runs ahead of a loss.
/// The queue never reverts for want of cash; it pays as far as the Vault's cash reaches and goes on later.
/// @dev Finalised ether lies here, apart from the Vault, so that a finalised claim is payable whatever happens there.
contract WithdrawalQueue is IWithdrawalQueue, IERC721Metadata {
    /// @dev One slot. Amounts in gwei: a request is at most MAX_REQUEST and shares are whole gwei.
    struct Request {
        address owner;
        uint48 sharesGwei;
        uint48 assetsGwei;
    }

    /// @dev The requests `firstId` to `lastId` were finalised at `rate`. One slot.
    struct Batch {
        uint64 lastId;
        uint128 rate;
        uint64 firstId;
    }

    /// @dev One slot, read and written together on each request.
    /// `lastId` was made in `lastBlock`; `earlierId` is the last one made before that block.
    struct State {
        uint32 lastId;
        uint32 lastBlock;
        uint32 earlierId;
        uint32 finalizedId;
        uint32 frozenId;
        uint32 payableId;
        uint64 queuedSharesGwei;
    }

    uint256 private constant GWEI = 1e9;
    /// @notice One request holds at most this many wei, at its rate; larger ones are split by the staker.
    uint256 public constant MAX_REQUEST = 1_000 ether;

    IShareToken private immutable TOKEN;
    IVault private immutable VAULT;
    address private immutable LEDGER;

    State public state;
    mapping(uint256 id => Request) public requests;
    mapping(uint256 number => Batch) public batches;
    /// @notice Batches so far; they are numbered from 0.
    uint256 public batchCount;
    mapping(uint256 id => address) private _approved;
    mapping(address owner => mapping(address operator => bool)) public isApprovedForAll;

    string public name;
    string public symbol;

    event WithdrawalRequested(uint256 indexed id, address indexed owner, uint256 shares, uint256 assets);
    event WithdrawalsFinalized(uint256 indexed firstId, uint256 indexed lastId, uint256 batch, uint256 assets, uint256 rate);
    event WithdrawalClaimed(uint256 indexed id, address indexed owner, uint256 assets);

    /// @notice Why: that function is for the ledger or the Vault. How to fix: call those.
    error QueueCallerUnknown(address caller);
    /// @notice Why: less than one gwei of shares, or more than MAX_REQUEST. How to fix: split, or ask for more.
    error RequestSizeInvalid(uint256 shares, uint256 assets);
    /// @notice Why: no such request, or it is claimed. How to fix: check the id.
    error RequestUnknown(uint256 id);
    /// @notice Why: not finalised yet. How to fix: wait for the next checkpoint and for cash.
    error RequestNotFinalized(uint256 id, uint256 finalizedId);
    /// @notice Why: `batch` does not hold this request. How to fix: pass `batchOf(id)`.
    error BatchWrong(uint256 id, uint256 batch);
    /// @notice Why: neither the owner nor approved. How to fix: act as one of them.
    error ReceiptNotYours(uint256 id, address caller);
    /// @notice Why: the receipt's new owner must not be the zero address, and `from` must own it.
    error ReceiptTransferInvalid(uint256 id, address from, address to);
    /// @notice Why: the receiver refused the ether. How to fix: claim to another address.
    error ClaimRefused(address to);

    constructor(PoolAddresses memory pool, string memory name_, string memory symbol_) {
        TOKEN = IShareToken(pool.token);
        VAULT = IVault(pool.vault);
        LEDGER = pool.ledger;
        name = name_;
        symbol = symbol_;
    }

    receive() external payable {
        if (msg.sender != address(VAULT)) revert QueueCallerUnknown(msg.sender);
    }

    // ── Stakers ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Asks for the ether of `shares` (cut to whole gwei). The receipt goes to `owner`.
    function requestWithdrawal(uint256 shares, address owner) external returns (uint256 id) {
        if (owner == address(0)) revert ReceiptTransferInvalid(0, msg.sender, owner);
        uint256 sharesGwei = shares / GWEI;
        uint256 assetsGwei = (sharesGwei * VAULT.rate()) / ShareRate.ONE;
        if (sharesGwei == 0 || sharesGwei > type(uint48).max || assetsGwei * GWEI > MAX_REQUEST) {
            revert RequestSizeInvalid(shares, assetsGwei * GWEI);
        }
        State memory s = state;
        if (s.lastBlock != block.number) {
            s.lastBlock = uint32(block.number);
            s.earlierId = s.lastId;
        }
        s.lastId += 1;
        s.queuedSharesGwei += uint64(sharesGwei);
        state = s;
        id = s.lastId;
        requests[id] = Request(owner, uint48(sharesGwei), uint48(assetsGwei));
        TOKEN.escrow(msg.sender, sharesGwei * GWEI);
        if (owner != msg.sender) TOKEN.moveReceipt(msg.sender, owner);
        emit WithdrawalRequested(id, owner, sharesGwei * GWEI, assetsGwei * GWEI);
        emit Transfer(address(0), owner, id);
    }

    /// @notice Pays request `id` to `to`. Only the receipt's owner, or whom it approved. `batch` is `batchOf(id)`.
    function claim(uint256 id, uint256 batch, address to) external returns (uint256 assets) {
        Request memory request = requests[id];
        _requireMay(request.owner, id);
        Batch memory held = batches[batch];
        if (id < held.firstId || id > held.lastId) {
            // A batch that holds the request shows that it is finalised: only the refusal needs to look.
            if (id > state.finalizedId) revert RequestNotFinalized(id, state.finalizedId);
            revert BatchWrong(id, batch);
        }
        assets = _payout(request, held.rate);
        delete requests[id];
        delete _approved[id];
        TOKEN.moveReceipt(request.owner, address(0));
        emit Transfer(request.owner, address(0), id);
        emit WithdrawalClaimed(id, to, assets);
        (bool ok,) = to.call{value: assets}("");
        if (!ok) revert ClaimRefused(to);
    }

    // ── Anybody ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Finalises at most `most` requests, as far as a checkpoint allows and cash reaches; none is no error.
    /// @return count requests finalised
    function finalize(uint256 most) external returns (uint256 count) {
        State memory s = state;
        uint256 rate = VAULT.rate();
        uint256 cash = VAULT.claimableNow();
        uint256 last = uint256(s.finalizedId) + most;
        if (last > s.payableId) last = s.payableId;
        uint256 assets;
        uint256 sharesGwei;
        uint256 id = s.finalizedId;
        while (id < last) {
            Request memory request = requests[id + 1];
            uint256 payout = _payout(request, rate);
            if (assets + payout > cash) break;
            assets += payout;
            sharesGwei += request.sharesGwei;
            ++id;
        }
        count = id - s.finalizedId;
        if (count == 0) return 0;
        uint256 firstId = uint256(s.finalizedId) + 1;
        uint256 number = batchCount++;
        emit WithdrawalsFinalized(firstId, id, number, assets, rate);
        batches[number] = Batch({lastId: uint64(id), rate: uint128(rate), firstId: uint64(firstId)});
        s.finalizedId = uint32(id);
        s.queuedSharesGwei -= uint64(sharesGwei);
        state = s;
        // Paid before the shares are burnt: the door's limit is a share of the assets, as `claimableNow` has seen them.
        if (assets > 0) VAULT.payClaims(assets);
        TOKEN.burnEscrowed(sharesGwei * GWEI);
    }

    // ── The ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IWithdrawalQueue
    function freeze() external {
        if (msg.sender != LEDGER) revert QueueCallerUnknown(msg.sender);
        // The checkpoint proves the state of the parent block: a request of this very block is younger than that.
        state.frozenId = state.lastBlock == block.number ? state.earlierId : state.lastId;
    }

    /// @inheritdoc IWithdrawalQueue
    function release() external {
        if (msg.sender != LEDGER) revert QueueCallerUnknown(msg.sender);
        state.payableId = state.frozenId;
    }

    // ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IWithdrawalQueue
    function queuedShares() external view returns (uint256) {
        return uint256(state.queuedSharesGwei) * GWEI;
    }

    /// @notice The batch that finalised `id`.
    function batchOf(uint256 id) external view returns (uint256 low) {
        uint256 finalizedId = state.finalizedId;
        if (id == 0 || id > finalizedId) revert RequestNotFinalized(id, finalizedId);
        uint256 high = batchCount - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (batches[middle].lastId >= id) high = middle;
            else low = middle + 1;
        }
    }

    function ownerOf(uint256 id) public view returns (address owner) {
        owner = requests[id].owner;
        if (owner == address(0)) revert RequestUnknown(id);
    }

    function balanceOf(address owner) external view returns (uint256) {
        return TOKEN.receiptsOf(owner);
    }

    function getApproved(uint256 id) external view returns (address) {
        ownerOf(id);
        return _approved[id];
    }

    /// @dev Receipts carry no picture; what they stand for is in `requests`.
    function tokenURI(uint256 id) external view returns (string memory) {
        ownerOf(id);
        return "";
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC165).interfaceId || id == type(IERC721).interfaceId
            || id == type(IERC721Metadata).interfaceId;
    }

    // ── Receipts (ERC-721) ───────────────────────────────────────────────────────────────────────────────────────

    function approve(address to, uint256 id) external {
        address owner = ownerOf(id);
        if (msg.sender != owner && !isApprovedForAll[owner][msg.sender]) revert ReceiptNotYours(id, msg.sender);
        _approved[id] = to;
        emit Approval(owner, to, id);
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function transferFrom(address from, address to, uint256 id) public {
        _requireMay(requests[id].owner, id);
        if (requests[id].owner != from || to == address(0)) revert ReceiptTransferInvalid(id, from, to);
        requests[id].owner = to;
        delete _approved[id];
        TOKEN.moveReceipt(from, to);
        emit Transfer(from, to, id);
    }

    function safeTransferFrom(address from, address to, uint256 id) external {
        safeTransferFrom(from, to, id, "");
    }

    function safeTransferFrom(address from, address to, uint256 id, bytes memory data) public {
        transferFrom(from, to, id);
        ERC721Utils.checkOnERC721Received(msg.sender, from, to, id, data);
    }

    // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev The lower of the two rates, in wei; the same sum in `finalize` and in `claim`.
    function _payout(Request memory request, uint256 rate) private pure returns (uint256) {
        uint256 atFinalization = (uint256(request.sharesGwei) * GWEI * rate) / ShareRate.ONE;
        uint256 atRequest = uint256(request.assetsGwei) * GWEI;
        return atFinalization < atRequest ? atFinalization : atRequest;
    }

    function _requireMay(address owner, uint256 id) private view {
        if (owner == address(0)) revert RequestUnknown(id);
        if (msg.sender != owner && !isApprovedForAll[owner][msg.sender] && _approved[id] != msg.sender) {
            revert ReceiptNotYours(id, msg.sender);
        }
    }
}
