// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";

/// @title Law L12 as the contracts ask it: nobody pays more or receives less than it signed.
contract TradingLimit {
    function check(bool isBuy, uint32 limit, uint32 price) external pure {
        bool lawful = LawLib.fillWithin(isBuy, limit, price);
        assert(lawful == (price > 0 && (isBuy ? price <= limit : price >= limit)));
    }
}

/// @title Law L13 as the contracts ask it: a position that neither grew nor changed its sign.
contract TradingReduces {
    function check(int48 before, int48 next) external pure {
        bool lawful = LawLib.reduceOnlyHeld(before, next);
        int256 size = before < 0 ? -int256(before) : int256(before);
        int256 sizeNext = next < 0 ? -int256(next) : int256(next);
        bool sameSide = next == 0 || (before > 0) == (next > 0);
        assert(lawful == (sizeNext <= size && sameSide));
    }
}

/// @title Law L15 as the contracts ask it: the next number, on the head that is stored.
contract TradingChain {
    function check(uint64 number, uint64 last, bytes32 previous, bytes32 head) external pure {
        bool lawful = LawLib.batchContiguous(number, last, previous, head);
        assert(lawful == (uint256(number) == uint256(last) + 1 && previous == head));
    }
}
