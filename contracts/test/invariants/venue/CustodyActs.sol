// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Withdrawal} from "../../../src/Types.sol";
import {IClearingHouse as I} from "../../../src/interfaces/IClearingHouse.sol";
import {TradeActs} from "./TradeActs.sol";

/// @notice Money in, out and between accounts; the queue of the vault; the backstop's depositors.
abstract contract CustodyActs is TradeActs {
    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
        "uint256 fee)"
    );

    function doDeposit(uint256 who, uint256 amount) external {
        uint32 id = who % 9 == 0 ? uint32(who % 2) : _user(who);
        amount = bound(amount, 1, 50 * UNIT);
        Snap memory a = _snap();
        int256 before = cashOf(id);
        try house.deposit(address(token), id, amount) {
            if (cashOf(id) != before + int256(amount << 32)) broken = "a deposit of another size";
            _wonRunning();
        } catch {
            if (!_frozen()) broken = "a deposit was refused";
        }
        _only(a, _bit(id), _bit(id));
    }

    /// @notice What `withdrawable` says may leave, leaves, whatever the breaker says but of
    /// withdrawals themselves.
    function doWithdraw(uint256 who, uint256 amount, uint256 free) external {
        if (_frozen()) return;
        uint32 id = _user(who);
        (uint256 most,) = house.withdrawable(id);
        amount = free % 2 == 0 && most != 0 ? bound(amount, 1, most) : bound(amount, 1, 500 * UNIT);
        Snap memory a = _snap();
        int256 before = cashOf(id);
        vm.prank(owner_(id));
        try house.withdraw(id, amount, address(9), "") {
            if (amount > most) broken = "more than was free";
            if (before - cashOf(id) != int256(amount << 32)) broken = "another amount left";
            _wonRunning();
        } catch (bytes memory reason) {
            _refusedThrottled(reason, amount);
            bool stale = bytes4(reason) == I.PriceStale.selector
                || bytes4(reason) == I.BreakerTripped.selector;
            if (amount <= most && !stale) broken = "what was free was refused";
        }
        _only(a, _bit(id), _bit(id));
    }

    function doWithdrawSigned(uint256 who, uint256 whom, uint256 amount, uint256 number) external {
        uint32 id = _user(who);
        uint32 relayer = _user(whom);
        Withdrawal memory w;
        (w.account, w.to, w.nonce) = (id, address(9), uint64(number % NONCES));
        w.amount = bound(amount, 10, 30 * UNIT);
        w.fee = number % 3 == 0 ? w.amount / 10 : 0;
        w.expiry = uint40(_now() + 60);
        bytes32 typed = keccak256(
            abi.encode(WITHDRAWAL_TYPEHASH, id, w.amount, w.to, w.nonce, w.expiry, w.fee)
        );
        bytes32 domain = domainSeparator(block.chainid, address(house));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(keys[id], keccak256(abi.encodePacked(hex"1901", domain, typed)));
        Snap memory a = _snap();
        vm.prank(STRANGER);
        try house.withdrawSigned(w, abi.encodePacked(r, s, v), relayer, "") {
            _use(id, w.nonce);
            _wonRunning();
        } catch (bytes memory reason) {
            _refusedThrottled(reason, w.amount);
        }
        _only(a, _bit(id) | _bit(relayer), _bit(id) | _bit(relayer));
    }

    /// @notice Between any two accounts; it works between those of one owner alone.
    function doTransfer(uint256 who, uint256 whom, uint256 amount) external {
        uint32 from = who % 2 == 0 ? alice : _user(who);
        uint32 to = who % 2 == 0 ? users[5] : _user(whom);
        amount = bound(amount, 1, 100 * UNIT);
        Snap memory a = _snap();
        int256 before = cashOf(from) + cashOf(to);
        vm.prank(owner_(from));
        try house.transfer(from, to, amount, "") {
            if (owner_(from) != owner_(to)) broken = "a transfer to somebody else";
            if (cashOf(from) + cashOf(to) != before) broken = "a transfer made money";
            _wonRunning();
        } catch (bytes memory reason) {
            _refusedFreely(reason);
        }
        _only(a, _bit(from) | _bit(to), _bit(from) | _bit(to));
    }

    function doCover(uint256 who) external {
        uint32 id = _user(who);
        Snap memory a = _snap();
        int256 before = cashOf(id);
        try house.cover(id) {
            if (before >= 0 || cashOf(id) > 0) broken = "more was covered than was owed";
            _wonRunning();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        _only(a, _bit(id) | _bit(0), 0);
    }

    /// @notice Nothing that waits changes an account when it is released, frozen or not.
    function doRelease(uint256 count) external {
        Snap memory a = _snap();
        uint256 waiting = vault.queued();
        uint256 owed = vault.liabilities();
        try windowed.release(bound(count, 1, 8)) returns (uint256 paid) {
            if (vault.queued() + paid != waiting) broken = "released another amount";
            if (vault.liabilities() != owed) broken = "a release moved liabilities";
            if (paid != 0) _won();
        } catch {
            broken = "a release was refused";
        }
        _only(a, 0, 0);
    }

    function doVeto(uint256 place) external {
        (uint256[3] memory heads, uint256[3] memory tails) = windowed.lines();
        if (heads[2] == tails[2]) return;
        Snap memory a = _snap();
        uint256 waiting = vault.queued();
        try windowed.veto(uint64(bound(place, heads[2], tails[2] - 1) << 2 | 2)) {
            _won();
        } catch (bytes memory reason) {
            _refused(reason);
        }
        if (vault.queued() != waiting) broken = "a veto took money";
        _only(a, 0, 0);
    }

    /// @dev One that waits, or waited not long ago, in this line; 0 if none was ever queued.
    function _ticket(uint256 line, uint256 place) private view returns (uint64) {
        (uint256[3] memory heads, uint256[3] memory tails) = windowed.lines();
        // Vetoed ones stay where they were, behind the head.
        uint256 first = heads[line] > 4 ? heads[line] - 4 : 1;
        if (first == tails[line]) return 0;
        return uint64(bound(place, first, tails[line] - 1) << 2 | line);
    }

    /// @notice Back to its account by its owner, or by anyone; after a freeze to the owner.
    function doReclaim(uint256 line, uint256 place, uint256 who, uint256 whose) external {
        bool stranger = whose % 4 == 0;
        uint64 ticket = _ticket(line % 3, place);
        if (ticket == 0) return;
        Snap memory a = _snap();
        uint256 whole = vault.queued() + vault.liabilities();
        vm.prank(stranger ? STRANGER : owner_(_user(who)));
        try house.reclaim(ticket) {
            if (!_frozen() && vault.queued() + vault.liabilities() != whole) {
                broken = "a reclaim made money";
            }
            _won();
        } catch (bytes memory reason) {
            _refusedFreely(reason);
        }
        uint256 may = _frozen() ? 0 : _mask(a.count);
        _only(a, may, may);
    }

    function doLend(uint256 who, uint256 amount) external {
        Snap memory a = _snap();
        address lender = lenders[who % 2];
        amount = bound(amount, UNIT, 30 * UNIT);
        token.mint(lender, amount);
        vm.startPrank(lender);
        token.approve(address(stop), amount);
        try stop.deposit(0, amount) {
            _wonRunning();
        } catch (bytes memory reason) {
            _refusedFreely(reason);
        }
        vm.stopPrank();
        _only(a, _bit(pool), _bit(pool));
    }

    /// @notice Asks for shares, or takes what was asked for after the cool-down.
    function doUnlend(uint256 who, uint256 shares, uint256 ask) external {
        Snap memory a = _snap();
        address lender = lenders[who % 2];
        (uint256 held,, uint256 readyAt) = stop.holdingOf(0, lender);
        vm.startPrank(lender);
        if (ask % 2 == 0 && held != 0 && readyAt == 0) {
            try stop.requestWithdrawal(0, bound(shares, 1, held / 2 + 1)) {} catch {}
        }
        try stop.withdraw(0) {
            if (readyAt == 0 || readyAt > _now()) broken = "before the cool-down";
            _wonRunning();
        } catch (bytes memory reason) {
            _refusedThrottled(reason, type(uint256).max);
        }
        vm.stopPrank();
        _only(a, _bit(pool), _bit(pool));
    }

    /// @dev All users: whose money a place in the queue is, the vault knows.
    function _mask(uint32 count) private pure returns (uint256) {
        return (1 << count) - 4;
    }
}
