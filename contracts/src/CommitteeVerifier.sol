// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Report} from "./Types.sol";
import {ICommittees} from "./interfaces/ICommittees.sol";
import {IReportVerifier} from "./interfaces/IReportVerifier.sol";
import {Reports} from "./libraries/Reports.sol";
import {GroupKey, GroupSignature, Schnorr} from "./libraries/Schnorr.sol";

/// @title CommitteeVerifier: one group signature of the oracle committee under a whole report.
/// @notice Holds no state. The key is the registry's of this block: after a rotation or a
/// revocation nothing that the key before signed is taken any more.
///
/// Where trust differs from `QuorumVerifier`: that contract sees every observation and computes the
/// medians itself. Here only the signature is seen. That each price is the median of what a quorum
/// observed is judged by every signer before it signs, and by nobody after; a threshold of signers
/// may sign any price inside the band, with or without a median, as it could there by agreeing.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | registry, committee | nobody | fixed at deployment |
/// | key | those who may change it in the registry | see `Committees` |
///
/// Assumes: the signers of one report are a threshold of which at least one is honest and checks
/// it against what it observed.
/// Live: with a revoked key there are no reports until governance has replaced it.
contract CommitteeVerifier is IReportVerifier, EIP712 {
    bytes32 private constant REPORT_TYPEHASH =
        keccak256("Report(uint32 round,uint40 time,bytes quotes)");

    /// @dev round u32, time u40, m u8.
    uint256 private constant HEAD_BYTES = 10;
    /// @dev market u8, price u32, mark u32, rate i32.
    uint256 private constant QUOTE_BYTES = 13;
    /// @dev rx, ry, z.
    uint256 private constant SIGNATURE_BYTES = 96;

    /// @notice Markets are not strictly ascending.
    error MarketsUnordered(uint8 found, uint8 previous);

    /// @notice The committee did not sign this report with the key in force.
    error ReportUnsigned(uint32 generation);

    /// @notice The registry has no code.
    error RegistryInvalid(address found);

    /// @notice Knows the committee's key.
    ICommittees public immutable committees;
    /// @notice Number of the committee there.
    uint8 public immutable committee;

    constructor(ICommittees committees_, uint8 committee_) EIP712("Holdfast Reports", "1") {
        if (address(committees_).code.length == 0) revert RegistryInvalid(address(committees_));
        committees = committees_;
        committee = committee_;
    }

    /// @inheritdoc IReportVerifier
    /// @dev Here a report is: round u32, time u40, m u8, m * (market u8, price u32, mark u32,
    /// rate i32), rx 32, ry 32, z 32; big endian.
    function verify(bytes calldata report) external view override returns (Report memory out) {
        uint256 end = _quotesEnd(report);
        out = _decode(report);
        GroupSignature memory signature = abi.decode(report[end:], (GroupSignature));
        bytes32 body = keccak256(
            abi.encode(REPORT_TYPEHASH, out.round, out.time, keccak256(report[HEAD_BYTES:end]))
        );
        (GroupKey memory key, uint32 generation) = committees.key(committee);
        if (!Schnorr.isSigned(key, _hashTypedDataV4(body), signature)) {
            revert ReportUnsigned(generation);
        }
        Reports.reply(out);
    }

    /// @notice Separator of the domain in which the committee signs.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev The length must be exactly what the count says: no byte is left unread.
    function _quotesEnd(bytes calldata report) private pure returns (uint256 end) {
        uint256 length = report.length;
        if (length < HEAD_BYTES) revert ReportMalformed(length, HEAD_BYTES);
        uint256 count = uint8(report[HEAD_BYTES - 1]);
        if (count == 0) revert ReportMalformed(length, HEAD_BYTES + QUOTE_BYTES);
        end = HEAD_BYTES + count * QUOTE_BYTES;
        if (length != end + SIGNATURE_BYTES) revert ReportMalformed(length, end + SIGNATURE_BYTES);
    }

    function _decode(bytes calldata report) private pure returns (Report memory out) {
        uint256 count = uint8(report[HEAD_BYTES - 1]);
        out.round = uint32(bytes4(report[:4]));
        out.time = uint40(bytes5(report[4:9]));
        out.markets = new uint8[](count);
        out.prices = new uint32[](count);
        out.marks = new uint32[](count);
        out.rates = new int32[](count);
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
            offset += QUOTE_BYTES;
        }
    }
}
