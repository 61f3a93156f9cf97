// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Report} from "../Types.sol";

/// @title Decides whether a report was signed by enough reporters.
interface IReportVerifier {
    /// @notice Fewer observations than the quorum.
    error QuorumShort(uint256 found, uint256 required);

    /// @notice Signers are not strictly ascending by address.
    error SignersUnordered(address found, address required);

    /// @notice The recovered signer of observation `index` is not a reporter.
    error SignerUnknown(uint256 index, address found);

    /// @notice A median of the report is not the lower median of its observations.
    error MedianWrong(uint8 market, int256 found);

    /// @notice The bytes have another length than their header says.
    error ReportMalformed(uint256 found, uint256 required);

    /// @notice Decodes a report and checks its signatures and medians; reverts when one is wrong.
    /// @param report round u32, time u40, m u8, m * (market u8, price u32, mark u32, rate i32),
    /// n u8, n * (m * (price u32, mark u32, rate i32), r 32, vs 32); big endian.
    function verify(bytes calldata report) external view returns (Report memory);
}
