// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";
import {Liquidations} from "../src/libraries/Liquidations.sol";
import {Margin} from "../src/libraries/Margin.sol";
import {OutflowRing} from "../src/libraries/OutflowRing.sol";
import {Profit} from "../src/libraries/Profit.sol";

/// @title What is owed is rounded up, by less than one unit: requirements and fees.
contract RoundShare {
    function check(uint112 amount, uint24 ppm) external pure {
        uint256 share = Margin.shareUp(amount, ppm);
        uint256 exact = uint256(amount) * ppm;
        assert(share * 1_000_000 >= exact);
        assert(share * 1_000_000 < exact + 1_000_000);
    }
}

/// @title Law L21: the fee that the contracts take is the one that the law asks for.
contract RoundFee {
    function check(uint96 notional, uint16 ppm) external pure {
        assert(LawLib.feesWithin(Margin.shareUp(notional, ppm), notional, ppm));
    }
}

/// @title Close-out margin is rounded down and never above maintenance.
contract RoundCloseOut {
    function check(uint120 maintenance) external pure {
        uint256 closeOut = Margin.closeOut(maintenance);
        assert(closeOut * 3 <= uint256(maintenance) * 2);
        assert(closeOut * 3 + 3 > uint256(maintenance) * 2);
        assert(closeOut <= maintenance);
    }
}

/// @title The part of a profit that does not count is rounded up, and is never all of the equity
/// above the principal and more.
contract RoundHaircut {
    function check(int112 worth, int112 principal, uint24 ppm) external pure {
        require(ppm <= 1_000_000);
        int256 cut = Profit.haircut(worth, principal, ppm);
        int256 profit = int256(worth) - principal;
        if (profit <= 0) {
            assert(cut == 0);
            return;
        }
        assert(cut * 1_000_000 >= profit * int256(uint256(ppm)));
        assert(cut >= 0 && cut <= profit);
    }
}

/// @title At the aged price a position is never worth more than at the one asked about, and exactly
/// what the aged price rounded against it says.
contract RoundAged {
    function check(int56 lots, uint32 price, uint32 aged, uint48 tickValue) external pure {
        int256 loss = Profit.agedLoss(lots, price, aged, tickValue);
        assert(loss >= 0);
        if (aged == 0) return;
        int256 step = int256(uint256(price)) - int256(uint256(aged));
        // Long: worse at a lower aged price. Short: worse at a higher one, rounded up by a tick.
        if (lots >= 0 && step <= 0) assert(loss == 0);
        if (lots <= 0 && step >= 0) assert(loss == 0);
    }
}

/// @title A keeper's reward is at most half of the penalty, a penalty at most 1.5 % of what moved.
contract RoundPenalty {
    function check(uint112 notional, uint112 left, uint32 elapsed) external pure {
        uint256 penalty = Liquidations.penaltyOf(notional, left);
        assert(penalty <= left && penalty * 1_000_000 <= uint256(notional) * 15_000);
        uint256 reward = Liquidations.rewardOf(penalty, elapsed);
        assert(reward * 2 <= penalty);
    }
}

/// @title A levy brings in what is lost, and at most one unit per lot too much.
contract RoundLevy {
    function check(uint96 loss, uint56 lots) external pure {
        require(lots != 0);
        uint256 perLot = Liquidations.levyPerLot(loss, lots);
        assert(perLot * lots >= uint256(loss) * 2 ** 32);
        assert(perLot * lots < uint256(loss) * 2 ** 32 + lots);
    }
}

/// @title A surcharge brings in the loss; a discount gives away no more than what there is.
contract RoundZeroPrice {
    function check(uint96 amount, uint56 lots, uint48 tickValue) external pure {
        require(lots != 0 && tickValue != 0);
        uint256 unit = uint256(lots) * tickValue;
        assert(Liquidations.zeroSurcharge(amount, lots, tickValue) * unit >= amount);
        assert(Liquidations.zeroDiscount(amount, lots, tickValue) * unit <= amount);
    }
}

/// @title A budget of the vault is rounded down, is at least the floor, and fits its slot.
contract RoundBudget {
    function check(uint64 floor, uint24 ppm, uint56 lowest) external pure {
        require(ppm <= 1_000_000);
        uint256 budget = OutflowRing.budget(floor, ppm, lowest);
        assert(budget <= type(uint56).max);
        assert(budget >= floor || budget == type(uint56).max);
        assert(budget <= floor || budget * 1_000_000 <= uint256(lowest) * ppm);
    }
}

/// @title Law L24: what an exit is paid is rounded down, and never more than the claim.
contract RoundExit {
    function check(uint96 paid, uint120 claim, uint128 claims, uint96 pool) external pure {
        require(claims != 0 && claim <= claims);
        if (!LawLib.exitShared(paid, claim, claims, pool)) return;
        assert(uint256(paid) * 2 ** 32 <= claim);
        assert(paid <= pool);
    }
}
