// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RollingLimit} from "../../src/custody/RollingLimit.sol";
import {ShareRate} from "../../src/custody/ShareRate.sol";

/// @title CustodyHarness: the libraries of the Vault, one call at a time
contract CustodyHarness {
    using RollingLimit for RollingLimit.Bucket;
    using ShareRate for ShareRate.Rate;

    RollingLimit.Bucket private _bucket;
    ShareRate.Rate public line;

    function spend(uint256 amount, uint256 limit, uint256 window) external {
        _bucket.spend(amount, limit, window);
    }

    function available(uint256 limit, uint256 window) external view returns (uint256) {
        return _bucket.available(limit, window);
    }

    function reset(uint256 value) external {
        line = ShareRate.flat(value);
    }

    function towards(uint256 target, uint256 drip, uint256 growth) external {
        line = line.towards(target, drip, growth);
    }

    function lowered(uint256 perShare) external {
        line = line.lowered(perShare);
    }

    function valueAt(uint256 time) external view returns (uint256) {
        return line.valueAt(time);
    }

    function toSharesDown(uint256 assets, uint256 rate) external pure returns (uint256) {
        return ShareRate.toSharesDown(assets, rate);
    }
}
