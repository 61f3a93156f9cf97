// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";
import {Funding} from "../src/libraries/Funding.sol";

/// @title The rate that is charged never exceeds its bound.
contract FundingRate {
    function check(int32 rate, uint24 maxPpm) external pure {
        int256 clamped = Funding.clamp(rate, maxPpm);
        assert(clamped <= int256(uint256(maxPpm)) && clamped >= -int256(uint256(maxPpm)));
        int256 bound = int256(uint256(maxPpm));
        assert(clamped == rate || rate > bound || rate < -bound);
    }
}

/// @title Nothing is charged for a gap, and all of the time otherwise.
contract FundingGap {
    function check(uint40 elapsed, uint16 gapMax, int24 rate, uint32 price, uint48 tickValue)
        external
        pure
    {
        uint256 seconds_ = Funding.counted(elapsed, gapMax);
        assert(seconds_ == (elapsed > gapMax ? 0 : elapsed));
        if (elapsed > gapMax) assert(Funding.step(rate, price, tickValue, seconds_) == 0);
    }
}

/// @title The step of the index never exceeds the rate: |step| * day <= |rate| * value * 2^32.
/// @notice For any value of a lot times seconds at once: `step` uses nothing but their product.
contract FundingStep {
    function check(int24 rate, uint96 product) external pure {
        int256 delta = Funding.step(rate, product, 1, 1);
        int256 whole = int256(rate) * int256(uint256(product) * 2 ** 32);
        int256 charged = delta * 86_400_000_000;
        if (whole >= 0) assert(charged <= whole && charged >= 0);
        else assert(charged >= whole && charged <= 0);
    }
}

/// @title `step` depends on the product of its last three arguments alone.
contract FundingProduct {
    function check(int24 rate, uint32 price, uint48 tickValue, uint16 seconds_) external pure {
        int256 delta = Funding.step(rate, price, tickValue, seconds_);
        uint256 product = uint256(price) * tickValue * seconds_;
        assert(delta == Funding.step(rate, product, 1, 1));
    }
}

/// @title Monotone in the rate: with the two before, |step| is within the largest rate (L19).
contract FundingBound {
    function check(int24 rate, uint24 maxPpm, uint96 product) external pure {
        require(rate <= int256(uint256(maxPpm)) && rate >= -int256(uint256(maxPpm)));
        int256 value = int256(uint256(product)) * 2 ** 32;
        int256 whole = int256(rate) * value;
        int256 most = int256(uint256(maxPpm)) * value;
        assert(whole <= most && whole >= -most);
    }
}

/// @title Law L19 as the contracts ask it: over a gap the index stands still.
contract FundingLaw {
    function check(
        int96 before,
        int96 next,
        uint32 price,
        uint48 tickValue,
        uint24 maxPpm,
        uint40 elapsed,
        uint16 gapMax
    ) external pure {
        bool lawful =
            LawLib.fundingWithin(before, next, price, tickValue, maxPpm, elapsed, gapMax);
        if (lawful && elapsed > gapMax) assert(next == before);
        if (lawful && elapsed == 0) assert(next == before);
    }
}
