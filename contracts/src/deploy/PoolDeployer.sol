// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title PoolDeployer: gives a pool's parts their addresses before they exist
/// @notice The parts name each other in their constructors, so their addresses must be known first. A contract's own
/// creations are numbered by its nonce, which nothing but this function moves: `addressOf(n)` is certain from the start.
/// It keeps no power over what it created.
contract PoolDeployer {
    address public immutable DEPLOYER;
    /// @notice Parts created so far.
    uint256 public count;

    event PartCreated(uint256 indexed number, address part);

    /// @notice Why: only who created this deployer goes on with it. How to fix: use that account.
    error NotDeployer(address caller);
    /// @notice Why: the parts come in order. How to fix: pass `count + 1`; a lower number is there already.
    error PartNotNext(uint256 number, uint256 next);
    /// @notice Why: the part's constructor failed. How to fix: check its arguments.
    error PartFailed(uint256 number);

    constructor() {
        DEPLOYER = msg.sender;
    }

    /// @notice Creates part `number` (from 1) from its init code.
    function create(uint256 number, bytes calldata initCode) external returns (address part) {
        if (msg.sender != DEPLOYER) revert NotDeployer(msg.sender);
        if (number != count + 1) revert PartNotNext(number, count + 1);
        count = number;
        bytes memory code = initCode;
        assembly ("memory-safe") {
            part := create(0, add(code, 0x20), mload(code))
            // Bubble the constructor's own error: it says what is wrong with the configuration.
            if iszero(part) {
                if returndatasize() {
                    returndatacopy(code, 0, returndatasize())
                    revert(code, returndatasize())
                }
            }
        }
        if (part == address(0)) revert PartFailed(number);
        emit PartCreated(number, part);
    }

    /// @notice Address of part `number` (1 to 127), created or not: keccak256(rlp([this, number])).
    function addressOf(uint256 number) external view returns (address) {
        if (number == 0 || number > 127) revert PartNotNext(number, count + 1);
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes2(0xd694), address(this), uint8(number))))));
    }
}
