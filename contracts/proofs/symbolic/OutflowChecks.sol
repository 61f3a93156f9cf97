// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OutflowRing} from "../../src/libraries/OutflowRing.sol";

/// @title The ring of outflow: what counts is the sum of its buckets, before and after it moves on.
/// @notice Buckets below 2^48 quote units, so that no sum of them reaches the 56 bits that a window
/// may count. Those of the hour stand in words 0 to 2, those of the day in words 3 to 8.
contract OutflowChecks {
    using OutflowRing for OutflowRing.State;

    OutflowRing.State private ring;

    /// The hour moved on by up to three buckets, from any place in its ring.
    function check_hour(uint48[12] calldata buckets, uint48 current, uint8 phase, uint8 steps)
        external
    {
        (uint256 place, uint256 count) = (_pick(phase, 12), 1 + _pick(steps, 3));
        _hour(buckets, current, place, count);
    }

    /// The hour moved on by a whole turn: nothing of it counts any longer.
    function check_hourGone(uint48[12] calldata buckets, uint48 current, uint8 phase) external {
        _hour(buckets, current, _pick(phase, 12), 13);
    }

    function _hour(uint48[12] calldata buckets, uint48 current, uint256 place, uint256 count)
        private
    {
        OutflowRing.Flow memory flow;
        for (uint256 b = 0; b < 12; ++b) flow.hourPast += _put(0, b, buckets[b]);
        (flow.hourNow, flow.bucket) = (current, uint32(2_880 + place));
        ring.flow = flow;
        uint256 time = (2_880 + place + count) * 300 + 17;
        (uint256 counted,) = ring.used(time);
        flow = ring.roll(time);
        assert(flow.hourNow == 0 && flow.hourPast == counted && flow.bucket == time / 300);
        uint256 sum;
        for (uint256 b = 0; b < 12; ++b) {
            sum += _wanted(buckets[b], current, (b + 12 - place) % 12, count, 12);
        }
        assert(counted == sum);
        // Where nothing counts any longer, nothing needs to be written.
        if (sum == 0) return;
        for (uint256 b = 0; b < 12; ++b) {
            uint256 wanted = _wanted(buckets[b], current, (b + 12 - place) % 12, count, 12);
            assert(_bucket(0, b) == wanted);
        }
    }

    /// What stands `ahead` of the place of the current bucket when the ring has moved on: there the
    /// current one, behind it nothing as far as it moved, then what stood there.
    function _wanted(uint256 before, uint256 current, uint256 ahead, uint256 count, uint256 size)
        private
        pure
        returns (uint256)
    {
        if (count > size) return 0;
        if (ahead == 0) return current;
        return ahead < count ? 0 : before;
    }

    function _put(uint256 base, uint256 b, uint48 amount) private returns (uint56) {
        ring.words[base + b / 4] |= uint256(amount) << 64 * (b % 4);
        return amount;
    }

    function _bucket(uint256 base, uint256 b) private view returns (uint256) {
        return uint64(ring.words[base + b / 4] >> 64 * (b % 4));
    }

    /// One path for each value below a bound: what follows knows it.
    function _pick(uint8 value, uint256 bound) private pure returns (uint256 picked) {
        for (picked = 0; picked < bound; ++picked) if (value == picked) return picked;
        require(false);
    }
}
