// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BreakerClears, BreakerTightens} from "../../proofs/Breakers.sol";
import {CashModel} from "../../proofs/Cash.sol";
import {CommitteeKeys} from "../../proofs/CommitteeProofs.sol";
import {InterestModel} from "../../proofs/Interest.sol";
import {LaneModel} from "../../proofs/Lanes.sol";
import {AgedPart, ReportModel} from "../../proofs/Reports.sol";

// The models of contracts/proofs as they are proved, with their state in the open. Each is deployed
// from its artifact, so that a mutant of a model, compiled apart, can take its place.

contract TiedCash is CashModel {
    function state() external view returns (int256[10] memory) {
        return [a, b, rest, fees, fund, insurance, dueA, dueB, dueRest, owed];
    }
}

contract TiedInterest is InterestModel {
    function state() external view returns (int256[5] memory) {
        return [a, b, rest, restLong, openInterest];
    }
}

/// @notice A lane as it is found, with a sequence ahead of it that is watched from now on.
contract TiedLane is LaneModel {
    constructor(uint32 watched_, uint40 size_, uint32 seq_, uint256 filled_)
        LaneModel(watched_, size_)
    {
        (seq, filled) = (seq_, filled_);
    }

    function terms() external view returns (uint32, uint40) {
        return (watched, size);
    }

    function state() external view returns (uint256, uint256, uint256) {
        return (seq, filled, sum);
    }
}

contract TiedTightens is BreakerTightens {
    /// @notice The scope was cleared, which is the other model's part.
    function clear(uint40 time) external {
        (until1, until2) = (0, 0);
        if (time < until3) until3 = time;
    }

    function state() external view returns (uint40, uint40, uint40) {
        return (until1, until2, until3);
    }
}

contract TiedClears is BreakerClears {
    constructor(uint256 delay_) BreakerClears(delay_) {}

    function state() external view returns (uint256, uint256) {
        return (until, readyAt);
    }
}

contract TiedReports is ReportModel {
    function state() external view returns (uint32, uint40, uint32) {
        return (round, time, price);
    }
}

contract TiedAged is AgedPart {}

contract TiedCommittee is CommitteeKeys {
    constructor(uint256 first, uint256 rotationDelay_, uint256 replacementDelay_)
        CommitteeKeys(first, rotationDelay_, replacementDelay_)
    {}

    function state() external view returns (uint256, uint256) {
        return (key, generation);
    }

    function revoked() external view returns (bool) {
        return isRevoked;
    }

    function rotating() external view returns (uint256, uint256) {
        return (rotation, rotationReadyAt);
    }

    function replacing() external view returns (uint256, uint256) {
        return (replacement, replacementReadyAt);
    }
}
