// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForcedRequest} from "./IForcedQueue.sol";

/// @title Execution of forced requests.
interface IForced {
    /// @notice Executes the next forced request, or one that is aside: the sequencer at any time,
    /// anyone after its deadline; who does earns its fee. Open in every breaker state.
    /// A request that is unlawful is taken out all the same, and the event says why: nothing blocks
    /// the queue but a stale price, which the caller can cure with a report, and anyone with
    /// `setAsideForced` when there is none.
    /// @param number Number of the request, so that nobody executes another one than was meant.
    /// @param takerAccount Close: account that takes the position over; owner or session key.
    /// @param lotsMax Close: most lots that it takes; the rest of the request stays due.
    /// @param report A newer price report, or empty.
    function executeForced(
        uint64 number, uint32 takerAccount, uint56 lotsMax, bytes calldata report
    ) external;

    /// @notice Lets the next forced request step out of the line, so that those behind it have
    /// their turn; anyone, once its deadline has passed, if the want of a price is all that stops
    /// it: the price is too old by five minutes more than its limit, while the venue has taken a
    /// report, whatever of, since the deadline. A venue that takes none is to be frozen.
    /// @param report A newer price report, or empty.
    function setAsideForced(uint64 number, bytes calldata report) external;

    /// @notice Judges the close of a forced request as far as it needs no taker.
    /// @dev Only the clearing house itself, from `setAsideForced`, which looks at how it
    /// reverts.
    function judgeForced(ForcedRequest calldata request) external view;

    /// @notice The withdrawal of a forced request.
    /// @dev Only the clearing house itself, from `executeForced` and `setAsideForced`, which
    /// survive its revert.
    /// @return quote What was paid, quote units.
    function withdrawForced(uint32 account, uint88 amount, address to, uint64 nonce)
        external
        returns (uint256 quote);
}
