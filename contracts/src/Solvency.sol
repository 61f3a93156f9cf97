// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";

/// @title Losses that nobody has covered: negative cash of accounts without positions.
/// @notice Owns: the sum of them. Who closes a bankrupt account adds what no fund paid; who brings
/// cash to it, or spreads the loss over others, clears it.
abstract contract Solvency is Ledger {
    function _addInsolvency(uint256 quote) internal {
        if (quote == 0) return;
        _insolvency += quote;
        emit InsolvencyChanged(_insolvency);
    }

    /// @dev More than there is clears all of it.
    function _clearInsolvency(uint256 quote) internal {
        uint256 before = _insolvency;
        if (quote == 0 || before == 0) return;
        _insolvency = quote < before ? before - quote : 0;
        emit InsolvencyChanged(_insolvency);
    }

    /// @dev The part that the insurance fund could not pay now, quote units.
    function _uncovered() internal view returns (uint256) {
        uint256 insolvency_ = _insolvency;
        if (insolvency_ == 0) return 0;
        int256 fund = _accounts[INSURANCE].cash() >> 32;
        if (fund <= 0) return insolvency_;
        return insolvency_ > uint256(fund) ? insolvency_ - uint256(fund) : 0;
    }

    /// @dev What negative cash owes, quote units, rounded up.
    function _owedUp(int256 cashQ32) internal pure returns (uint256) {
        return cashQ32 < 0 ? (uint256(-cashQ32) + type(uint32).max) >> 32 : 0;
    }
}
