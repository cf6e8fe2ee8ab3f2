// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title RollingLimit: no window of `window` seconds lets more than `limit` through
/// @dev A leaky bucket that holds half the limit and leaks half the limit per window: at most the full bucket plus
/// what leaks while the window lasts can pass, which is the limit. No history needs to be kept.
library RollingLimit {
    struct Bucket {
        uint128 filled;
        uint64 updatedAt;
    }

    /// @notice Why: this door's window is used up. How to fix: wait; the bucket leaks `limit / 2` a window.
    error WindowLimitReached(uint256 asked, uint256 available);

    /// @return What may pass now.
    function available(Bucket storage bucket, uint256 limit, uint256 window) internal view returns (uint256) {
        uint256 capacity = limit / 2;
        uint256 filled = _leaked(bucket, capacity, window);
        return filled < capacity ? capacity - filled : 0;
    }

    /// @notice Lets `amount` through, or reverts.
    function spend(Bucket storage bucket, uint256 amount, uint256 limit, uint256 window) internal {
        uint256 capacity = limit / 2;
        uint256 filled = _leaked(bucket, capacity, window);
        uint256 room = filled < capacity ? capacity - filled : 0;
        if (amount > room) revert WindowLimitReached(amount, room);
        bucket.filled = uint128(filled + amount);
        bucket.updatedAt = uint64(block.timestamp);
    }

    function _leaked(Bucket storage bucket, uint256 capacity, uint256 window) private view returns (uint256) {
        uint256 leak = (capacity * (block.timestamp - bucket.updatedAt)) / window;
        uint256 filled = bucket.filled;
        return filled > leak ? filled - leak : 0;
    }
}
