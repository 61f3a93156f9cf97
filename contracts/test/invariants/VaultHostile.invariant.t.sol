// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VaultQueue} from "../../src/VaultQueue.sol";
import {Lines} from "../../src/libraries/Lines.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {Vault} from "../../src/Vault.sol";
import {VaultTest} from "../support/VaultTest.sol";

/// @notice A token that takes against a receiver: it reverts, says no, or calls it.
contract FickleToken is TestToken {
    uint8 internal constant REVERTS = 1;
    uint8 internal constant DENIES = 2;
    uint8 internal constant CALLS = 3;
    mapping(address => uint8) public mood;

    constructor() TestToken("Fickle", "FCKL", 6) {}

    function setMood(address who, uint8 to) external {
        mood[who] = to;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        uint8 now_ = mood[to];
        if (now_ == REVERTS) revert("refused");
        if (now_ == DENIES) return false;
        super.transfer(to, value);
        if (now_ == CALLS && to.code.length != 0) Thief(to).received();
        return true;
    }
}

/// @notice A receiver, and a guardian, that does all over again whatever it can while it is paid.
contract Thief {
    Vault private immutable VAULT;
    uint256 public worked;

    constructor(Vault vault) {
        VAULT = vault;
    }

    function received() external {
        try VAULT.release(8) returns (uint256 paid) {
            if (paid != 0) ++worked;
        } catch {}
        try VAULT.payForced(address(this), 1e6, 2) {
            ++worked;
        } catch {}
        for (uint64 place = 1; place < 4; ++place) {
            try VAULT.takeBack(Lines.number(Lines.ORDINARY, place)) {
                ++worked;
            } catch {}
            try VAULT.veto(Lines.number(Lines.LARGE, place)) {} catch {}
        }
    }
}

/// @notice The vault among enemies: a token that refuses receivers or calls them back, guardians
/// that come, go and are captured, insolvencies that come and go, exits that are forced. What must
/// hold is restated here by a log of every withdrawal.
contract VaultHostileInvariants is VaultTest {
    struct Note {
        uint64 id;
        uint32 account;
        uint64 quote;
        bool forced;
        VaultQueue.State state;
    }

    uint160 private constant GUARDIANS = 5;
    Note[] private _notes;
    address[4] private _receivers;
    mapping(uint64 id => mapping(uint160 guardian => bool)) private _voted;
    mapping(uint32 account => uint256) private _vetoedAt;
    Thief private _thief;
    uint256 private _accounts;
    uint256 private _minted;
    uint256 private _closedAt;
    string private _broken;
    /// How often what this suite is about happened.
    uint256[6] private _reached;
    string[6] private _names =
        ["undelivered", "vetoed", "gated", "forced and queued", "returned", "refused at once"];

    /// @notice Forge shows events of this name by -vv.
    event log_named_uint(string what, uint256 times);

    function setUp() public {
        vm.warp(START - START % 12 hours);
        token = new FickleToken();
        vault = deployVault(address(token), rules());
        _thief = new Thief(vault);
        _receivers = [address(0xB0B), address(0xCA1), address(_thief), address(0xD0)];
        fund(token, vault, 1e18);
        for (uint160 i = 1; i <= 3; ++i) guard.set(address(i), true);
        guard.set(address(_thief), true);
        for (uint256 i; i < 20; ++i) this.doDeposit(1_000_000e6);
        skip(36 hours);
        targetContract(address(this));
        targetSelector(address(this), _acts());
    }

    function doPay(uint256 amount, uint256 who, uint256 how) external {
        amount = how % 3 == 0 ? bound(amount, 1, 2_000e6) : bound(amount, 1, 900_000e6);
        if (amount > vault.liabilities()) return;
        (bool forced, uint32 account) = (how % 4 == 0, uint32(2 + who % 3));
        address to = _receivers[(who >> 8) % 4];
        uint256 before = token.balanceOf(to);
        bool gated = !forced && _gate();
        (bool ok, bytes memory data) = address(vault).call(
            forced
                ? abi.encodeCall(vault.payForced, (to, amount, account))
                : abi.encodeCall(vault.pay, (to, amount, account, insolvency))
        );
        if (!ok) {
            // Nothing has changed: the owner asks again with another receiver.
            if (!forced && insolvency != 0 && !gated) _closedAt = _closedBefore;
            ++_reached[5];
            return;
        }
        (uint256 paid, uint64 id) = abi.decode(data, (uint256, uint64));
        _accounts -= amount;
        if (token.balanceOf(to) - before != paid) _broken = "another amount arrived";
        if (gated && paid != 0) _broken = "paid through a closed gate";
        if (paid > amount || (id == 0) != (paid == amount)) _broken = "a rest without a place";
        if (id == 0) return;
        if (forced) ++_reached[3];
        _notes.push(
            Note(id, account, uint64(amount - paid), forced, VaultQueue.State.Waiting)
        );
    }

    /// @notice With any count, and now and then with too little gas to be honest.
    function doRelease(uint256 count, uint256 gas_) external {
        bool gated = _gate();
        uint256 before = _outside();
        uint256 limit = gas_ % 4 == 0 ? bound(gas_, 100_000, 2_500_000) : gasleft();
        (bool ok, bytes memory data) =
            address(vault).call{gas: limit}(abi.encodeCall(vault.release, (bound(count, 1, 12))));
        if (!ok) {
            if (gas_ % 4 != 0) _broken = "a release failed";
            // Then the gate did not close either.
            _closedAt = _closedBefore;
            return;
        }
        uint256 paid = abi.decode(data, (uint256));
        if (gated) ++_reached[2];
        if (gated && paid != 0) _broken = "released through a closed gate";
        if (_outside() - before != paid) _broken = "another amount was released";
        uint256 less;
        for (uint256 i; i < _notes.length; ++i) less += _follow(_notes[i]);
        if (less != paid) _broken = "queue and payments differ";
    }

    /// @notice Some guardians together, of one that waits in the large line if there is any.
    function doVeto(uint256 which, uint256 coalition) external {
        if (_notes.length == 0) return;
        Note storage note = _notes[which % _notes.length];
        for (uint256 i = _notes.length; i > 0 && which % 4 != 0; --i) {
            note = _notes[i - 1];
            bool waits = note.state == VaultQueue.State.Waiting && note.quote != 0;
            if (waits && Lines.lineOf(note.id) == Lines.LARGE) break;
        }
        for (uint160 by = 1; by <= GUARDIANS; ++by) {
            if (coalition >> by & 1 == 1) _veto(note, by);
        }
    }

    /// @notice By the owner; who else may is for the clearing house to ask.
    function doTakeBack(uint256 which) external {
        if (_notes.length == 0) return;
        Note storage note = _notes[which % _notes.length];
        VaultQueue.Withdrawal memory w = vault.withdrawal(note.id);
        bool runs = w.state == VaultQueue.State.Vetoed && vm.getBlockTimestamp() < w.until;
        bool lawful = w.state != VaultQueue.State.None && !runs;
        try vault.takeBack(note.id) returns (uint32 account, uint256 amount, bool open) {
            bool same = account == note.account && amount == w.quote;
            if (!lawful || !same) _broken = "taken back wrongly";
            if (open != (w.state != VaultQueue.State.Waiting)) _broken = "open to the wrong ones";
            _accounts += amount;
            (note.quote, note.state) = (0, VaultQueue.State.None);
            ++_reached[4];
        } catch {
            if (lawful) _broken = "what waits could not be taken back";
        }
    }

    function doGuard(uint256 who, bool on) external {
        address guardian = address(uint160(1 + who % GUARDIANS));
        if (guard.isGuardian(guardian) && guard.guardiansCount() == 1) return;
        guard.set(guardian, on);
    }

    function doInsolvency(uint256 amount) external {
        insolvency = amount % 2 == 0 ? 0 : bound(amount, 1, 1e12);
    }

    function doMood(uint256 who, uint256 to) external {
        FickleToken(address(token)).setMood(_receivers[who % 4], uint8(to % 6 > 3 ? 0 : to % 6));
    }

    function doWait(uint256 time) external {
        uint256[4] memory most = [uint256(10 minutes), 3 hours, 2 days, 20 days];
        skip(bound(time / 4, 1, most[time % 4]));
    }

    function doDeposit(uint256 amount) external {
        amount = bound(amount, 1, 1_000_000e6);
        vault.take(USER, amount);
        (_accounts, _minted) = (_accounts + amount, _minted + amount);
    }

    function invariant_hostile() public view {
        assertEq(_broken, "");
        assertEq(_thief.worked(), 0, "it worked again inside a payment");
        uint256 waits;
        for (uint256 i; i < _notes.length; ++i) {
            VaultQueue.Withdrawal memory w = vault.withdrawal(_notes[i].id);
            assertEq(w.quote, _notes[i].quote, "another rest");
            waits += w.quote;
        }
        assertEq(vault.queued(), waits, "queued");
        assertEq(vault.liabilities(), _accounts, "accounts");
        assertEq(token.balanceOf(address(vault)), _accounts + waits, "tokens");
        assertEq(_outside() + _accounts + waits, _minted, "paid twice, or lost");
        uint256 until = _closedAt == 0 ? 0 : _closedAt + 3 days;
        assertEq(vault.gateUntil(), until, "the gate");
    }

    /// @notice Longer than a run: everything that this suite is about happens.
    function test_everyStateIsReached() public {
        bytes4[] memory acts = _acts();
        for (uint256 i; i < 1_500; ++i) {
            uint256 r = uint256(keccak256(abi.encode("walk", i)));
            bytes memory words = abi.encode(keccak256(abi.encode(r, 0)), r >> 7, r >> 11);
            // The flag of `doGuard` is a word of its own.
            bytes4 act = acts[r % acts.length];
            if (act == this.doGuard.selector) words = abi.encode(r >> 16, r >> 8 & 1);
            (bool ok,) = address(this).call(bytes.concat(act, words));
            assertTrue(ok, "an act itself failed");
            if (i % 8 == 0) invariant_hostile();
        }
        for (uint256 i; i < _reached.length; ++i) {
            emit log_named_uint(_names[i], _reached[i]);
            assertGt(_reached[i], 0, _names[i]);
        }
    }

    /// @dev When the gate was closed before the last act, to take it back.
    uint256 private _closedBefore;

    /// @dev Whether nothing may leave now; an act that asks closes a gate that is due.
    function _gate() private returns (bool) {
        _closedBefore = _closedAt;
        if (insolvency == 0) return false;
        uint256 time = vm.getBlockTimestamp();
        if (_closedAt == 0 || time >= _closedAt + 30 days) _closedAt = time;
        return time < _closedAt + 3 days;
    }

    function _veto(Note storage note, uint160 by) private {
        VaultQueue.Withdrawal memory w = vault.withdrawal(note.id);
        vm.prank(address(by));
        try vault.veto(note.id) {
            bool lawful = guard.isGuardian(address(by)) && !note.forced && !_voted[note.id][by]
                && vm.getBlockTimestamp() < w.readyAt && Lines.lineOf(note.id) == Lines.LARGE
                && w.state == VaultQueue.State.Waiting;
            if (!lawful) _broken = "a veto that nobody has";
            _voted[note.id][by] = true;
            _judgeVeto(note);
        } catch {}
    }

    /// @dev Where a note is now; returns what of it was paid.
    function _follow(Note storage note) private returns (uint256 less) {
        VaultQueue.Withdrawal memory w = vault.withdrawal(note.id);
        less = note.quote - w.quote;
        bool undelivered = w.state == VaultQueue.State.Undelivered;
        if (undelivered && note.state != w.state) ++_reached[0];
        if (note.state != VaultQueue.State.Waiting && less != 0) _broken = "a stopped one was paid";
        (note.quote, note.state) = (w.quote, w.state);
    }

    function _judgeVeto(Note storage note) private {
        VaultQueue.Withdrawal memory w = vault.withdrawal(note.id);
        if (w.state != VaultQueue.State.Vetoed) return;
        uint256 time = vm.getBlockTimestamp();
        uint256 votes;
        address[] memory all = vault.confirmations(note.id);
        for (uint256 i; i < all.length; ++i) if (guard.isGuardian(all[i])) ++votes;
        if (votes * 2 <= guard.guardiansCount()) _broken = "stopped by a minority";
        uint256 last = _vetoedAt[note.account];
        if (last != 0 && time < last + 30 days) _broken = "stopped again";
        if (w.until != time + 3 days) _broken = "stopped for another time";
        _vetoedAt[note.account] = time;
        note.state = w.state;
        ++_reached[1];
    }

    function _outside() private view returns (uint256 sum) {
        for (uint256 i; i < 4; ++i) sum += token.balanceOf(_receivers[i]);
    }

    function _acts() private pure returns (bytes4[] memory acts) {
        acts = new bytes4[](10);
        (acts[0], acts[1]) = (this.doPay.selector, this.doPay.selector);
        (acts[2], acts[3]) = (this.doRelease.selector, this.doVeto.selector);
        (acts[4], acts[5]) = (this.doTakeBack.selector, this.doGuard.selector);
        (acts[6], acts[7]) = (this.doInsolvency.selector, this.doMood.selector);
        (acts[8], acts[9]) = (this.doWait.selector, this.doDeposit.selector);
    }
}
