// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Treasury} from "../../src/Treasury.sol";
import {GroupSignature} from "../../src/libraries/Schnorr.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {Base} from "../Base.sol";
import {KeyDouble} from "../mocks/CommitteeKey.sol";
import {CommitteeSigner, Offices} from "../mocks/CommitteeSigner.sol";
import {HookToken} from "../mocks/Tokens.sol";
import {DoubleToken, TreasuryThief} from "../mocks/TreasuryThief.sol";

/// @notice Everybody tries everything with a treasury of three tokens, one that calls its payee and
/// one that may move too much; the payee and the allowed target try to have more carried out.
contract TreasuryActs is Base {
    uint256 internal constant SMALL_DELAY = 1 hours;
    uint256 internal constant LARGE_DELAY = 1 days;
    address internal constant GOVERNOR = address(0x60);
    address internal constant GUARDIAN = address(0x6a);
    uint256 internal constant FUNDS = 1_000_000;

    struct Instruction {
        address[] targets;
        bytes[] data;
        uint256 time;
        uint256 readyAt;
        uint32 generation;
        bool isOver;
    }

    struct Sum {
        uint256 time;
        uint256 amount;
    }

    Treasury public immutable treasury;
    CommitteeSigner internal immutable signer;
    KeyDouble internal immutable registry;
    TreasuryThief public immutable thief;
    TestToken[3] internal tokens;

    /// @dev Ghosts: what was scheduled, what was carried out of each token, and what went fast.
    Instruction[] internal instructions;
    mapping(uint256 place => Sum[]) internal paid;
    mapping(uint256 place => Sum[]) internal fast;
    uint32 internal generation = 1;
    bool internal isRevoked;
    uint256[3] public outflow;
    uint256 public executed;
    uint256 public vetoed;
    uint256 public refused;
    uint256 public caught;

    constructor() {
        signer = CommitteeSigner(_create("CommitteeSigner.sol:CommitteeSigner", ""));
        registry = new KeyDouble(1);
        registry.set(signer.key(_secret(0)), 1, false);
        address offices = address(new Offices(GOVERNOR, GUARDIAN));
        bytes memory args =
            abi.encode(address(registry), offices, offices, SMALL_DELAY, LARGE_DELAY);
        treasury = Treasury(deploy("Treasury", args));
        thief = new TreasuryThief();
        tokens = [new TestToken("Test", "T", 6), new HookToken(), new DoubleToken()];
        for (uint256 i; i < 3; ++i) {
            tokens[i].mint(address(treasury), FUNDS);
            vm.prank(GOVERNOR);
            treasury.proposeLimit(address(tokens[i]), 100, 1_000);
        }
        bytes4[2] memory allowed = [TreasuryThief.note.selector, TreasuryThief.pull.selector];
        for (uint256 i; i < 2; ++i) {
            vm.prank(GOVERNOR);
            treasury.proposeCall(address(thief), allowed[i]);
        }
        vm.warp(vm.getBlockTimestamp() + LARGE_DELAY);
        for (uint256 i; i < 3; ++i) treasury.applyLimit(address(tokens[i]));
        for (uint256 i; i < 2; ++i) treasury.applyCall(address(thief), allowed[i]);
    }

    function wait(uint32 time) external {
        vm.warp(vm.getBlockTimestamp() + time % (time % 3 == 0 ? 9 days : 20 hours));
    }

    /// @dev One to three calls, signed by the key in force or by the one before.
    function schedule(uint64 seed, bool isOld) external {
        (address[] memory to, bytes[] memory data) = _calls(seed);
        uint64 nonce = treasury.nextNonce();
        uint40 expiry = uint40(vm.getBlockTimestamp());
        bytes32 digest = treasury.digest(nonce, expiry, to, data);
        GroupSignature memory signature = signer.sign(_secret(isOld ? 1 : 0), digest);
        try treasury.schedule(nonce, expiry, to, data, signature) {
            assertFalse(isOld || isRevoked, "another key scheduled");
            (, uint40 readyAt,) = treasury.waiting(nonce);
            uint256 time = vm.getBlockTimestamp();
            instructions.push(Instruction(to, data, time, readyAt, generation, false));
            if (readyAt < time + LARGE_DELAY) _noteFast(to, data);
        } catch {
            ++refused;
        }
    }

    function execute(uint8 place, uint8 prey) external {
        if (instructions.length == 0) return;
        uint256 number = instructions.length - 1 - place % _min(instructions.length, 4);
        uint64 other = uint64(instructions.length - 1 - prey % _min(instructions.length, 4));
        Instruction storage item = instructions[number];
        thief.aim(other, instructions[other].targets, instructions[other].data);
        try treasury.execute(uint64(number), item.targets, item.data) {
            _judge(item);
            item.isOver = true;
            ++executed;
        } catch {
            ++refused;
        }
        _balances();
    }

    /// @dev What was signed, with one call exchanged for another.
    function executeOther(uint8 place, uint64 seed) external {
        if (instructions.length == 0) return;
        uint256 number = place % instructions.length;
        (address[] memory to, bytes[] memory data) = _calls(seed);
        bytes32 found = keccak256(abi.encode(to, data));
        Instruction storage item = instructions[number];
        if (found == keccak256(abi.encode(item.targets, item.data))) return;
        try treasury.execute(uint64(number), to, data) {
            fail("other calls were carried out");
        } catch {
            ++refused;
        }
    }

    function veto(uint8 place, uint8 who) external {
        if (instructions.length == 0) return;
        uint256 number = instructions.length - 1 - place % _min(instructions.length, 3);
        vm.prank(who % 4 == 0 ? address(thief) : who % 4 == 1 ? GUARDIAN : GOVERNOR);
        try treasury.veto(uint64(number)) {
            assertTrue(who % 4 != 0 && !instructions[number].isOver, "another vetoed");
            instructions[number].isOver = true;
            ++vetoed;
        } catch {
            ++refused;
        }
    }

    function changeKey(uint8 what) external {
        if (what % 4 == 0) (generation, isRevoked) = (generation + 1, false);
        else if (what % 4 == 1) isRevoked = true;
        registry.set(signer.key(_secret(0)), generation, isRevoked);
    }

    function rule(uint8 place, uint16 small, uint16 day, bool isGovernor) external {
        address token = address(tokens[place % 3]);
        (uint128 before, uint128 dayBefore,) = treasury.limits(token);
        if (isGovernor) vm.prank(GOVERNOR);
        try treasury.proposeLimit(token, small % 200, day % 2_000) {
            assertTrue(isGovernor, "another ruled");
        } catch {
            ++refused;
        }
        (uint128 after_, uint128 dayAfter,) = treasury.limits(token);
        assertTrue(after_ <= before && dayAfter <= dayBefore, "loosened at once");
        try treasury.applyLimit(address(tokens[(place >> 2) % 3])) {} catch {}
    }

    function turnWicked(bool wicked) external {
        DoubleToken(address(tokens[2])).turn(wicked);
    }

    // ------------------------------------------------------------------ what must hold

    function _judge(Instruction storage item) internal {
        uint256 time = vm.getBlockTimestamp();
        assertFalse(item.isOver, "carried out twice, or after a veto");
        assertTrue(time >= item.time + SMALL_DELAY, "before the short delay");
        assertTrue(time >= item.readyAt && time <= item.readyAt + 7 days, "outside its week");
        assertTrue(item.generation == generation && !isRevoked, "of another key");
        for (uint256 i; i < item.targets.length; ++i) {
            uint256 place = _placeOf(item.targets[i]);
            if (place == 3) continue;
            uint256 amount = _amountOf(item.data[i]);
            outflow[place] += amount;
            paid[place].push(Sum(time, amount));
            (, uint128 day,) = treasury.limits(item.targets[i]);
            assertLe(_inDay(paid[place]), day, "more than a day's limit");
        }
    }

    /// @dev Nothing has left but what instructions said.
    function _balances() internal {
        for (uint256 i; i < 3; ++i) {
            uint256 left = tokens[i].balanceOf(address(treasury));
            assertEq(left + outflow[i], FUNDS, "left by another way");
        }
        assertEq(thief.stolen(), 0, "re-entered");
        caught = thief.tried();
    }

    function _noteFast(address[] memory to, bytes[] memory data) internal {
        for (uint256 i; i < to.length; ++i) {
            uint256 place = _placeOf(to[i]);
            assertTrue(place < 3, "a call went fast");
            fast[place].push(Sum(vm.getBlockTimestamp(), _amountOf(data[i])));
            (uint128 small,,) = treasury.limits(to[i]);
            assertLe(_inDay(fast[place]), small, "more than the small budget");
        }
    }

    function _inDay(Sum[] storage list) internal view returns (uint256 sum) {
        uint256 from = vm.getBlockTimestamp() - 1 days;
        for (uint256 i = list.length; i > 0 && list[i - 1].time > from; --i) {
            sum += list[i - 1].amount;
        }
    }

    function _calls(uint64 seed)
        internal
        view
        returns (address[] memory to, bytes[] memory data)
    {
        uint256 count = 1 + seed % 7 / 3;
        (to, data) = (new address[](count), new bytes[](count));
        for (uint256 i; i < count; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            uint256 amount = dice % 3 == 0 ? dice % 1_200 : dice % 60;
            TestToken token = tokens[(dice >> 16) % 3];
            uint256 kind = (dice >> 32) % 8;
            to[i] = kind < 2 ? address(thief) : address(token);
            if (kind == 0) data[i] = abi.encodeCall(TreasuryThief.note, (amount));
            else if (kind == 1) data[i] = abi.encodeCall(TreasuryThief.pull, (token, amount));
            else data[i] = abi.encodeCall(IERC20.transfer, (address(thief), amount));
        }
    }

    function _amountOf(bytes memory data) internal pure returns (uint256 amount) {
        assembly ("memory-safe") {
            amount := mload(add(data, 68))
        }
    }

    function _placeOf(address token) internal view returns (uint256 place) {
        while (place < 3 && address(tokens[place]) != token) ++place;
    }

    function _secret(uint32 age) internal view returns (uint256) {
        return 0x7000 + generation - age;
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}

/// @notice Tokens leave a treasury by its instructions alone, each once, in time, within limits.
contract TreasuryInvariantTest is Base {
    TreasuryActs internal acts;

    function setUp() public {
        vm.warp(1_800_000_000);
        acts = new TreasuryActs();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = TreasuryActs.wait.selector;
        selectors[1] = TreasuryActs.schedule.selector;
        selectors[2] = TreasuryActs.execute.selector;
        selectors[3] = TreasuryActs.executeOther.selector;
        selectors[4] = TreasuryActs.veto.selector;
        selectors[5] = TreasuryActs.changeKey.selector;
        selectors[6] = TreasuryActs.rule.selector;
        selectors[7] = TreasuryActs.turnWicked.selector;
        targetContract(address(acts));
        targetSelector(address(acts), selectors);
    }

    /// @notice Numbers are given one after another, and nobody else holds an allowance.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_nothingLeavesButByInstructions() public view {
        Treasury treasury = acts.treasury();
        for (uint256 i; i < 3; ++i) {
            IERC20 token = IERC20(treasury.tokens(i));
            assertEq(token.allowance(address(treasury), address(acts.thief())), 0);
            assertEq(token.balanceOf(address(treasury)) + acts.outflow(i), 1_000_000);
        }
        assertEq(acts.thief().stolen(), 0);
    }

    /// @notice That the campaign reaches what it is about: a fixed walk as long as one of its runs.
    function test_walkReachesEverything() public {
        uint256 seed = 7;
        for (uint256 i; i < 700; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            (uint8 a, uint8 b) = (uint8(seed), uint8(seed >> 8));
            uint256 what = (seed >> 24) % 16;
            if (what < 3) acts.wait(uint32(seed >> 32) % 40_000);
            else if (what < 6) acts.schedule(uint64(seed >> 64), b % 8 == 0);
            else if (what < 12) acts.execute(a, b);
            else if (what == 12) acts.executeOther(a, uint64(seed >> 64));
            else if (what == 13 && b % 4 == 0) acts.veto(a, b >> 2);
            else if (what == 14 && b % 8 == 0) acts.changeKey(a);
            else if (what == 15) acts.turnWicked(b % 4 == 0);
            if (i % 40 == 0) acts.rule(a, uint16(seed >> 32), uint16(seed >> 48), a % 4 != 0);
        }
        assertGt(acts.executed(), 10, "executed");
        assertGt(acts.vetoed(), 0, "vetoed");
        assertGt(acts.caught(), 5, "caught");
        assertGt(acts.refused(), 50, "refused");
        assertGt(acts.outflow(0), 0, "plain");
        assertGt(acts.outflow(1), 0, "hook");
        assertGt(acts.outflow(2), 0, "double");
    }
}
