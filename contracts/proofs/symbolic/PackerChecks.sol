// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "../../src/libraries/Accounts.sol";
import {Orders, OrderTerms} from "../../src/libraries/Orders.sol";
import {Packer} from "../../src/libraries/Packer.sol";
import {ParameterWords} from "../../src/libraries/ParameterWords.sol";
import {MarketParams} from "../../src/Types.sol";

/// @title Records of events and words of parameters against what the compiler packs.
contract PackerChecks {
    MarketParams private stored;

    /// Bytes of any width, one behind the other, and zeros behind them.
    function check_put(uint32 a, uint128 b, uint8 c, uint56 d, bytes32 before) external pure {
        (bytes memory buffer, uint256 cursor) = Packer.open(96);
        assembly ("memory-safe") {
            mstore(cursor, before)
        }
        cursor += 32;
        uint256 start = cursor;
        cursor = Packer.put(cursor, a, 4);
        cursor = Packer.put(cursor, b, 16);
        cursor = Packer.put(cursor, c, 1);
        cursor = Packer.put(cursor, d, 7);
        assert(_same(buffer, 0, abi.encodePacked(before, a, b, c, d)));
        assert(Packer.seal(start, cursor) == start + 32);
        assert(_same(buffer, 0, abi.encodePacked(uint256(28), a, b, c, d, uint256(0))));
        Packer.close(buffer, cursor);
        assert(buffer.length == 60);
    }

    /// Records of accounts and orders are their fields side by side.
    function check_records(
        uint32 id,
        uint8 count,
        int128 cash,
        uint8 market,
        int56 size,
        uint64 above,
        uint256 terms,
        uint40 filled
    ) external pure {
        (bytes memory buffer, uint256 cursor) = Packer.open(96);
        AccountWord word = AccountWord.wrap(uint256(above) << 192).withCash(cash)
            .withHome(market, size);
        cursor = Packer.putHead(cursor, id, cash, count);
        cursor = Packer.putPosition(cursor, market, size);
        cursor = Packer.putAccount(cursor, id, word);
        cursor = Packer.putOrder(cursor, OrderTerms.wrap(terms), filled);
        Packer.close(buffer, cursor);
        bytes memory order = abi.encodePacked(bytes10(bytes32(terms)), filled);
        bytes memory heads = abi.encodePacked(id, count, cash, market, size);
        bytes memory all = abi.encodePacked(heads, id, uint8(1), cash, market, size, order);
        assert(keccak256(buffer) == keccak256(all));
    }

    function _same(bytes memory buffer, uint256 from, bytes memory wanted)
        private
        pure
        returns (bool)
    {
        bytes32 found;
        assembly ("memory-safe") {
            found := keccak256(add(add(buffer, 0x20), from), mload(wanted))
        }
        return found == keccak256(wanted);
    }

    /// Every field of the parameters is read from the words as the compiler reads it.
    function check_parameters(uint256 low, uint256 high) external {
        MarketParams storage params = stored;
        assembly ("memory-safe") {
            sstore(params.slot, low)
            sstore(add(params.slot, 1), high)
        }
        MarketParams memory plain = params;
        MarketParams memory found;
        (uint256 first, uint256 second) = ParameterWords.load(params);
        ParameterWords.unpack(found, first, second);
        // As words of memory: what is beyond a field's width counts too.
        bytes32 foundWords;
        bytes32 plainWords;
        assembly ("memory-safe") {
            foundWords := keccak256(found, 0x280)
            plainWords := keccak256(plain, 0x280)
        }
        assert(foundWords == plainWords);
        assert(ParameterWords.tickValue(low) == plain.tickValue);
        assert(ParameterWords.bandPpm(low) == plain.bandPpm);
        assert(ParameterWords.markClampPpm(high) == plain.markClampPpm);
    }
}
