// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One call by one actor.
struct Step {
    uint256 actor;
    address target;
    uint256 value;
    bytes data;
}

/// @title Actor: an account with a will of its own
/// @notice Does what its driver says; takes ether gladly, refuses it, or uses the moment to call back.
contract Actor {
    address private immutable DRIVER = msg.sender;
    /// @notice 0 takes ether, 1 refuses it, 2 calls `target` back first.
    uint256 public mode;
    address public target;
    bytes public data;
    /// @notice Calls made back, and how many of them went through.
    uint256 public tries;
    uint256 public successes;
    bool private _inside;

    error Refused();
    error NotDriver();

    receive() external payable {
        _act();
    }

    function set(uint256 mode_, address target_, bytes calldata data_) external {
        if (msg.sender != DRIVER) revert NotDriver();
        (mode, target, data) = (mode_, target_, data_);
    }

    function run(address to, uint256 value, bytes calldata input) external payable returns (bool ok, bytes memory answer) {
        if (msg.sender != DRIVER) revert NotDriver();
        return to.call{value: value}(input);
    }

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        _act();
        return this.onERC721Received.selector;
    }

    function _act() private {
        if (mode == 1) revert Refused();
        if (mode != 2 || _inside) return;
        _inside = true;
        ++tries;
        (bool ok,) = target.call(data);
        if (ok) ++successes;
        _inside = false;
    }
}

/// @title Driver: many calls by many actors in one transaction
contract Driver {
    Actor[] public actors;

    /// @notice After the logs of step `index`.
    event Ran(uint256 indexed index, bool ok, bytes answer);

    constructor(uint256 count) payable {
        for (uint256 i; i < count; ++i) actors.push(new Actor());
    }

    receive() external payable {}

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function set(uint256 actor, uint256 mode, address target, bytes calldata data) external {
        actors[actor].set(mode, target, data);
    }

    function run(Step[] calldata steps) external {
        for (uint256 i; i < steps.length; ++i) {
            Step calldata step = steps[i];
            (bool ok, bytes memory answer) =
                actors[step.actor].run{value: step.value}(step.target, step.value, step.data);
            emit Ran(i, ok, answer);
        }
    }
}
