// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse as I} from "../src/interfaces/IClearingHouse.sol";
import {Conditional} from "../src/Types.sol";
import {TriggerTest} from "./support/TriggerTest.sol";

/// @notice A trailing stop moves on for a better price alone, on either side: an equal one is none.
contract ClearingHouseTrailTest is TriggerTest {
    function test_ratchet_revertsIf_equal() public {
        for (uint256 side; side < 2; ++side) {
            Conditional memory c = trail();
            (c.isBuy, c.reduceOnly, c.nonce) = (side == 1, false, uint64(20 + side));
            uint32 better = side == 1 ? PRICE - 1 : PRICE + 1;
            around.setPrice(0, PRICE);
            bytes memory signature = signed(c);
            vm.expectRevert(abi.encodeWithSelector(I.RatchetIdle.selector, PRICE, PRICE));
            house.ratchet(c, signature, "");
            around.setPrice(0, better);
            house.ratchet(c, signature, "");
            assertEq(bestOf(c), better);
            vm.expectRevert(abi.encodeWithSelector(I.RatchetIdle.selector, better, better));
            house.ratchet(c, signature, "");
        }
    }
}
