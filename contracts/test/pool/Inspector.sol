// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ValidatorLedger} from "../../src/beacon/ValidatorLedger.sol";
import {Record} from "../../src/beacon/LedgerTypes.sol";
import {Vault} from "../../src/custody/Vault.sol";
import {ShareToken} from "../../src/custody/ShareToken.sol";
import {WithdrawalQueue} from "../../src/custody/WithdrawalQueue.sol";
import {BondVault} from "../../src/economics/BondVault.sol";
import {OperatorRegistry} from "../../src/economics/OperatorRegistry.sol";

/// @notice What the contracts hold, in one look. Amounts in wei.
struct Look {
    uint256 vaultBalance;
    uint256 queueBalance;
    uint256 bondBalance;
    uint256 supply;
    uint256 rate;
    uint256 target;
    uint256 reachedAt;
    uint256 reserve;
    uint256 feesOwed;
    uint256 inward;
    uint256 outward;
    uint256 highWater;
    uint256 claimable;
    uint256 stakeable;
    uint256 shortfall;
    uint256 queued;
    uint256 lastId;
    uint256 finalizedId;
    uint256 payableId;
    uint256 escrowed;
}

struct OperatorLook {
    uint256 bond;
    uint256 reserved;
    uint256 held;
    uint256 earning;
    uint256 fees;
    bool frozen;
    bool mayStake;
}

/// @title Inspector: reads the whole pool in one call
contract Inspector {
    Vault private immutable VAULT;
    ShareToken private immutable TOKEN;
    WithdrawalQueue private immutable QUEUE;
    ValidatorLedger private immutable LEDGER;
    OperatorRegistry private immutable REGISTRY;
    BondVault private immutable BONDS;

    constructor(Vault vault, ShareToken token, WithdrawalQueue queue, ValidatorLedger ledger, OperatorRegistry registry, BondVault bonds) {
        (VAULT, TOKEN, QUEUE, LEDGER, REGISTRY, BONDS) = (vault, token, queue, ledger, registry, bonds);
    }

    function look() external view returns (Look memory l) {
        l.vaultBalance = address(VAULT).balance;
        l.queueBalance = address(QUEUE).balance;
        l.bondBalance = address(BONDS).balance;
        l.supply = TOKEN.totalSupply();
        (l.rate, l.target, l.reachedAt) = VAULT.rateSchedule();
        (l.reserve, l.feesOwed) = VAULT.liabilities();
        (l.inward, l.outward) = VAULT.flows();
        l.highWater = VAULT.highWater();
        l.claimable = VAULT.claimableNow();
        l.stakeable = VAULT.stakeableCash();
        l.shortfall = LEDGER.shortfall();
        l.queued = QUEUE.queuedShares();
        l.escrowed = TOKEN.balanceOf(address(QUEUE));
        _queue(l);
    }

    function lists() external view returns (Record[] memory records, OperatorLook[] memory operators) {
        uint32 count = LEDGER.lastOrdinal();
        records = new Record[](count);
        for (uint32 i; i < count; ++i) records[i] = LEDGER.recordOf(i + 1);
        count = REGISTRY.lastOperatorId();
        operators = new OperatorLook[](count);
        for (uint32 i; i < count; ++i) operators[i] = _operator(i + 1);
    }

    function _queue(Look memory l) private view {
        (bool ok, bytes memory answer) = address(QUEUE).staticcall(abi.encodeWithSignature("state()"));
        require(ok);
        (l.lastId,,, l.finalizedId,, l.payableId,) = abi.decode(answer, (uint256, uint256, uint256, uint256, uint256, uint256, uint256));
    }

    function _operator(uint32 id) private view returns (OperatorLook memory o) {
        (o.bond, o.reserved) = BONDS.bonds(id);
        (o.held, o.earning) = REGISTRY.validatorsOf(id);
        o.fees = REGISTRY.feesOf(id);
        o.frozen = REGISTRY.isFrozen(id);
        o.mayStake = REGISTRY.mayStake(id);
    }
}
