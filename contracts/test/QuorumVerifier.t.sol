// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QuorumVerifier} from "../src/QuorumVerifier.sol";
import {Report} from "../src/Types.sol";
import {IReportVerifier} from "../src/interfaces/IReportVerifier.sol";
import {PeripheralsReports} from "./mocks/PeripheralsReports.sol";

/// @notice Three of five reporters, every malformed report, and medians against sorting.
contract QuorumVerifierTest is PeripheralsReports {
    uint40 internal constant TIME = 1_800_000_000;
    uint256 internal constant ORDER =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    QuorumVerifier internal verifier;
    uint256[] internal keys;
    address[] internal list;

    function setUp() public {
        (uint256[] memory keys_, address[] memory list_) = _reporters(5);
        (keys, list) = (keys_, list_);
        verifier = QuorumVerifier(deploy("QuorumVerifier", abi.encode(3, list_)));
    }

    // ------------------------------------------------------------------ construction

    function test_constructor_setsParts() public view {
        assertEq(verifier.quorum(), 3);
        assertEq(verifier.signersCount(), 5);
        address[] memory got = verifier.signers();
        for (uint256 i; i < 5; ++i) {
            assertEq(got[i], list[i]);
        }
        assertEq(verifier.domainSeparator(), _separator(address(verifier)));
    }

    function test_constructor_revertsIf_QuorumInvalid() public {
        (, address[] memory two) = _reporters(2);
        (, address[] memory four) = _reporters(4);
        _expect(abi.encodeWithSelector(QuorumVerifier.QuorumInvalid.selector, 3, 2));
        deploy("QuorumVerifier", abi.encode(3, two));
        _expect(abi.encodeWithSelector(QuorumVerifier.QuorumInvalid.selector, 2, 4));
        deploy("QuorumVerifier", abi.encode(2, four));
        _expect(abi.encodeWithSelector(QuorumVerifier.QuorumInvalid.selector, 0, 0));
        deploy("QuorumVerifier", abi.encode(0, new address[](0)));
        deploy("QuorumVerifier", abi.encode(3, four));
    }

    function test_constructor_revertsIf_SignersExceeded() public {
        (, address[] memory many) = _reporters(17);
        _expect(abi.encodeWithSelector(QuorumVerifier.SignersExceeded.selector, 17, 16));
        deploy("QuorumVerifier", abi.encode(9, many));
    }

    function test_constructor_revertsIf_SignersUnordered() public {
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (list[0], list[0]);
        _expect(_unordered(list[0], list[0]));
        deploy("QuorumVerifier", abi.encode(2, twice));
        (twice[0], twice[1]) = (list[1], list[0]);
        _expect(_unordered(list[0], list[1]));
        deploy("QuorumVerifier", abi.encode(2, twice));
        (twice[0], twice[1]) = (address(0), list[0]);
        _expect(_unordered(address(0), address(0)));
        deploy("QuorumVerifier", abi.encode(2, twice));
    }

    // ------------------------------------------------------------------ what is accepted

    function test_verify_decodes() public view {
        Value[] memory values = new Value[](2);
        values[0] = Value(0, 1_000_000, 1_000_100, -250);
        values[1] = Value(7, 42, 41, 120_000);
        Report memory got = verifier.verify(_report(3, 9, values));
        assertEq(got.round, 9);
        assertEq(got.time, TIME);
        assertEq(got.markets.length, 2);
        assertEq(got.markets[1], 7);
        assertEq(got.prices[0], 1_000_000);
        assertEq(got.prices[1], 42);
        assertEq(got.marks[0], 1_000_100);
        assertEq(got.marks[1], 41);
        assertEq(got.rates[0], -250);
        assertEq(got.rates[1], 120_000);
    }

    function test_verify_acceptsMoreThanQuorum() public view {
        verifier.verify(_report(4, 1, _one(0, 5, 0)));
        verifier.verify(_report(5, 1, _one(0, 5, 0)));
    }

    function test_verify_acceptsFullCommittee() public {
        (uint256[] memory many, address[] memory all) = _reporters(16);
        QuorumVerifier big = QuorumVerifier(deploy("QuorumVerifier", abi.encode(16, all)));
        big.verify(_uniform(address(big), many, 16, 1, TIME, _one(3, 77, -1)));
    }

    /// @dev Any subset that is large enough will do, wherever its members stand.
    function testFuzz_verify_acceptsAnyQuorum(uint8 mask) public {
        mask &= 31;
        bytes memory tail;
        uint8 count;
        for (uint256 i; i < 5; ++i) {
            if (mask >> i & 1 == 0) continue;
            ++count;
            tail = abi.encodePacked(tail, _sign(keys[i], _one(1, 10, 2)));
        }
        bytes memory report =
            abi.encodePacked(_head(1, TIME, _one(1, 10, 2)), count, tail);
        if (count < 3) _expect(_short(count));
        verifier.verify(report);
    }

    /// @dev Lower median of each field by itself, against sorting.
    function testFuzz_verify_medianIsLower(
        uint32[5] memory prices,
        uint32[5] memory marks,
        int32[5] memory rates,
        bool four
    ) public view {
        uint256 count = four ? 4 : 5;
        bytes memory tail;
        for (uint256 i; i < count; ++i) {
            prices[i] %= 7;
            marks[i] %= 5;
            Value[] memory said = _one(2, prices[i], rates[i]);
            said[0].mark = marks[i];
            tail = abi.encodePacked(tail, _sign(keys[i], said));
        }
        Value[] memory medians = _one(2, _lower(prices, count), _lower(rates, count));
        medians[0].mark = _lower(marks, count);
        bytes memory report = abi.encodePacked(_head(1, TIME, medians), uint8(count), tail);
        Report memory got = verifier.verify(report);
        assertEq(got.prices[0], medians[0].price);
        assertEq(got.marks[0], medians[0].mark);
        assertEq(got.rates[0], medians[0].rate);
    }

    // ------------------------------------------------------------------ what is refused

    function test_verify_revertsIf_QuorumShort() public {
        bytes memory report = _report(2, 1, _one(0, 5, 0));
        _expect(_short(2));
        verifier.verify(report);
        report = _report(0, 1, _one(0, 5, 0));
        _expect(_short(0));
        verifier.verify(report);
    }

    function test_verify_revertsIf_SignerTwice() public {
        bytes memory one = _sign(keys[1], _one(0, 5, 0));
        bytes memory report = _assemble(one, one, _sign(keys[2], _one(0, 5, 0)));
        _expect(_unordered(list[1], list[1]));
        verifier.verify(report);
    }

    function test_verify_revertsIf_SignersUnordered() public {
        bytes memory report = _assemble(
            _sign(keys[0], _one(0, 5, 0)),
            _sign(keys[2], _one(0, 5, 0)),
            _sign(keys[1], _one(0, 5, 0))
        );
        _expect(_unordered(list[1], list[2]));
        verifier.verify(report);
    }

    function testFuzz_verify_revertsIf_SignerUnknown(uint256 key, uint8 place) public {
        key = bound(key, 1, ORDER - 1);
        address stranger = vm.addr(key);
        for (uint256 i; i < 5; ++i) {
            vm.assume(stranger != list[i]);
        }
        // Where the stranger belongs by address, so that the order is right.
        uint256 index;
        bytes[3] memory parts;
        uint256 first = place % 4;
        uint256 place_ = (stranger > list[first] ? 1 : 0) + (stranger > list[first + 1] ? 1 : 0);
        for (uint256 i; i < 3; ++i) {
            uint256 who = i == place_ ? key : keys[first + index++];
            parts[i] = _sign(who, _one(0, 5, 0));
        }
        bytes memory report = _assemble(parts[0], parts[1], parts[2]);
        _expect(_unknown(place_, stranger));
        verifier.verify(report);
    }

    function test_verify_revertsIf_MedianWrong() public {
        // 5, 6, 7 said; anything but 6 is refused, the mean of an even number too.
        uint32[3] memory claims = [uint32(5), 7, 8];
        for (uint256 i; i < 3; ++i) {
            bytes memory report = abi.encodePacked(
                _head(1, TIME, _one(0, claims[i], 0)),
                uint8(3),
                _sign(keys[0], _one(0, 5, 0)),
                _sign(keys[1], _one(0, 6, 0)),
                _sign(keys[2], _one(0, 7, 0))
            );
            _expect(_median(int256(uint256(claims[i]))));
            verifier.verify(report);
        }
    }

    function test_verify_revertsIf_UpperMedian() public {
        bytes memory report = abi.encodePacked(
            _head(1, TIME, _one(0, 7, 0)),
            uint8(4),
            _sign(keys[0], _one(0, 5, 0)),
            _sign(keys[1], _one(0, 6, 0)),
            _sign(keys[2], _one(0, 7, 0)),
            _sign(keys[3], _one(0, 8, 0))
        );
        _expect(_median(7));
        verifier.verify(report);
    }

    /// @dev The price is right; 9 is neither the lower median of 8, 8, 9 nor anybody's doing.
    function test_verify_revertsIf_MarkMedianWrong() public {
        Value[] memory said = _one(0, 5, 0);
        said[0].mark = 9;
        bytes memory report = abi.encodePacked(_head(1, TIME, said), uint8(3));
        said[0].mark = 8;
        report = abi.encodePacked(report, _sign(keys[0], said), _sign(keys[1], said));
        said[0].mark = 9;
        report = abi.encodePacked(report, _sign(keys[2], said));
        _expect(_median(9));
        verifier.verify(report);
    }

    function test_verify_revertsIf_RateMedianWrong() public {
        bytes memory report = abi.encodePacked(
            _head(1, TIME, _one(0, 5, -2)),
            uint8(3),
            _sign(keys[0], _one(0, 5, -3)),
            _sign(keys[1], _one(0, 5, -1)),
            _sign(keys[2], _one(0, 5, 4))
        );
        _expect(_median(-2));
        verifier.verify(report);
    }

    function test_verify_revertsIf_MarketsUnordered() public {
        Value[] memory values = new Value[](2);
        values[0] = Value(3, 5, 5, 0);
        values[1] = Value(3, 6, 6, 0);
        bytes memory report = _report(3, 1, values);
        _expect(abi.encodeWithSelector(QuorumVerifier.MarketsUnordered.selector, 3, 3));
        verifier.verify(report);
        values[1].market = 2;
        report = _report(3, 1, values);
        _expect(abi.encodeWithSelector(QuorumVerifier.MarketsUnordered.selector, 2, 3));
        verifier.verify(report);
    }

    function test_verify_revertsIf_ReportMalformed() public {
        _expect(_malformed(0, 10));
        verifier.verify("");
        _expect(_malformed(9, 10));
        verifier.verify(new bytes(9));
        _expect(_malformed(10, 23));
        verifier.verify(new bytes(10));
        bytes memory head = _head(1, TIME, _one(0, 5, 0));
        _expect(_malformed(23, 24));
        verifier.verify(head);
    }

    /// @dev Not one byte more or less than the counts say.
    function testFuzz_verify_revertsIf_LengthWrong(uint16 cut, uint8 extra) public {
        bytes memory report = _report(3, 1, _one(0, 5, 0));
        uint256 length = report.length;
        bytes memory longer = abi.encodePacked(report, new bytes(uint256(extra) + 1));
        _expect(_malformed(length + extra + 1, length));
        verifier.verify(longer);
        uint256 shorter = bound(cut, 24, length - 1);
        bytes memory part = new bytes(shorter);
        for (uint256 i; i < shorter; ++i) {
            part[i] = report[i];
        }
        _expect(_malformed(shorter, length));
        verifier.verify(part);
    }

    /// @dev Every byte is under the signatures or under the medians: none may be flipped.
    function testFuzz_verify_revertsIf_AnyByteFlipped(uint16 place, uint8 bits) public {
        vm.assume(bits != 0);
        Value[] memory values = new Value[](2);
        values[0] = Value(0, 1_000_000, 1_000_100, -250);
        values[1] = Value(7, 42, 41, 120_000);
        bytes memory report = _report(3, 9, values);
        place = uint16(place % report.length);
        report[place] ^= bytes1(bits);
        vm.expectRevert();
        verifier.verify(report);
    }

    function test_verify_revertsIf_SignatureZero() public {
        bytes memory report = _assemble(
            abi.encodePacked(uint32(5), uint32(5), int32(0), bytes32(0), bytes32(0)),
            _sign(keys[1], _one(0, 5, 0)),
            _sign(keys[2], _one(0, 5, 0))
        );
        _expect(_unknown(0, address(0)));
        verifier.verify(report);
    }

    function test_verify_revertsIf_OtherDomain() public {
        (, address[] memory same) = _reporters(5);
        QuorumVerifier other = QuorumVerifier(deploy("QuorumVerifier", abi.encode(3, same)));
        bytes memory report = _report(3, 1, _one(0, 5, 0));
        vm.expectRevert();
        other.verify(report);
        vm.chainId(block.chainid + 1);
        vm.expectRevert();
        verifier.verify(report);
    }

    // ------------------------------------------------------------------ gas

    function test_gas_verify() public {
        bytes memory report = _report(3, 1, _one(0, 5, 0));
        _measure("verify-3-signers-1-market", report, 26_500);
        Value[] memory values = new Value[](4);
        for (uint8 i; i < 4; ++i) {
            values[i] = Value(i, 100 + i, 101 + i, 7);
        }
        _measure("verify-3-signers-4-markets", _report(3, 1, values), 39_000);
    }

    function _measure(string memory name, bytes memory report, uint256 gasMax) internal {
        verifier.verify(report);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        assertLe(used, gasMax, name);
    }

    // ------------------------------------------------------------------ helpers

    function _report(uint256 count, uint32 round, Value[] memory values)
        internal
        view
        returns (bytes memory)
    {
        return _uniform(address(verifier), keys, count, round, TIME, values);
    }

    function _sign(uint256 key, Value[] memory values) internal view returns (bytes memory) {
        return _signed(_separator(address(verifier)), key, 1, TIME, values);
    }

    function _assemble(bytes memory a, bytes memory b, bytes memory c)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(_head(1, TIME, _one(0, 5, 0)), uint8(3), a, b, c);
    }

    function _lower(uint32[5] memory values, uint256 count) internal pure returns (uint32) {
        int32[5] memory wide;
        for (uint256 i; i < count; ++i) {
            wide[i] = int32(values[i]);
        }
        return uint32(_lower(wide, count));
    }

    function _lower(int32[5] memory values, uint256 count) internal pure returns (int32) {
        int32[5] memory sorted = values;
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j = i; j > 0 && sorted[j - 1] > sorted[j]; --j) {
                (sorted[j - 1], sorted[j]) = (sorted[j], sorted[j - 1]);
            }
        }
        return sorted[(count - 1) / 2];
    }

    function _expect(bytes memory data) internal {
        vm.expectRevert(data);
    }

    function _short(uint256 found) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IReportVerifier.QuorumShort.selector, found, 3);
    }

    function _unordered(address found, address required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IReportVerifier.SignersUnordered.selector, found, required);
    }

    function _unknown(uint256 index, address found) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IReportVerifier.SignerUnknown.selector, index, found);
    }

    function _median(int256 found) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IReportVerifier.MedianWrong.selector, 0, found);
    }

    function _malformed(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IReportVerifier.ReportMalformed.selector, found, required);
    }
}
