// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QuorumVerifier} from "../src/QuorumVerifier.sol";
import {IReportVerifier} from "../src/interfaces/IReportVerifier.sol";
import {PeripheralsReports} from "./mocks/PeripheralsReports.sol";

/// @notice What a change of one place of the verifier would break and nothing else shows.
contract QuorumEdgesTest is PeripheralsReports {
    uint40 internal constant TIME = 1_800_000_000;

    /// @dev Behind the last of a full committee there is nobody.
    function test_verify_revertsIf_SignerAboveAll() public {
        (uint256[] memory many, address[] memory all) = _reporters(16);
        QuorumVerifier big = _deploy(9, all);
        uint256 key = 1;
        while (vm.addr(key) <= all[15]) ++key;
        bytes32 separator = _separator(address(big));
        bytes memory report = abi.encodePacked(_head(1, TIME, _one(0, 5, 0)), uint8(9));
        for (uint256 i; i < 9; ++i) {
            uint256 who = i == 8 ? key : many[i];
            report = bytes.concat(report, _signed(separator, who, 1, TIME, _one(0, 5, 0)));
        }
        vm.expectRevert(
            abi.encodeWithSelector(IReportVerifier.SignerUnknown.selector, 8, vm.addr(key))
        );
        big.verify(report);
    }

    /// @dev The mark is right; 9 is not the lower median of 8, 8, 9.
    function test_verify_revertsIf_PriceMedianWrong() public {
        Value[] memory said = _one(0, 9, 0);
        said[0].mark = 5;
        (uint256[] memory keys, address[] memory list) = _reporters(5);
        QuorumVerifier verifier = _deploy(3, list);
        bytes32 separator = _separator(address(verifier));
        bytes memory report = abi.encodePacked(_head(1, TIME, said), uint8(3));
        said[0].price = 8;
        for (uint256 i; i < 2; ++i) {
            report = bytes.concat(report, _signed(separator, keys[i], 1, TIME, said));
        }
        said[0].price = 9;
        report = bytes.concat(report, _signed(separator, keys[2], 1, TIME, said));
        vm.expectRevert(
            abi.encodeWithSelector(IReportVerifier.MedianWrong.selector, 0, int256(9))
        );
        verifier.verify(report);
    }

    function _deploy(uint256 quorum, address[] memory list) private returns (QuorumVerifier) {
        bytes memory args = abi.encode(quorum, list);
        return QuorumVerifier(deploy("QuorumVerifier", args));
    }
}
