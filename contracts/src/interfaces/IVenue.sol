// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClearingHouse} from "./IClearingHouse.sol";
import {ICustody} from "./ICustody.sol";
import {IExit} from "./IExit.sol";
import {IForced} from "./IForced.sol";
import {ILiquidation} from "./ILiquidation.sol";
import {IRoster} from "./IRoster.sol";
import {ISolvency} from "./ISolvency.sol";
import {ISettlement} from "./ISettlement.sol";
import {ITrigger} from "./ITrigger.sol";
import {IWaterfall} from "./IWaterfall.sol";

/// @title The one entrance, whole: what the address of the clearing house answers.
/// @notice Every operation has one shape: authenticate, consume nonce, refresh price and funding,
/// compute the difference in memory, hold the laws, store, emit, pay.
interface IVenue is
    IClearingHouse,
    ISettlement,
    IRoster,
    ICustody,
    ISolvency,
    ILiquidation,
    IWaterfall,
    ITrigger,
    IForced,
    IExit
{}
