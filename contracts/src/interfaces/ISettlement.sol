// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, Position} from "../Types.sol";

/// @title Settlement of batches, prices, and what can be read.
interface ISettlement {
    /// @notice Settles a batch; only the sequencer.
    function settle(Batch calldata batch) external;

    /// @notice Accepts a report: anyone after a quiet time, the sequencer at any time.
    function push(bytes calldata report) external;

    /// @notice Owner, cash (Q32), epoch and positions of an account.
    function account(uint32 id)
        external
        view
        returns (address owner, int128 cash, uint32 epoch, Position[] memory positions);

    /// @notice Equity (floor) and margin requirements of an account, quote units, at the last
    /// accepted prices, however old these are.
    function health(uint32 id)
        external
        view
        returns (int256 equity, uint256 initial, uint256 maintenance);

    /// @notice Last seq that a lane has seen and how much of it is filled (2^40-1: cancelled).
    function lane(uint32 id, uint16 laneId) external view returns (uint32 seq, uint40 filled);

    /// @notice Funding index (quote per lot, Q32), its time, and the sum of the longs, lots.
    function market(uint8 id)
        external
        view
        returns (int96 fundingIndex, uint40 fundingTime, uint56 openInterest);

    /// @notice Number of the last settled batch.
    function batchNumber() external view returns (uint64);

    /// @notice Head of the chain of batches.
    function batchHead() external view returns (bytes32);

    /// @notice First account id that is still free.
    function accountsCount() external view returns (uint32);

    /// @notice Second at which a session key of an account expires; 0 when there is none.
    function sessionExpiry(uint32 id, address key) external view returns (uint40);

    /// @notice What `setLeverage` set, ppm; 0 when nothing.
    function leverage(uint32 account) external view returns (uint24 initialPpm);
}
