// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForcedRequest} from "../../src/interfaces/IForcedQueue.sol";
import {LawLib} from "../../src/generated/LawLib.sol";
import {PeripheralsReports} from "../mocks/PeripheralsReports.sol";
import {ExitVenueTest} from "../support/ExitVenueTest.sol";
import {ReportedVenueTest} from "../support/ReportedVenueTest.sol";
import {VenueTest} from "../support/VenueTest.sol";

/// @notice Owners ask, sequencer and strangers execute, time and prices move, breakers trip, and
/// at some moment the venue is frozen, reckoned and left; in any order and by anyone.
contract ClearingHouseExitInvariants is ExitVenueTest, ReportedVenueTest {
    uint32 private constant USERS = 4;

    /// What was asked for, in order; and what the chain of requests has to be.
    bytes32 private head;
    uint64 private asked;
    /// The last one that left the line.
    uint64 private executed;
    uint40 private deadlineLast;
    /// Number, and whether something that may not happen has happened.
    bool private broken;
    uint256 private owedAtFreeze;
    uint256 private paid;
    mapping(uint32 => uint256) private paidTo;
    uint64 private tries;

    function setUp() public override(VenueTest, ReportedVenueTest) {
        super.setUp();
        house.deposit(address(token), 0, 100 * UNIT);
        tradeIn(0, alice, bob, 60, PRICE);
        tradeIn(1, carol, dave, 50, PRICE);
        tradeIn(2, alice, dave, 40, PRICE);
        targetContract(address(this));
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = this.doWithdraw.selector;
        selectors[1] = this.doClose.selector;
        selectors[2] = this.doCancel.selector;
        selectors[3] = this.doExecute.selector;
        selectors[4] = this.doTime.selector;
        selectors[5] = this.doPrice.selector;
        selectors[6] = this.doFreeze.selector;
        selectors[7] = this.doReckon.selector;
        selectors[8] = this.doExit.selector;
        selectors[9] = this.doAside.selector;
        targetSelector(address(this), selectors);
    }

    function doWithdraw(uint256 who, uint256 amount, uint64 nonce) external {
        if (house.frozenTime() != 0) return;
        amount = amount % 5 == 0 ? ALL : bound(amount, 1, 20_000 * UNIT);
        uint32 id = _user(who);
        _asked(requestWithdraw(id, uint88(amount), owner_(id), nonce % 4));
    }

    function doClose(uint256 who, uint256 market, uint256 lots, bool isLong) external {
        if (house.frozenTime() != 0) return;
        lots = lots % 3 == 0 ? ALL : bound(lots, 1, 80);
        uint32 limit = isLong ? 0 : type(uint32).max;
        _asked(requestClose(_user(who), uint8(market % 3), isLong, uint88(lots), limit));
    }

    function doCancel(uint256 who) external {
        if (house.frozenTime() != 0) return;
        _asked(requestCancelAll(_user(who)));
    }

    /// @notice Anyone tries to execute any number, with any account and any lots.
    function doExecute(uint256 number, uint256 whom, uint256 lots, bool bySequencer) external {
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        (uint64 oldest,) = queue.aside();
        if (number % 4 == 0) number = bound(number, 0, count + 2);
        else number = number % 4 == 1 && oldest != 0 ? oldest : next;
        uint32 taker = _user(whom);
        ++tries;
        uint40 frozen = house.frozenTime();
        ForcedRequest memory before = queue.requestOf(uint64(number));
        if (!bySequencer) vm.prank(owner_(taker));
        try house.executeForced(uint64(number), taker, uint56(bound(lots, 0, 100)), "") {
            bool late = block.timestamp > deadline;
            bool wasAside = number < next && before.kind != 0;
            if ((number != next && !wasAside) || number > count || frozen != 0) broken = true;
            if (!bySequencer && !late && !wasAside) broken = true;
            ForcedRequest memory left = queue.requestOf(uint64(number));
            if (left.kind == 0 && !wasAside) executed = uint64(number);
            else if (left.amount >= before.amount) broken = true;
            if (left.kind != 0 && left.deadline != before.deadline) broken = true;
        } catch {}
    }

    /// @notice All markets but one fall silent for a while, and anyone wants the next one out of
    /// the line.
    function doAside(uint256 alive) external {
        if (house.frozenTime() != 0) return;
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        ForcedRequest memory before = queue.requestOf(next);
        vm.warp(block.timestamp + 500);
        uint8 m = uint8(alive % 3);
        PeripheralsReports.Value[] memory list = new PeripheralsReports.Value[](1);
        list[0] = values()[m];
        bring(list);
        ++tries;
        vm.prank(STRANGER);
        try house.setAsideForced(next, "") {
            executed = next;
            bool lawful = next <= count && block.timestamp > deadline && before.kind != 3;
            if (!lawful) broken = true;
            if (keccak256(abi.encode(queue.requestOf(next))) != keccak256(abi.encode(before))) {
                broken = true;
            }
        } catch {}
        refresh();
    }

    function doTime(uint256 time) external {
        pass(bound(time, 1, 4_000));
    }

    function doPrice(uint256 market, uint256 move) external {
        if (house.frozenTime() != 0) return;
        uint8 m = uint8(market % 3);
        uint256 price = uint256(priceOf(m)) * bound(move, 700_000, 1_300_000) / 1e6;
        price = bound(price, 100_000, 10_000_000);
        walk(m, uint32(price), uint32(price));
        around.setLevel(uint16(m), uint8(move % 4));
    }

    function doFreeze(uint256 who) external {
        (uint64 next, uint64 count, uint40 deadline) = queue.state();
        bool overdue = next <= count && block.timestamp > deadline + FORCED_GRACE;
        (uint64 oldest, uint40 due) = queue.aside();
        overdue = overdue || (oldest != 0 && block.timestamp > due + FORCED_GRACE + 3 days);
        bool running = house.frozenTime() == 0;
        vm.prank(owner_(_user(who)));
        try house.freeze() {
            if (!overdue || !running) broken = true;
            owedAtFreeze = vault.liabilities();
        } catch {
            // The way out opens whenever it must.
            if (overdue && running) broken = true;
        }
    }

    function doReckon(uint256 count) external {
        try house.reckon(bound(count, 0, 3)) {} catch {}
    }

    function doExit(uint256 who, bool byOwner) external {
        uint32 id = _user(who);
        address owner = owner_(id);
        (int256 equityQ32, uint256 claim) = house.claimOf(id);
        (,, uint256 claims, uint256 pool, bool done) = house.reckoning();
        if (byOwner) vm.prank(owner);
        try house.exit(id, owner) returns (uint256 got) {
            if (!done || paidTo[id] != 0 || got != claim || got == 0) broken = true;
            if (!LawLib.exitShared(got, uint256(equityQ32), claims, pool)) broken = true;
            paidTo[id] = got;
            paid += got;
        } catch {
            if (done && claim != 0) broken = true;
        }
    }

    function invariant_queueIsCommitted() public view {
        assertFalse(broken, "an operation broke the queue, the freeze or an exit");
        (uint64 next, uint64 count,) = queue.state();
        assertEq(uint256(count), asked);
        assertEq(uint256(next), executed + 1);
        assertEq(queue.chainHead(), head);
    }

    /// @notice Those aside are exactly the ones that left the line and still wait, oldest first.
    function invariant_asideIsWhatWaits() public view {
        uint64 at = queue.asideAfter(0);
        for (uint64 number = 1; number <= executed; ++number) {
            if (queue.requestOf(number).kind == 0) continue;
            assertEq(uint256(at), uint256(number));
            at = queue.asideAfter(at);
        }
        assertEq(uint256(at), 0);
    }

    function invariant_paidIsOwed() public view {
        if (house.frozenTime() == 0) {
            assertEq(paid, 0);
            checkLaws(3);
            return;
        }
        assertLe(paid, owedAtFreeze, "more was paid than was owed");
        assertEq(vault.liabilities() + paid, owedAtFreeze);
        assertGe(token.balanceOf(address(vault)), vault.liabilities());
    }

    function afterInvariant() public view {
        assertGt(uint256(asked) + tries, 0, "nothing was tried");
    }

    function _asked(uint64 number) private {
        ++asked;
        ForcedRequest memory request = queue.requestOf(number);
        if (number != asked || request.deadline < deadlineLast) broken = true;
        deadlineLast = request.deadline;
        head = keccak256(abi.encode(head, number, request));
    }

    function oracleFor(address house_)
        internal
        override(VenueTest, ReportedVenueTest)
        returns (address)
    {
        return super.oracleFor(house_);
    }

    function refresh() internal override(VenueTest, ReportedVenueTest) {
        super.refresh();
    }

    function _user(uint256 who) private view returns (uint32) {
        return alice + uint32(who % USERS);
    }
}

/// @notice Whatever accounts hold: nobody is paid more than its claim or its share, and all
/// together at most what the vault owes.
contract ClearingHouseExitFuzz is ExitVenueTest {
    function testFuzz_exit_sumIsCovered(uint32[4] memory lots, uint32[3] memory prices, uint64 fund)
        public
    {
        house.deposit(address(token), 0, bound(fund, 1, 5_000 * UNIT));
        for (uint8 m; m < 3; ++m) {
            tradeIn(m, alice + m, alice + m + 1, uint40(bound(lots[m], 1, 400)), PRICE);
        }
        tradeIn(1, alice, dave, uint40(bound(lots[3], 1, 400)), PRICE + 7);
        for (uint8 m; m < 3; ++m) {
            around.setPrice(m, uint32(bound(prices[m], PRICE / 5, 3 * PRICE)));
        }
        requestCancelAll(alice);
        vm.warp(block.timestamp + FORCED_DEADLINE + FORCED_GRACE + 1);
        house.freeze();
        house.reckon(1_000);
        uint256 owed = vault.liabilities();
        int256 claims;
        for (uint32 id = alice; id <= dave; ++id) {
            (int256 equityQ32,) = house.claimOf(id);
            if (equityQ32 > 0) claims += equityQ32;
        }
        uint256 total;
        for (uint32 id = alice; id <= dave; ++id) {
            (int256 equityQ32,) = house.claimOf(id);
            if (equityQ32 <= 0) continue;
            uint256 full = uint256(equityQ32) >> 32;
            uint256 share = uint256(equityQ32) * owed / uint256(claims);
            uint256 expected = share < full ? share : full;
            if (expected == 0) continue;
            assertEq(exitOf(id), expected);
            total += expected;
        }
        assertLe(total, owed);
        if (uint256(claims) > owed << 32) assertGt(total + 4, owed);
    }
}
