// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    BalancesOpening,
    BalancesProof,
    BeaconBlockHeader,
    Hop,
    Layout,
    PendingDeposit,
    PendingRun,
    StateProof,
    Validator,
    ValidatorProof,
    WithdrawalProof
} from "../../src/beacon/BeaconTypes.sol";
import {BeaconProofs} from "../../src/beacon/BeaconProofs.sol";
import {ForkLayouts} from "../../src/beacon/ForkLayouts.sol";
import {MultiProof} from "../../src/beacon/MultiProof.sol";
import {SSZ} from "../../src/beacon/SSZ.sol";

/// @notice Opens `BeaconProofs` to tests: each function alone, many calls in one, and the gas of a verification without
///         its calldata.
contract BeaconProofsHarness {
    function parentRoot(uint256 timestamp) external view returns (bytes32) {
        return BeaconProofs.parentRoot(timestamp);
    }

    function anchor(ForkLayouts layouts, StateProof calldata p) external view returns (bytes32, uint64, Layout memory) {
        return BeaconProofs.anchor(layouts, p);
    }

    function anchorHeader(ForkLayouts layouts, bytes32 blockRoot, StateProof calldata p)
        external
        view
        returns (bytes32, uint64, Layout memory)
    {
        return BeaconProofs.anchorHeader(layouts, blockRoot, p);
    }

    function anchorRoot(ForkLayouts layouts, bytes32 stateRoot, uint64 slot, bytes32[] calldata witness)
        external
        view
        returns (Layout memory)
    {
        return BeaconProofs.anchorRoot(layouts, stateRoot, slot, witness);
    }

    function hop(ForkLayouts layouts, bytes32 stateRoot, uint64 stateSlot, Layout memory fork, Hop calldata h)
        external
        view
        returns (bytes32, uint64, Layout memory)
    {
        return BeaconProofs.hop(layouts, stateRoot, stateSlot, fork, h);
    }

    function verifyValidator(bytes32 stateRoot, Layout memory fork, ValidatorProof calldata p) external view {
        BeaconProofs.verifyValidator(stateRoot, fork, p);
    }

    function verifyBalances(bytes32 stateRoot, Layout memory fork, uint64[] memory indices, BalancesProof calldata p)
        external
        view
        returns (uint64[] memory)
    {
        return BeaconProofs.verifyBalances(stateRoot, fork, indices, p);
    }

    function openBalances(bytes32 stateRoot, Layout memory fork, BalancesOpening calldata p) external view {
        BeaconProofs.openBalances(stateRoot, fork, p);
    }

    function verifyBalancesUnder(
        bytes32 top,
        uint64 length,
        bool progressive,
        uint64[] memory indices,
        bytes32[] calldata chunks,
        bytes32[] calldata siblings
    ) external view returns (uint64[] memory) {
        return BeaconProofs.verifyBalancesUnder(top, length, progressive, indices, chunks, siblings);
    }

    function verifyPendingRun(bytes32 stateRoot, Layout memory fork, PendingRun calldata p) external view {
        BeaconProofs.verifyPendingRun(stateRoot, fork, p);
    }

    function verifyWithdrawal(bytes32 stateRoot, Layout memory fork, WithdrawalProof calldata p) external view {
        BeaconProofs.verifyWithdrawal(stateRoot, fork, p);
    }

    function headerRoot(BeaconBlockHeader calldata header) external view returns (bytes32) {
        return BeaconProofs.headerRoot(header);
    }

    function validatorRoot(Validator calldata fields) external view returns (bytes32) {
        return BeaconProofs.validatorRoot(fields);
    }

    function pendingDepositRoot(PendingDeposit calldata deposit) external view returns (bytes32) {
        return BeaconProofs.pendingDepositRoot(deposit);
    }

    function pubkeyRoot(bytes calldata pubkey) external view returns (bytes32) {
        return BeaconProofs.pubkeyRoot(pubkey);
    }

    function branchRoot(bytes32 leaf, uint256 gindex, bytes32[] calldata branch) external view returns (bytes32) {
        return SSZ.rootFromBranch(leaf, gindex, branch);
    }

    function multiProofRoot(
        bytes32[] calldata leaves,
        uint256[] calldata positions,
        uint256 depth,
        bytes32[] calldata siblings
    ) external view returns (bytes32) {
        return MultiProof.root(_nodes(leaves, positions), depth, siblings);
    }

    function progressiveRoot(bytes32[] calldata leaves, uint256[] calldata positions, bytes32[] calldata siblings)
        external
        view
        returns (bytes32)
    {
        return MultiProof.progressiveRoot(_nodes(leaves, positions), siblings);
    }

    function anchorGas(ForkLayouts layouts, StateProof calldata p) external view returns (uint256) {
        uint256 before = gasleft();
        BeaconProofs.anchor(layouts, p);
        return before - gasleft();
    }

    function hopGas(ForkLayouts layouts, bytes32 stateRoot, uint64 stateSlot, Layout memory fork, Hop calldata h)
        external
        view
        returns (uint256)
    {
        uint256 before = gasleft();
        BeaconProofs.hop(layouts, stateRoot, stateSlot, fork, h);
        return before - gasleft();
    }

    function verifyValidatorGas(bytes32 stateRoot, Layout memory fork, ValidatorProof calldata p)
        external
        view
        returns (uint256)
    {
        uint256 before = gasleft();
        BeaconProofs.verifyValidator(stateRoot, fork, p);
        return before - gasleft();
    }

    function verifyBalancesGas(bytes32 stateRoot, Layout memory fork, uint64[] memory indices, BalancesProof calldata p)
        external
        view
        returns (uint256)
    {
        uint256 before = gasleft();
        BeaconProofs.verifyBalances(stateRoot, fork, indices, p);
        return before - gasleft();
    }

    function openBalancesGas(bytes32 stateRoot, Layout memory fork, BalancesOpening calldata p)
        external
        view
        returns (uint256)
    {
        uint256 before = gasleft();
        BeaconProofs.openBalances(stateRoot, fork, p);
        return before - gasleft();
    }

    function verifyBalancesUnderGas(
        bytes32 top,
        uint64 length,
        bool progressive,
        uint64[] memory indices,
        bytes32[] calldata chunks,
        bytes32[] calldata siblings
    ) external view returns (uint256) {
        uint256 before = gasleft();
        BeaconProofs.verifyBalancesUnder(top, length, progressive, indices, chunks, siblings);
        return before - gasleft();
    }

    function verifyPendingRunGas(bytes32 stateRoot, Layout memory fork, PendingRun calldata p)
        external
        view
        returns (uint256)
    {
        uint256 before = gasleft();
        BeaconProofs.verifyPendingRun(stateRoot, fork, p);
        return before - gasleft();
    }

    /// @notice Runs each of `calls` on this contract with `gasEach` and tells how it ended: 0 where it was accepted,
    ///         else the four-byte selector of its error, 0xffffffff where it reverted without one or ran out of gas.
    function outcomes(bytes[] calldata calls, uint256 gasEach) external view returns (bytes4[] memory ends) {
        ends = new bytes4[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory data) = address(this).staticcall{gas: gasEach}(calls[i]);
            if (ok) continue;
            ends[i] = data.length < 4 ? bytes4(0xffffffff) : bytes4(data);
        }
    }

    /// @notice What a call answers with `from`, `from + step`, … gas: empty where it failed.
    function underGas(bytes calldata data, uint256 from, uint256 step, uint256 count)
        external
        view
        returns (bytes[] memory answers)
    {
        answers = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            (bool ok, bytes memory answer) = address(this).staticcall{gas: from + i * step}(data);
            if (ok) answers[i] = answer;
        }
    }

    function _nodes(bytes32[] calldata leaves, uint256[] calldata positions)
        private
        pure
        returns (MultiProof.Nodes memory nodes)
    {
        nodes = MultiProof.allocate(leaves.length);
        nodes.count = leaves.length;
        for (uint256 i = 0; i < leaves.length; ++i) {
            (uint256 nodeAt, uint256 positionAt) = (nodes.nodes + 32 * i, nodes.positions + 32 * i);
            (bytes32 leaf, uint256 position) = (leaves[i], positions[i]);
            assembly ("memory-safe") {
                mstore(nodeAt, leaf)
                mstore(positionAt, position)
            }
        }
    }
}
