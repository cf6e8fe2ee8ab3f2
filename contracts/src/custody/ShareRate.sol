// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ShareRate: wei per 1e18 shares, as a line in time
/// @dev Formula: valueAt(t) = from + (target − from) · (t − since) / (until − since), and `target` from `until` on.
/// Gains bend the line upwards, never faster than the drip; a loss moves the whole line down at once. One storage slot.
library ShareRate {
    /// @dev 1e18 shares, and the rate at which a share is one wei.
    uint256 internal constant ONE = 1e18;
    /// @dev The rate never falls to nothing: a division by it must stay possible after a total loss.
    uint256 internal constant FLOOR = 1e9;
    uint256 private constant GWEI = 1e9;

    struct Rate {
        uint96 from;
        uint96 target;
        uint32 since;
        uint32 until;
    }

    function flat(uint256 value) internal view returns (Rate memory) {
        if (value < FLOOR) value = FLOOR;
        return Rate(uint96(value), uint96(value), uint32(block.timestamp), uint32(block.timestamp));
    }

    function valueAt(Rate memory line, uint256 time) internal pure returns (uint256) {
        if (time >= line.until) return line.target;
        // until > time >= since, and target > from whenever until > since
        unchecked {
            return line.from + (uint256(line.target - line.from) * (time - line.since)) / (line.until - line.since);
        }
    }

    /// @notice The line after a checkpoint proved `target`: down at once, up over the drip.
    /// @param growth the most it may grow a second, in 1e-18 of the rate it starts from
    function towards(Rate memory line, uint256 target, uint256 drip, uint256 growth)
        internal
        view
        returns (Rate memory)
    {
        uint256 current = valueAt(line, block.timestamp);
        if (target <= current) return flat(target);
        // A donation of any size must neither overflow the slot nor stretch one drip beyond the next checkpoints.
        if (target > 2 * current) target = 2 * current;
        uint256 slowest = ((target - current) * ONE) / (current * growth);
        uint256 span = slowest > drip ? slowest : drip;
        return Rate(uint96(current), uint96(target), uint32(block.timestamp), uint32(block.timestamp + span));
    }

    /// @notice The line after a loss of `perShare` (wei per 1e18 shares): what still drips in pays first.
    function lowered(Rate memory line, uint256 perShare) internal view returns (Rate memory) {
        uint256 current = valueAt(line, block.timestamp);
        uint256 target = line.target > perShare ? line.target - perShare : 0;
        if (target <= current) return flat(target);
        return Rate(uint96(current), uint96(target), uint32(block.timestamp), line.until);
    }

    /// @notice The line after `minted` shares were bought at its value now, beside `supply` others: what still drips in is
    /// all of theirs alike. Left as it was, the line would rise above what the pool is worth.
    function diluted(Rate memory line, uint256 supply, uint256 minted) internal view returns (Rate memory) {
        uint256 current = valueAt(line, block.timestamp);
        if (block.timestamp >= line.until) return line;
        // target >= current while the line rises
        uint256 target = current + ((line.target - current) * supply) / (supply + minted);
        return Rate(uint96(current), uint96(target), uint32(block.timestamp), line.until);
    }

    /// @notice Shares for `assets` wei, rounded down to whole gwei of shares: what is cut stays with all the others.
    function toSharesDown(uint256 assets, uint256 rate) internal pure returns (uint256) {
        return (assets * ONE) / rate / GWEI * GWEI;
    }
}
