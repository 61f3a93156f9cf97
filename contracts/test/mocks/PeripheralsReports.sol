// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "../Base.sol";

/// @notice Builds and signs reports, right and wrong ones, for the tests of oracle and verifier.
abstract contract PeripheralsReports is Base {
    struct Value {
        uint8 market;
        uint32 price;
        uint32 mark;
        int32 rate;
    }

    bytes32 internal constant TYPEHASH =
        keccak256("Observation(uint32 round,uint40 time,bytes markets,bytes values)");

    /// @dev Keys of `count` reporters, ascending by address.
    function _reporters(uint256 count)
        internal
        pure
        returns (uint256[] memory keys, address[] memory list)
    {
        keys = new uint256[](count);
        list = new address[](count);
        for (uint256 i; i < count; ++i) {
            uint256 key = uint256(keccak256(abi.encode("reporter", i)));
            address reporter = vm.addr(key);
            uint256 place = i;
            for (; place > 0 && list[place - 1] > reporter; --place) {
                (keys[place], list[place]) = (keys[place - 1], list[place - 1]);
            }
            (keys[place], list[place]) = (key, reporter);
        }
    }

    /// @dev The EIP-712 domain written out, not taken from the contract.
    function _separator(address verifier) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,"
                    "address verifyingContract)"
                ),
                keccak256("Holdfast Oracle"),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
    }

    function _head(uint32 round, uint40 time, Value[] memory medians)
        internal
        pure
        returns (bytes memory out)
    {
        out = abi.encodePacked(round, time, uint8(medians.length));
        for (uint256 i; i < medians.length; ++i) {
            Value memory value = medians[i];
            out = abi.encodePacked(out, value.market, value.price, value.mark, value.rate);
        }
    }

    function _signed(
        bytes32 separator,
        uint256 key,
        uint32 round,
        uint40 time,
        Value[] memory values
    ) internal pure returns (bytes memory) {
        bytes memory ids;
        bytes memory packed;
        for (uint256 i; i < values.length; ++i) {
            ids = abi.encodePacked(ids, values[i].market);
            packed =
                abi.encodePacked(packed, values[i].price, values[i].mark, values[i].rate);
        }
        bytes32 body =
            keccak256(abi.encode(TYPEHASH, round, time, keccak256(ids), keccak256(packed)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, body));
        (bytes32 r, bytes32 vs) = signCompact(key, digest);
        return abi.encodePacked(packed, r, vs);
    }

    /// @dev A report of one market in which the first `count` keys say the same.
    function _uniform(
        address verifier,
        uint256[] memory keys,
        uint256 count,
        uint32 round,
        uint40 time,
        Value[] memory values
    ) internal view returns (bytes memory out) {
        out = abi.encodePacked(_head(round, time, values), uint8(count));
        for (uint256 i; i < count; ++i) {
            out = abi.encodePacked(
                out, _signed(_separator(verifier), keys[i], round, time, values)
            );
        }
    }

    function _one(uint8 market, uint32 price, int32 rate)
        internal
        pure
        returns (Value[] memory values)
    {
        values = new Value[](1);
        values[0] = Value(market, price, price, rate);
    }
}
