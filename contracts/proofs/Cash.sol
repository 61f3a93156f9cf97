// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LawLib} from "../src/generated/LawLib.sol";

/// @title Model of every operation that moves cash, and the proof that none makes or loses any.
/// @notice Two touched accounts, the sum of all others, the accounts without an owner, and what
/// positions owe of levies but have not paid yet. All in quote Q32, as the contracts keep cash.
/// The value of a trade is any number at all: the law must not depend on prices.
contract CashModel {
    int256 internal a;
    int256 internal b;
    int256 internal rest;
    int256 internal fees;
    int256 internal fund;
    int256 internal insurance;
    /// @dev Levies charged and not yet taken off: of `a`, of `b`, of the rest.
    int256 internal dueA;
    int256 internal dueB;
    int256 internal dueRest;
    /// @dev What the vault owes to accounts: liabilities * 2^32.
    int256 internal owed;

    /// @dev Law L01.
    function holds() public view returns (bool) {
        return a + b + rest + fees + fund + insurance - dueA - dueB - dueRest == owed;
    }

    /// @dev `CustodyModule.deposit`, also to the shared fund, and `reclaim` of what was queued.
    function deposit(uint128 quote, uint128 shared) public {
        a += _of(quote);
        insurance += _of(shared);
        owed += _of(quote) + _of(shared);
    }

    /// @dev `CustodyModule.withdraw` and the forced one: paid or queued, it is no longer owed.
    function withdraw(uint128 quote) public {
        a -= _of(quote);
        owed -= _of(quote);
    }

    /// @dev `CustodyModule.transfer`, and the fee of whoever relays a withdrawal.
    function transfer(uint128 quote) public {
        a -= _of(quote);
        b += _of(quote);
    }

    /// @dev A fill of `Settlement`, of a trigger or a forced close, with the fees of both sides.
    function trade(int128 value, uint128 makerFee, uint128 takerFee) public {
        a = a - value - _of(makerFee);
        b = b + value - _of(takerFee);
        fees = fees + _of(makerFee) + _of(takerFee);
    }

    /// @dev `LiquidationModule.liquidate`: `a` loses a position to the keeper's account `b`.
    function liquidate(int128 value, uint128 penalty, uint128 reward) public {
        require(reward <= penalty);
        a = a - value - _of(penalty);
        b = b + value + _of(reward);
        fund += _of(penalty) - _of(reward);
    }

    /// @dev `WaterfallModule.resolve`: lots of `a` go to the backstop or counterparties (`rest`)
    /// and to the fund; insurance covers.
    function resolve(int128 toOthers, int128 toFund, uint128 own, uint128 shared) public {
        a = a - toOthers - toFund + _of(own) + _of(shared);
        rest += toOthers;
        fund = fund + toFund - _of(own);
        insurance -= _of(shared);
    }

    /// @dev What counterparties paid beyond the loss, and the last fraction of a bankrupt account.
    function excess(uint128 amount) public {
        a -= _of(amount);
        fund += _of(amount);
    }

    /// @dev `_pay` and `_levy`: the account is relieved of `levied`; every position owes its part
    /// of `charged`, which `levy.split` shows to be what all of them together owe.
    function levy(uint128 levied, uint128 partA, uint128 partB, uint128 partRest) public {
        int256 charged = _of(partA) + _of(partB) + _of(partRest);
        a += _of(levied);
        fund += charged - _of(levied);
        dueA += _of(partA);
        dueB += _of(partB);
        dueRest += _of(partRest);
    }

    /// @dev `_get` and `_put`: an account that is touched pays what it owes.
    function touch() public {
        a -= dueA;
        dueA = 0;
    }

    /// @dev `CustodyModule.cover`: the shared fund pays the debt of a closed account.
    function cover(uint128 quote) public {
        insurance -= _of(quote);
        a += _of(quote);
    }

    /// @dev Other accounts are looked at: the touched ones go to the rest, any two come from it.
    function turn(int128 cashA, int128 cashB, int128 nextDueA, int128 nextDueB) public {
        rest = rest + a + b - cashA - cashB;
        dueRest = dueRest + dueA + dueB - nextDueA - nextDueB;
        (a, b, dueA, dueB) = (cashA, cashB, nextDueA, nextDueB);
    }

    function _of(uint128 amount) internal pure returns (int256) {
        return int256(uint256(amount));
    }
}

/// @title Law L01 under any sequence of operations.
contract CashAlways is CashModel {
    function check() external view {
        assert(holds());
    }
}

/// @title Law L03: one operation on any state, in which law L01 need not hold.
contract CashStep is CashModel {
    function step(uint8 kind, int128 value, int128 other, uint128 x, uint128 y, uint128 z)
        external
    {
        int256 cash = _cash();
        int256 before = owed;
        if (kind == 0) deposit(x, y);
        else if (kind == 1) withdraw(x);
        else if (kind == 2) transfer(x);
        else if (kind == 3) trade(value, x, y);
        else if (kind == 4) liquidate(value, x, y);
        else if (kind == 5) resolve(value, other, x, y);
        else if (kind == 6) excess(x);
        else if (kind == 7) levy(x, y, z, x);
        else if (kind == 8) touch();
        else cover(x);
        assert(_cash() - cash == owed - before);
    }

    function _cash() internal view returns (int256) {
        return a + b + rest + fees + fund + insurance - dueA - dueB - dueRest;
    }
}

/// @title Law L03 as the contracts ask it: it says yes to what conserves and to nothing else.
contract CashLaw {
    function check(int136 cashDeltaQ32, int96 owedDelta) external pure {
        bool lawful = LawLib.conserved(cashDeltaQ32, owedDelta);
        assert(lawful == (int256(cashDeltaQ32) == int256(owedDelta) * 2 ** 32));
    }
}
