// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Why accounts were touched by something other than a batch: `cause` of `Touched`.
library Causes {
    uint8 internal constant LIQUIDATION = 1;
    uint8 internal constant BACKSTOP = 2;
    uint8 internal constant DELEVERAGING = 3;
    uint8 internal constant LEVY = 4;
    uint8 internal constant TRANSFER = 5;
    uint8 internal constant FORCED = 6;
    uint8 internal constant EXIT = 7;
    uint8 internal constant TRIGGER = 8;
    uint8 internal constant REFUND = 9;
}
