// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Position} from "../../src/Types.sol";
import {AccountWord} from "../../src/libraries/Accounts.sol";
import {ExitActs} from "./venue/ExitActs.sol";

/// @notice Everybody does everything at random, through every entrance of the venue with its real
/// vault and backstop; what must hold is looked up after each act, and by independent sums.
/// A run ends where it ends: that every act can succeed is shown by the fixed walk below.
contract VenueInvariants is ExitActs {
    // A slot of `Storage`, for the one check that looks behind the views.
    uint256 private constant ACCOUNTS_SLOT = 1;
    uint16 private constant LANES = 2;

    /// @notice How often something was reached; forge shows events of this name by -vv.
    event log_named_uint(string what, uint256 times);

    function setUp() public override {
        super.setUp();
        targetSelector(address(this), _acts());
    }

    /// @notice One campaign for all: each runs anew for each function of this kind.
    function invariant_venue() public {
        assertEq(broken, "");
        uint32 count = house.accountsCount();
        _checkBooks(count);
        _checkLanes(users[_now() % users.length]);
        _checkNonces(users[_now() % users.length]);
        _checkReports();
        _checkExits();
    }

    /// @notice Longer than a run, and through the end of a venue: no act is idle for ever.
    function test_everyActSucceeds() public {
        vm.pauseGasMetering();
        bytes4[] memory acts = _acts();
        _ruin();
        for (uint256 i; i < 2_500; ++i) {
            uint256 r = uint256(keccak256(abi.encode("walk", i)));
            bytes4 act = acts[r % acts.length];
            // The venue lives long, and then it dies.
            if (act == this.doFreeze.selector && i < 1_900) continue;
            if (i == 1_900) _silence();
            _step(act, r);
            if (i % 4 == 0) invariant_venue();
        }
        _goHome();
        string memory idle = "";
        for (uint256 i; i < acts.length; ++i) {
            if (wins[acts[i]] == 0) idle = string.concat(idle, " ", vm.toString(bytes32(acts[i])));
        }
        assertEq(idle, "");
        for (uint256 i; i < acts.length; ++i) {
            emit log_named_uint(vm.toString(abi.encodePacked(acts[i])), wins[acts[i]]);
        }
        bytes4[9] memory reasons = _reasons();
        for (uint256 i; i < reasons.length; ++i) {
            emit log_named_uint(vm.toString(abi.encodePacked(reasons[i])), refusals[reasons[i]]);
            assertGt(refusals[reasons[i]], 0, "a report was never refused for one of the reasons");
        }
        emit log_named_uint("levies", levies);
        emit log_named_uint("levies upon unpaid levies", leviesOnLevies);
        emit log_named_uint("deleveragings", deleveragings);
        emit log_named_uint("freezes", wins[this.doFreeze.selector]);
        emit log_named_uint("exits", wins[this.doExit.selector]);
        _batchesAreReported();
        assertGt(leviesOnLevies, 0, "no levy upon an unpaid one");
        assertGt(deleveragings, 0, "nobody was deleveraged");
    }

    /// @notice Runs as short as those of the campaign: most of them meet a levy, many a second one.
    function test_shortRunsAreLevied() public {
        vm.pauseGasMetering();
        bytes4[] memory acts = _acts();
        uint256 levied;
        uint256 again;
        uint256 start = vm.snapshotState();
        for (uint256 run; run < 10; ++run) {
            for (uint256 i; i < 64; ++i) {
                uint256 r = uint256(keccak256(abi.encode("run", run, i)));
                _step(acts[r % acts.length], r);
            }
            invariant_venue();
            if (levies != 0) ++levied;
            if (leviesOnLevies != 0) ++again;
            vm.revertToState(start);
        }
        emit log_named_uint("runs of ten that were levied", levied);
        emit log_named_uint("runs of ten that were levied upon an unpaid levy", again);
        assertGe(levied, 8, "too few runs meet a levy");
        assertGe(again, 3, "too few runs meet a second levy");
    }

    /// @dev Batches met reports that they needed, that undid them, and that were none.
    function _batchesAreReported() private {
        emit log_named_uint("batches with a report", reported);
        emit log_named_uint("batches that needed their report", savedByReport);
        emit log_named_uint("batches that their report undid", spoiltByReport);
        emit log_named_uint("batches refused for their report", refusedForReport);
        assertGt(reported, 0, "no batch with a report");
        assertGt(savedByReport, 0, "no batch needed its report");
        assertGt(spoiltByReport, 0, "no batch was undone by its report");
        assertGt(refusedForReport, 0, "no batch was refused for its report");
    }

    /// @dev Rare enough to be made by hand: what a bankrupt account lacks for its last position is
    /// more than that position is worth, and nobody is left to pay the rest.
    function _ruin() private {
        uint32 poor = users[5];
        tradeIn(0, poor, bob, 10, PRICE);
        tradeIn(1, carol, poor, 1, PRICE);
        walkAll(0, PRICE / 20);
        uint32[] memory list = new uint32[](1);
        list[0] = bob;
        house.resolve(poor, 0, list, "");
        list[0] = carol;
        house.resolve(poor, 1, list, "");
        assertGt(house.uncovered(), 0);
        invariant_venue();
        this.doCover(5);
        walkAll(0, PRICE);
    }

    function _step(bytes4 act, uint256 r) private {
        bytes memory words;
        for (uint256 j; j < 5; ++j) words = bytes.concat(words, keccak256(abi.encode(r, j)));
        (bool ok,) = address(this).call(bytes.concat(act, words));
        assertTrue(ok, "an act itself failed");
    }

    /// @dev Whatever happened: what waits is released, what was vetoed is reclaimed by anyone, and
    /// nothing stays behind.
    function _goHome() private {
        (, uint256[3] memory tails) = windowed.lines();
        for (uint256 i; i < 8; ++i) {
            drain(72);
            this.doCollect(i);
            invariant_venue();
        }
        for (uint256 place = 1; place < tails[2]; ++place) {
            vm.prank(STRANGER);
            try house.reclaim(uint64(place << 2 | 2)) {} catch {}
        }
        // The windows let 1,000 a day out, and more than a month of them may wait.
        for (uint256 i; i < 40 && vault.queued() != 0; ++i) drain(72);
        assertEq(vault.queued(), 0, "something stays in the queue for ever");
    }

    /// @dev A request that nobody serves, until the venue may be frozen.
    function _silence() private {
        // Whatever the walk did to the backstop, its depositors have something to leave with.
        house.deposit(address(token), pool, 5_000 * UNIT);
        vm.warp(_now() + 8 days);
        for (uint256 i; i < 8; ++i) this.doFreeze(8 * i);
        for (uint256 i; i < 4; ++i) this.doReckon(i);
        invariant_venue();
    }

    /// @dev Cash is what the vault owes, positions net to zero, open interest is the longs, and
    /// every view takes off exactly what is owed of levies.
    function _checkBooks(uint32 count) private view {
        int256 cash;
        int256[3] memory net;
        int256[3] memory longs;
        bool running = !_frozen();
        for (uint256 i; i < count + MARKETS; ++i) {
            uint32 id = _idAt(count, i);
            (, int128 seen,, Position[] memory list) = house.account(id);
            cash += seen;
            int256 owed;
            for (uint256 j; j < list.length; ++j) {
                int256 size = list[j].size;
                net[list[j].market] += size;
                if (size > 0) longs[list[j].market] += size;
                owed += _magnitude(size) * int256(_unpaid(id, list[j].market));
            }
            int256 stored = AccountWord.wrap(_slotAt(ACCOUNTS_SLOT + id)).cash();
            assertEq(stored - owed, seen, "levies owed");
        }
        assertGe(token.balanceOf(address(vault)), vault.liabilities() + vault.queued(), "custody");
        if (!running) return;
        assertEq(cash, int256(vault.liabilities()) << 32, "cash is liabilities");
        for (uint8 m; m < MARKETS; ++m) {
            (,, uint56 open_) = house.market(m);
            assertEq(net[m], 0, "positions net to zero");
            assertEq(longs[m], int256(uint256(open_)), "open interest is the longs");
        }
    }

    /// @dev A lane only moves on, and an order is never filled beyond its size.
    function _checkLanes(uint32 id) private {
        for (uint16 lane = 1; lane <= LANES; ++lane) {
            (uint32 seq, uint40 filled) = house.lane(id, lane);
            bytes32 key = _slot(id, lane, 0);
            uint32 last = seqGhost[key];
            assertGe(seq, last, "a seq went back");
            if (seq == last) assertGe(filled, filledGhost[key], "a fill was forgotten");
            if (filled != type(uint40).max) {
                assertLe(filled, sizeGhost[_slot(id, lane, seq)], "filled beyond the size");
            }
            (seqGhost[key], filledGhost[key]) = (seq, filled);
        }
    }

    function _checkNonces(uint32 id) private view {
        if (_frozen()) return;
        for (uint64 n; n < NONCES; ++n) {
            bool ghost = nonceGhost[id] >> n & 1 == 1;
            assertEq(house.nonceUsed(id, n), ghost, "a one-time number");
        }
    }

    /// @dev Exits pay once, together no more than was there, and no depositor more than its part.
    function _checkExits() private view {
        if (!_frozen()) {
            assertEq(paidOut, 0, "paid before the freeze");
            return;
        }
        (,,,, bool done) = house.reckoning();
        if (!done) assertEq(paidOut, 0, "paid before the reckoning");
        else assertLe(paidOut, heldAtFreeze, "more was paid than was held");
        assertEq(vault.liabilities() + paidOut, owedAtFreeze, "exits and liabilities");
        assertLe(collected, house.exited(pool), "more was collected than was owed");
    }

    function _acts() private pure returns (bytes4[] memory acts) {
        acts = new bytes4[](47);
        (acts[0], acts[1]) = (this.doTrade.selector, this.doRefill.selector);
        (acts[2], acts[3]) = (this.doCancelLane.selector, this.doCancelAll.selector);
        (acts[4], acts[5]) = (this.doLeverage.selector, this.doSession.selector);
        (acts[6], acts[7]) = (this.doCancelNonce.selector, this.doTrigger.selector);
        (acts[8], acts[9]) = (this.doDeposit.selector, this.doWithdraw.selector);
        (acts[10], acts[11]) = (this.doWithdrawSigned.selector, this.doTransfer.selector);
        (acts[12], acts[13]) = (this.doCover.selector, this.doRelease.selector);
        (acts[14], acts[15]) = (this.doVeto.selector, this.doReclaim.selector);
        (acts[16], acts[17]) = (this.doLend.selector, this.doUnlend.selector);
        (acts[18], acts[19]) = (this.doPrice.selector, this.doTime.selector);
        (acts[20], acts[21]) = (this.doBreaker.selector, this.doPush.selector);
        (acts[22], acts[23]) = (this.doGovern.selector, this.doLiquidate.selector);
        (acts[24], acts[25]) = (this.doFlag.selector, this.doResolve.selector);
        (acts[26], acts[27]) = (this.doUnwind.selector, this.doAsk.selector);
        (acts[28], acts[29]) = (this.doExecute.selector, this.doFreeze.selector);
        (acts[30], acts[31]) = (this.doReckon.selector, this.doExit.selector);
        (acts[32], acts[33]) = (this.doLeave.selector, this.doCollect.selector);
        // Trades, squeezes and batches with a report twice as often.
        (acts[34], acts[35]) = (this.doStranger.selector, this.doTrade.selector);
        (acts[36], acts[37]) = (this.doSqueeze.selector, this.doSqueeze.selector);
        (acts[38], acts[39]) = (this.doForge.selector, this.doStarve.selector);
        (acts[40], acts[41]) = (this.doOldReport.selector, this.doForgedReport.selector);
        acts[42] = this.doVerifier.selector;
        (acts[43], acts[44]) = (this.doThrottle.selector, this.doBar.selector);
        (acts[45], acts[46]) = (this.doReported.selector, this.doReported.selector);
    }
}
