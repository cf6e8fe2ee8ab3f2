// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Record, Status} from "./LedgerTypes.sol";

/// @title HotRecord: the first slot of a `Record`, all but its key, as one word
/// @dev A checkpoint touches thousands of records: one read and one write each, where field by field the compiler takes
/// several. Bits from the lowest, as the struct packs them: status 8, operatorId 32, index 40, balanceGwei 48,
/// balanceSlot 40, inFlightGwei 48, depositSlot 32.
library HotRecord {
    uint256 private constant INDEX_AT = 40;
    uint256 private constant BALANCE_AT = 80;
    uint256 private constant BALANCE_SLOT_AT = 128;
    uint256 private constant IN_FLIGHT_AT = 168;
    uint256 private constant DEPOSIT_SLOT_AT = 216;
    uint256 private constant MASK_40 = (1 << 40) - 1;
    uint256 private constant MASK_48 = (1 << 48) - 1;
    /// @dev Balance and its slot lie side by side.
    uint256 private constant SEEN_MASK = ((1 << 88) - 1) << BALANCE_AT;

    /// @notice The ordinal has more than 32 bits.
    /// @dev Why: higher bits would name no record. How to fix: give ordinals from the ledger's events.
    error OrdinalOutOfRange(uint256 bits);

    /// @notice The words of `ordinals`' records, the storage slots they lie in, and the beacon indices they hold.
    function load(mapping(uint32 ordinal => Record) storage records, uint32[] calldata ordinals)
        internal
        view
        returns (uint256[] memory words, uint256[] memory places, uint64[] memory indices)
    {
        uint256 count = ordinals.length;
        (words, places, indices) = (new uint256[](count), new uint256[](count), new uint64[](count));
        uint256 wide; // all ordinals, OR-ed: solc's own range check, without an error, at a fraction of its gas
        // Memory-safe: writes the scratch space and the elements of three arrays of `count` words each. A mapping's value
        // lies at keccak256(key ‖ the mapping's slot).
        assembly ("memory-safe") {
            let from := ordinals.offset
            let toWords := sub(words, from)
            let toPlaces := sub(places, from)
            let toIndices := sub(indices, from)
            mstore(0x20, records.slot)
            for { let end := add(from, shl(5, count)) } lt(from, end) {} {
                let ordinal := calldataload(from)
                from := add(from, 0x20) // and past each array's length
                wide := or(wide, ordinal)
                mstore(0x00, ordinal)
                let place := keccak256(0x00, 0x40)
                let word := sload(place)
                mstore(add(toWords, from), word)
                mstore(add(toPlaces, from), place)
                mstore(add(toIndices, from), and(shr(INDEX_AT, word), MASK_40))
            }
        }
        if (wide >> 32 != 0) revert OrdinalOutOfRange(wide);
    }

    /// @notice Element `i` of an array that the caller knows to be longer.
    function item(uint256[] memory array, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(array, 0x20), shl(5, i)))
        }
    }

    /// @notice The same of narrower elements, a word each in memory.
    function item(uint64[] memory array, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(array, 0x20), shl(5, i)))
        }
    }

    /// @notice Writes the word back to the slot that `load` named.
    function store(uint256 place, uint256 word) internal {
        assembly ("memory-safe") {
            sstore(place, word)
        }
    }

    /// @notice Funded, Exiting or Slashed: what a checkpoint must count.
    function isLive(uint256 word) internal pure returns (bool) {
        uint256 status = word & 0xff;
        return status >= uint256(Status.Funded) && status <= uint256(Status.Slashed);
    }

    function isSlashed(uint256 word) internal pure returns (bool) {
        return word & 0xff == uint256(Status.Slashed);
    }

    /// @notice Neither slashed nor with a deposit in flight: worth its balance.
    function isPlain(uint256 word) internal pure returns (bool) {
        return !isSlashed(word) && inFlightGwei(word) == 0;
    }

    function balanceSlot(uint256 word) internal pure returns (uint256) {
        return (word >> BALANCE_SLOT_AT) & MASK_40;
    }

    function inFlightGwei(uint256 word) internal pure returns (uint256) {
        return (word >> IN_FLIGHT_AT) & MASK_48;
    }

    function depositSlot(uint256 word) internal pure returns (uint256) {
        return word >> DEPOSIT_SLOT_AT;
    }

    /// @notice The word after a checkpoint of `slot` (below 2^40) saw `balanceGwei`, which is kept up to 2^48 - 1.
    function seen(uint256 word, uint256 balanceGwei, uint256 slot) internal pure returns (uint256) {
        if (balanceGwei > MASK_48) balanceGwei = MASK_48;
        return (word & ~SEEN_MASK) | (balanceGwei << BALANCE_AT) | (slot << BALANCE_SLOT_AT);
    }
}
