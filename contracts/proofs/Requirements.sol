// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams} from "../src/Types.sol";
import {Market} from "../src/Working.sol";
import {Margin} from "../src/libraries/Margin.sol";

/// @title A larger rate never asks for less: what `health.kept` assumes of initial margin.
contract RequirementsOrder {
    function check(uint112 amount, uint24 maintenancePpm, uint24 initialPpm) external pure {
        require(maintenancePpm <= initialPpm);
        assert(uint256(amount) * maintenancePpm <= uint256(amount) * initialPpm);
        assert(Margin.shareUp(amount, maintenancePpm) <= Margin.shareUp(amount, initialPpm));
    }
}

/// @title The open-interest term is never below the base, nor above the whole notional.
contract RequirementsInterest {
    function check(MarketParams memory p, uint48 openInterest) external pure {
        require(p.initialPpm <= 1_000_000 && p.openInterestHighPpm <= 1_000_000);
        uint256 ppm = Margin.interestPpm(p, openInterest);
        assert(ppm >= p.initialPpm && ppm <= 1_000_000);
    }
}

/// @title Initial margin is never below the market's rate nor the owner's, for any concentration.
contract RequirementsTerms {
    function check(Market memory market, MarketParams memory p, uint56 size, uint24 userPpm)
        external
        pure
    {
        market.params = p;
        require(market.initialPpm >= market.params.initialPpm && market.initialPpm <= 1_000_000);
        require(market.openInterestBefore >= 0 && market.openInterestBefore < 2 ** 56);
        uint256 ppm = Margin.initialPpm(market, size, userPpm);
        assert(ppm >= market.initialPpm && ppm >= userPpm);
    }
}
