// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommitteeVerifier} from "../src/CommitteeVerifier.sol";
import {Report} from "../src/Types.sol";
import {ICommittees} from "../src/interfaces/ICommittees.sol";
import {IReportVerifier} from "../src/interfaces/IReportVerifier.sol";
import {GroupKey, GroupSignature} from "../src/libraries/Schnorr.sol";
import {Base} from "./Base.sol";
import {KeyDouble} from "./mocks/CommitteeKey.sol";
import {CommitteeSigner} from "./mocks/CommitteeSigner.sol";

/// @notice Reports under one signature, every malformed one, and signatures of other keys.
contract CommitteeVerifierTest is Base {
    uint256 internal constant N =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    struct Value {
        uint8 market;
        uint32 price;
        uint32 mark;
        int32 rate;
    }

    uint40 internal constant TIME = 1_800_000_000;
    uint256 internal constant OLD = 0xa11;
    uint256 internal constant NEXT = 0xb22;
    uint8 internal constant ORACLE = 2;

    CommitteeSigner internal signer;
    KeyDouble internal registry;
    CommitteeVerifier internal verifier;

    function setUp() public {
        signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        registry = new KeyDouble(ORACLE);
        registry.set(signer.key(OLD), 1, false);
        verifier = _deploy(registry, ORACLE);
    }

    function test_constructor_setsParts() public {
        assertEq(address(verifier.committees()), address(registry));
        assertEq(uint256(verifier.committee()), ORACLE);
        assertEq(
            verifier.domainSeparator(), signer.separator("Holdfast Reports", address(verifier))
        );
        vm.expectRevert(
            abi.encodeWithSelector(CommitteeVerifier.RegistryInvalid.selector, address(7))
        );
        this.create(ICommittees(address(7)));
    }

    // ------------------------------------------------------------------ what is accepted

    function test_verify_decodes() public {
        Report memory got = verifier.verify(_report(OLD, 9, _two()));
        assertEq(uint256(got.round), 9);
        assertEq(uint256(got.time), TIME);
        assertEq(got.markets.length, 2);
        assertEq(uint256(got.markets[1]), 7);
        assertEq(uint256(got.prices[0]), 1_000_000);
        assertEq(uint256(got.prices[1]), 42);
        assertEq(uint256(got.marks[0]), 1_000_100);
        assertEq(uint256(got.marks[1]), 41);
        assertEq(int256(got.rates[0]), -250);
        assertEq(int256(got.rates[1]), 120_000);
    }

    function testFuzz_verify_acceptsAnyReport(uint32 round, uint8 count, uint256 seed) public {
        Value[] memory values = new Value[](bound(count, 1, 255));
        for (uint256 i; i < values.length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            values[i] =
                Value(uint8(i), uint32(word), uint32(word >> 32), int32(uint32(word >> 64)));
        }
        Report memory got = verifier.verify(_report(OLD, round, values));
        for (uint256 i; i < values.length; ++i) {
            assertEq(uint256(got.markets[i]), values[i].market);
            assertEq(uint256(got.prices[i]), values[i].price);
            assertEq(uint256(got.marks[i]), values[i].mark);
            assertEq(int256(got.rates[i]), values[i].rate);
        }
    }

    // ------------------------------------------------------------------ what is refused

    /// @dev From the block of a change the key before signs nothing: there is no grace.
    function test_verify_revertsIf_KeyIsOld() public {
        bytes memory before = _report(OLD, 1, _two());
        verifier.verify(before);
        registry.set(signer.key(NEXT), 2, false);
        vm.expectRevert(_unsigned(2));
        verifier.verify(before);
        verifier.verify(_report(NEXT, 1, _two()));
    }

    function test_verify_revertsIf_KeyRevoked() public {
        bytes memory report = _report(OLD, 1, _two());
        registry.set(signer.key(OLD), 1, true);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.KeyRevoked.selector, ORACLE));
        verifier.verify(report);
        CommitteeVerifier other = _deploy(registry, 3);
        vm.expectRevert(abi.encodeWithSelector(ICommittees.CommitteeMissing.selector, 3));
        other.verify(report);
    }

    function testFuzz_verify_revertsIf_AnotherSigned(uint256 secret) public {
        secret = bound(secret, 1, N - 1);
        vm.assume(secret != OLD);
        bytes memory report = _report(secret, 1, _two());
        vm.expectRevert(_unsigned(1));
        verifier.verify(report);
    }

    /// @dev Every byte is under the signature or of it.
    function testFuzz_verify_revertsIf_AnyByteFlipped(uint16 place, uint8 bits) public {
        vm.assume(bits != 0);
        bytes memory report = _report(OLD, 9, _two());
        report[place % report.length] ^= bytes1(bits);
        vm.expectRevert();
        verifier.verify(report);
    }

    function test_verify_revertsIf_OtherDomain() public {
        bytes memory report = _report(OLD, 1, _two());
        CommitteeVerifier other = _deploy(registry, ORACLE);
        vm.expectRevert(_unsigned(1));
        other.verify(report);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(_unsigned(1));
        verifier.verify(report);
    }

    /// @dev A reporter's digest of the same values is another message.
    function test_verify_revertsIf_Observation() public {
        bytes memory head = _head(1, _two());
        bytes32 typehash =
            keccak256("Observation(uint32 round,uint40 time,bytes markets,bytes values)");
        bytes32 body =
            keccak256(abi.encode(typehash, 1, TIME, keccak256(_quotes(_two()))));
        GroupSignature memory s = signer.sign(OLD, _typed(body));
        vm.expectRevert(_unsigned(1));
        verifier.verify(abi.encodePacked(head, s.rx, s.ry, s.z));
    }

    function test_verify_revertsIf_MarketsUnordered() public {
        Value[] memory values = _two();
        values[1].market = 0;
        bytes memory report = _report(OLD, 1, values);
        vm.expectRevert(
            abi.encodeWithSelector(CommitteeVerifier.MarketsUnordered.selector, 0, 0)
        );
        verifier.verify(report);
        values[0].market = 3;
        report = _report(OLD, 1, values);
        vm.expectRevert(
            abi.encodeWithSelector(CommitteeVerifier.MarketsUnordered.selector, 0, 3)
        );
        verifier.verify(report);
    }

    function test_verify_revertsIf_ReportMalformed() public {
        vm.expectRevert(_malformed(0, 10));
        verifier.verify("");
        vm.expectRevert(_malformed(9, 10));
        verifier.verify(new bytes(9));
        vm.expectRevert(_malformed(10, 23));
        verifier.verify(new bytes(10));
        vm.expectRevert(_malformed(106, 23));
        verifier.verify(new bytes(106));
    }

    /// @dev Not one byte more or less than the count says.
    function testFuzz_verify_revertsIf_LengthWrong(uint16 cut, uint8 extra) public {
        bytes memory report = _report(OLD, 1, _two());
        uint256 length = report.length;
        bytes memory longer = abi.encodePacked(report, new bytes(uint256(extra) + 1));
        vm.expectRevert(_malformed(length + extra + 1, length));
        verifier.verify(longer);
        uint256 shorter = bound(cut, 10, length - 1);
        bytes memory part = new bytes(shorter);
        for (uint256 i; i < shorter; ++i) part[i] = report[i];
        vm.expectRevert(_malformed(shorter, length));
        verifier.verify(part);
    }

    function test_gas_verify() public {
        Value[] memory one = new Value[](1);
        one[0] = Value(0, 5, 5, 0);
        bytes memory report = _report(OLD, 1, one);
        verifier.verify(report);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        // Less the double's own part, which is no code that is deployed.
        vm.cool(address(registry));
        registry.key(ORACLE);
        uint256 part = vm.lastCallGas().gasTotalUsed;
        assertLe(used - part, 13_750, "1 market");
    }

    // ------------------------------------------------------------------ helpers

    function _deploy(ICommittees committees, uint8 id) internal returns (CommitteeVerifier) {
        bytes memory args = abi.encode(committees, id);
        return CommitteeVerifier(deploy("CommitteeVerifier", args));
    }

    /// @dev Called from outside, so that it may revert.
    function create(ICommittees committees) external {
        _deploy(committees, ORACLE);
    }

    function _two() internal pure returns (Value[] memory values) {
        values = new Value[](2);
        values[0] = Value(0, 1_000_000, 1_000_100, -250);
        values[1] = Value(7, 42, 41, 120_000);
    }

    function _quotes(Value[] memory values) internal pure returns (bytes memory out) {
        for (uint256 i; i < values.length; ++i) {
            Value memory v = values[i];
            out = abi.encodePacked(out, v.market, v.price, v.mark, v.rate);
        }
    }

    function _head(uint32 round, Value[] memory values) internal pure returns (bytes memory) {
        return abi.encodePacked(round, TIME, uint8(values.length), _quotes(values));
    }

    function _typed(bytes32 body) internal view returns (bytes32) {
        bytes32 separator = signer.separator("Holdfast Reports", address(verifier));
        return keccak256(abi.encodePacked(hex"1901", separator, body));
    }

    function _report(uint256 secret, uint32 round, Value[] memory values)
        internal
        returns (bytes memory)
    {
        bytes32 typehash = keccak256("Report(uint32 round,uint40 time,bytes quotes)");
        bytes32 body = keccak256(abi.encode(typehash, round, TIME, keccak256(_quotes(values))));
        GroupSignature memory s = signer.sign(secret, _typed(body));
        return abi.encodePacked(_head(round, values), s.rx, s.ry, s.z);
    }

    function _unsigned(uint32 generation) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(CommitteeVerifier.ReportUnsigned.selector, generation);
    }

    function _malformed(uint256 found, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IReportVerifier.ReportMalformed.selector, found, required);
    }
}
