// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Funding} from "../../src/libraries/Funding.sol";
import {Margin} from "../../src/libraries/Margin.sol";
import {Marks} from "../../src/libraries/Marks.sol";
import {Market} from "../../src/Working.sol";

/// @title Arithmetic without checks against the same with them: nothing wraps inside the widths.
contract MarginChecks {
    /// Value, caution and fees of a position: lots of 56 bits, a lot's value of 80.
    function check_products(
        int56 lots,
        uint80 lotValue,
        uint32 price,
        uint48 tickValue,
        uint128 amount,
        uint24 ppm
    ) external pure {
        Market memory market;
        market.lotValue = lotValue;
        market.price = price;
        market.params.tickValue = tickValue;
        uint256 size = Margin.magnitude(lots);
        assert(size == (lots < 0 ? uint256(-int256(lots)) : uint256(int256(lots))));
        assert(Margin.notional(market, lots) == size * lotValue);
        int256 above = int256(uint256(lotValue)) - int256(uint256(price) * tickValue);
        int256 less = int256(lots) * above;
        assert(Margin.cautionQ32(market, lots) == (less > 0 ? less * 2 ** 32 : int256(0)));
        assert(Margin.shareUp(amount, ppm) == (uint256(amount) * ppm + 999_999) / 1_000_000);
        assert(Margin.closeOut(amount) == uint256(amount) * 2 / 3);
        assert(Margin.long(lots) == (lots > 0 ? int256(lots) : int256(0)));
    }

    /// The band of fills: the one comparison, wrapping below zero, says what two plain ones say.
    function check_band(uint32 index, uint24 ppm, uint32 price) external pure {
        (uint256 low, uint256 width) = Margin.band(index, ppm);
        bool inside;
        unchecked {
            inside = uint256(price) - low <= width;
        }
        uint256 reach = uint256(index) * ppm / 1_000_000;
        bool plain = uint256(price) + reach >= index && price <= uint256(index) + reach;
        assert(inside == plain);
    }

    /// A step of the funding index never fails, whatever its inputs are.
    function check_funding(int24 rate, uint32 price, uint48 tickValue, uint16 elapsed)
        external
        pure
    {
        Funding.step(rate, price, tickValue, elapsed);
        assert(Funding.counted(elapsed, 100) <= 100);
    }

    /// The accepted mark: from one tick to the widest, and inside both spans.
    function check_mark(
        uint32 reported,
        uint32 before,
        uint32 indexBefore,
        uint32 index,
        uint24 clampPpm
    ) external pure {
        require(index != 0 && clampPpm <= 100_000);
        uint256 mark = Marks.accepted(reported, before, indexBefore, index, clampPpm);
        uint256 span = uint256(index) * clampPpm / 1_000_000;
        assert(mark != 0 && mark <= type(uint32).max);
        assert(mark + span >= index && mark <= uint256(index) + span);
    }
}
