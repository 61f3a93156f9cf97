// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Medians} from "./libraries/Medians.sol";
import {Observations} from "./libraries/Observations.sol";
import {Reports} from "./libraries/Reports.sol";
import {Report} from "./Types.sol";
import {IReportVerifier} from "./interfaces/IReportVerifier.sol";

/// @title QuorumVerifier: k of n reporters, each with its own signature, and the lower median.
/// @notice Holds no state. Reporters live in the code, so that checking them costs no storage
/// read; another set of reporters is another verifier, which the oracle takes after its delay.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | quorum, reporters | nobody | fixed at deployment |
///
/// Assumes: liars are fewer than half of those who signed a report. Its lower median then lies
/// between two honest values; a liar alone moves nothing.
contract QuorumVerifier is IReportVerifier, EIP712 {
    /// @notice Most reporters that one verifier can hold.
    uint256 public constant SIGNERS_MAX = 16;

    bytes32 private constant OBSERVATION_TYPEHASH =
        keccak256("Observation(uint32 round,uint40 time,bytes markets,bytes values)");

    /// @dev round u32, time u40, m u8.
    uint256 private constant HEAD_BYTES = 10;
    /// @dev market u8, price u32, mark u32, rate i32.
    uint256 private constant MEDIAN_BYTES = 13;
    /// @dev price u32, mark u32, rate i32.
    uint256 private constant VALUE_BYTES = 12;
    uint256 private constant SIGNATURE_BYTES = 64;

    /// @notice The quorum is no majority of the reporters.
    error QuorumInvalid(uint256 found, uint256 signers);

    /// @notice Too many reporters.
    error SignersExceeded(uint256 found, uint256 required);

    /// @notice Markets are not strictly ascending.
    error MarketsUnordered(uint8 found, uint8 previous);

    /// @notice Observations that a report needs.
    uint256 public immutable quorum;
    /// @notice Number of reporters.
    uint256 public immutable signersCount;

    address private immutable _signer0;
    address private immutable _signer1;
    address private immutable _signer2;
    address private immutable _signer3;
    address private immutable _signer4;
    address private immutable _signer5;
    address private immutable _signer6;
    address private immutable _signer7;
    address private immutable _signer8;
    address private immutable _signer9;
    address private immutable _signer10;
    address private immutable _signer11;
    address private immutable _signer12;
    address private immutable _signer13;
    address private immutable _signer14;
    address private immutable _signer15;

    /// @dev Where the parts of a report are.
    struct Layout {
        uint256 markets;
        uint256 signers;
        /// First byte of the observations.
        uint256 start;
        /// Bytes of one observation, signature included.
        uint256 stride;
    }

    constructor(uint256 quorum_, address[] memory signers_) EIP712("Holdfast Oracle", "1") {
        uint256 count = signers_.length;
        if (count > SIGNERS_MAX) revert SignersExceeded(count, SIGNERS_MAX);
        // Two quorums share a reporter, so that one round cannot have two honest-looking reports.
        if (quorum_ > count || quorum_ * 2 <= count) revert QuorumInvalid(quorum_, count);
        address previous = address(0);
        for (uint256 i; i < count; ++i) {
            if (signers_[i] <= previous) revert SignersUnordered(signers_[i], previous);
            previous = signers_[i];
        }
        quorum = quorum_;
        signersCount = count;
        _signer0 = _at(signers_, 0);
        _signer1 = _at(signers_, 1);
        _signer2 = _at(signers_, 2);
        _signer3 = _at(signers_, 3);
        _signer4 = _at(signers_, 4);
        _signer5 = _at(signers_, 5);
        _signer6 = _at(signers_, 6);
        _signer7 = _at(signers_, 7);
        _signer8 = _at(signers_, 8);
        _signer9 = _at(signers_, 9);
        _signer10 = _at(signers_, 10);
        _signer11 = _at(signers_, 11);
        _signer12 = _at(signers_, 12);
        _signer13 = _at(signers_, 13);
        _signer14 = _at(signers_, 14);
        _signer15 = _at(signers_, 15);
    }

    /// @inheritdoc IReportVerifier
    function verify(bytes calldata report) external view override returns (Report memory out) {
        Layout memory shape = _layout(report);
        if (shape.signers < quorum) revert QuorumShort(shape.signers, quorum);
        bytes memory markets;
        (out, markets) = _decode(report, shape.markets);
        _checkSigners(report, shape, out, keccak256(markets));
        _checkMedians(report, shape, out);
        Reports.reply(out);
    }

    /// @notice Reporters, ascending by address.
    function signers() external view returns (address[] memory list) {
        address[16] memory all = _signers();
        list = new address[](signersCount);
        for (uint256 i; i < list.length; ++i) {
            list[i] = all[i];
        }
    }

    /// @notice Separator of the domain in which reporters sign.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev The length must be exactly what the two counts say: no byte is left unread.
    function _layout(bytes calldata report) private pure returns (Layout memory shape) {
        uint256 length = report.length;
        if (length < HEAD_BYTES) revert ReportMalformed(length, HEAD_BYTES);
        shape.markets = uint8(report[HEAD_BYTES - 1]);
        uint256 head = HEAD_BYTES + shape.markets * MEDIAN_BYTES;
        if (shape.markets == 0) revert ReportMalformed(length, HEAD_BYTES + MEDIAN_BYTES);
        if (length <= head) revert ReportMalformed(length, head + 1);
        shape.signers = uint8(report[head]);
        shape.start = head + 1;
        shape.stride = shape.markets * VALUE_BYTES + SIGNATURE_BYTES;
        uint256 required = shape.start + shape.signers * shape.stride;
        if (length != required) revert ReportMalformed(length, required);
    }

    function _decode(bytes calldata report, uint256 count)
        private
        pure
        returns (Report memory out, bytes memory ids)
    {
        out.round = uint32(bytes4(report[:4]));
        out.time = uint40(bytes5(report[4:9]));
        out.markets = new uint8[](count);
        out.prices = new uint32[](count);
        out.marks = new uint32[](count);
        out.rates = new int32[](count);
        ids = new bytes(count);
        uint256 offset = HEAD_BYTES;
        for (uint256 i; i < count; ++i) {
            uint256 item = uint104(bytes13(report[offset:]));
            uint8 market = uint8(item >> 96);
            if (i != 0 && market <= out.markets[i - 1]) {
                revert MarketsUnordered(market, out.markets[i - 1]);
            }
            out.markets[i] = market;
            out.prices[i] = uint32(item >> 64);
            out.marks[i] = uint32(item >> 32);
            out.rates[i] = int32(uint32(item));
            ids[i] = bytes1(market);
            offset += MEDIAN_BYTES;
        }
    }

    /// @dev Both lists ascend, so that one pass over the reporters finds every signer.
    function _checkSigners(
        bytes calldata report,
        Layout memory shape,
        Report memory out,
        bytes32 marketsHash
    ) private view {
        address[16] memory known = _signers();
        uint256 length = shape.stride - SIGNATURE_BYTES;
        uint256 buffer = Observations.open(
            OBSERVATION_TYPEHASH, _domainSeparatorV4(), out.round, out.time, marketsHash, length
        );
        address previous = address(0);
        uint256 cursor;
        uint256 offset = shape.start;
        uint256 last = signersCount;
        uint256 count = shape.signers;
        for (uint256 i; i < count; ++i) {
            address signer = Observations.signer(buffer, report, offset, length);
            if (signer == address(0)) revert SignerUnknown(i, signer);
            if (signer <= previous) revert SignersUnordered(signer, previous);
            while (cursor < last && known[cursor] < signer) ++cursor;
            if (cursor == last || known[cursor] != signer) {
                revert SignerUnknown(i, signer);
            }
            previous = signer;
            offset += shape.stride;
        }
    }

    function _checkMedians(bytes calldata report, Layout memory shape, Report memory out)
        private
        pure
    {
        for (uint256 m; m < shape.markets; ++m) {
            (bool priceHeld, bool markHeld, bool rateHeld) = Medians.check(
                report,
                shape.start + m * VALUE_BYTES,
                shape.stride,
                shape.signers,
                Medians.Value(out.prices[m], out.marks[m], out.rates[m])
            );
            if (!priceHeld) revert MedianWrong(out.markets[m], int256(uint256(out.prices[m])));
            if (!markHeld) revert MedianWrong(out.markets[m], int256(uint256(out.marks[m])));
            if (!rateHeld) revert MedianWrong(out.markets[m], out.rates[m]);
        }
    }

    function _signers() private view returns (address[16] memory) {
        return [
            _signer0, _signer1, _signer2, _signer3,
            _signer4, _signer5, _signer6, _signer7,
            _signer8, _signer9, _signer10, _signer11,
            _signer12, _signer13, _signer14, _signer15
        ];
    }

    function _at(address[] memory list, uint256 i) private pure returns (address) {
        return i < list.length ? list[i] : address(0);
    }
}
