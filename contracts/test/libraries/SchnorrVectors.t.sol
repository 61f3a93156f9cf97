// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupKey, GroupSignature, Schnorr} from "../../src/libraries/Schnorr.sol";
import {Base} from "../Base.sol";

/// @notice The edge cases of `vectors/schnorr.json`, which TypeScript judges too.
contract SchnorrVectorsTest is Base {
    string internal json;

    function setUp() public {
        json = vm.readFile("test/vectors/schnorr.json");
    }

    function test_isSigned_vectors() public view {
        uint256 count;
        for (; _has(".signed", count); ++count) {
            string memory at = _at(".signed", count);
            bytes32 digest = bytes32(_word(at, ".digest"));
            _judge(at, Schnorr.isSigned(_key(at), digest, _signature(at)));
        }
        assertGe(count, 79, "signed");
    }

    function test_holds_vectors() public view {
        uint256 count;
        for (; _has(".sums", count); ++count) {
            string memory at = _at(".sums", count);
            _judge(at, Schnorr.holds(_key(at), _word(at, ".c"), _signature(at)));
        }
        assertGe(count, 29, "sums");
    }

    function _judge(string memory at, bool found) internal view {
        string memory name = vm.parseJsonString(json, string.concat(at, ".name"));
        bool required = vm.parseJsonBool(json, string.concat(at, ".holds"));
        assertTrue(found == required, name);
    }

    function _key(string memory at) internal view returns (GroupKey memory) {
        bool isOdd = vm.parseJsonBool(json, string.concat(at, ".isOdd"));
        return GroupKey(_word(at, ".x"), isOdd);
    }

    function _signature(string memory at) internal view returns (GroupSignature memory) {
        return GroupSignature(_word(at, ".rx"), _word(at, ".ry"), _word(at, ".z"));
    }

    function _word(string memory at, string memory field) internal view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(at, field));
    }

    function _at(string memory list, uint256 place) internal pure returns (string memory) {
        return string.concat(list, "[", vm.toString(place), "]");
    }

    function _has(string memory list, uint256 place) internal view returns (bool) {
        return vm.keyExistsJson(json, _at(list, place));
    }
}
