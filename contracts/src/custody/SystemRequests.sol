// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title SystemRequests: the execution layer's requests to the beacon chain
/// @dev EIP-7002 (withdrawals) and EIP-7251 (consolidations): an empty static call answers the fee, a call with the
/// packed request and at least that fee queues it. The source is the caller, so these run inside the Vault.
library SystemRequests {
    address internal constant WITHDRAWALS = 0x00000961Ef480Eb55e80D19ad83579A64c007002;
    address internal constant CONSOLIDATIONS = 0x0000BBdDc7CE488642fb579F8B00f3a590007251;

    /// @notice Why: the request contract is missing or still inhibited. How to fix: wait for its first system call.
    error RequestFeeUnavailable(address target);
    /// @notice Why: the fee is over this pool's cap. How to fix: wait, the fee falls exponentially when demand does.
    error RequestFeeTooHigh(uint256 fee, uint256 cap);
    /// @notice Why: the request contract refused the call. How to fix: check the pubkey's length (48 bytes).
    error RequestRefused(address target);
    /// @notice Why: a BLS public key has 48 bytes. How to fix: pass the compressed key.
    error RequestPubkeyLength(uint256 length);

    function feeOf(address target, uint256 cap) internal view returns (uint256 fee) {
        (bool ok, bytes memory answer) = target.staticcall("");
        if (!ok || answer.length != 32) revert RequestFeeUnavailable(target);
        fee = abi.decode(answer, (uint256));
        if (fee > cap) revert RequestFeeTooHigh(fee, cap);
    }

    function withdraw(bytes calldata pubkey, uint64 amountGwei, uint256 fee) internal {
        if (pubkey.length != 48) revert RequestPubkeyLength(pubkey.length);
        _send(WITHDRAWALS, abi.encodePacked(pubkey, amountGwei), fee);
    }

    function consolidate(bytes calldata source, bytes calldata target, uint256 fee) internal {
        if (source.length != 48) revert RequestPubkeyLength(source.length);
        if (target.length != 48) revert RequestPubkeyLength(target.length);
        _send(CONSOLIDATIONS, abi.encodePacked(source, target), fee);
    }

    function _send(address target, bytes memory request, uint256 fee) private {
        (bool ok,) = target.call{value: fee}(request);
        if (!ok) revert RequestRefused(target);
    }
}
