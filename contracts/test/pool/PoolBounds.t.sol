// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Report} from "../../src/Types.sol";
import {IGoverned} from "../../src/interfaces/IGoverned.sol";
import {IConfidentialPool as P} from "../../src/pool/IConfidentialPool.sol";
import {IProofRegistry as R} from "../../src/pool/IProofRegistry.sol";
import {Chunk, Circuits, MarginClaim, PoolConfig, Snapshot} from "../../src/pool/PoolTypes.sol";
import {OpenVault} from "../support/Doubles.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {PoolTest} from "./PoolTest.sol";

/// @notice What a pool may be made of, to the last second and place, and who may change it.
contract PoolBoundsTest is PoolTest {
    function _make(PoolConfig memory c, uint8[] memory list) private returns (P) {
        return this.deployPool(c, list, circuitsOf(solvency, margin));
    }

    function _refused(PoolConfig memory c, uint8[] memory list, uint256 field) private {
        vm.expectRevert(abi.encodeWithSelector(P.ConfigWrong.selector, field));
        _make(c, list);
    }

    function test_constructor_namesTheField() public {
        PoolConfig memory c = poolConfig();
        c.house = address(1);
        _refused(c, slots(), 0);
        (c = poolConfig()).operator = address(0);
        _refused(c, slots(), 2);
        (c = poolConfig()).governor = address(0);
        _refused(c, slots(), 3);
        _refused(poolConfig(), new uint8[](0), 7);
    }

    function test_constructor_holdsTheBoundsOfTime() public {
        PoolConfig memory c = poolConfig();
        (c.freshSeconds, c.exitSeconds) = (60, 120);
        _make(c, slots());
        c.freshSeconds = 59;
        _refused(c, slots(), 5);
        (c.freshSeconds, c.exitSeconds) = (1 days, 30 days);
        _make(c, slots());
        c.freshSeconds = 1 days + 1;
        _refused(c, slots(), 5);
        (c.freshSeconds, c.exitSeconds) = (600, 1_199);
        _refused(c, slots(), 6);
        c.exitSeconds = 30 days + 1;
        _refused(c, slots(), 6);
    }

    function test_constructor_takesSixteenMarkets() public {
        uint8[] memory list = new uint8[](17);
        for (uint8 i; i < 17; ++i) {
            around.setMarket(i, defaults());
            list[i] = i;
        }
        _refused(poolConfig(), list, 7);
        assembly ("memory-safe") {
            mstore(list, 16)
        }
        assertEq(_make(poolConfig(), list).markets().length, 16);
    }

    function test_constructor_tellsWhatItWasGiven() public view {
        assertEq(keccak256(abi.encode(pool.config())), keccak256(abi.encode(poolConfig())));
        assertEq(keccak256(abi.encode(pool.markets())), keccak256(abi.encode(slots())));
        assertEq(registry.pool(), address(pool));
    }

    /// @dev A token with more decimals than the venue counts: only whole units go in and out.
    function test_deposit_ofATokenWithMoreDecimals() public {
        token = new TestToken("Test", "T", 18);
        vault = new OpenVault(token, 1e12);
        house = deployHouse(address(vault));
        pool = deployPool(poolConfig(), slots(), circuitsOf(solvency, margin));
        (registry, omnibus) = (R(pool.registry()), pool.account());
        token.mint(address(this), 1e30);
        token.approve(address(pool), type(uint256).max);
        fillPool(1);
        pool.deposit(operator, 25e18);
        (,, int256 net) = pool.flows();
        assertEq(net, int256(25e6));
        assertEq(cashOf(omnibus), int256(25e6) << 32);
        vm.expectRevert(abi.encodeWithSelector(P.AmountNotWhole.selector, 1e12 + 1, 1e12));
        pool.deposit(operator, 1e12 + 1);
    }

    // Circuits.

    function test_circuits_ofTheRegistryAreJudgedAtOnce() public {
        uint16[2] memory good = [2, 256];
        for (uint256 i; i < 2; ++i) {
            deployPool(
                poolConfig(), slots(), Circuits(address(solvency), address(margin), good[i])
            );
        }
        vm.expectRevert(abi.encodeWithSelector(R.CircuitsWrong.selector, 0));
        this.deployPool(poolConfig(), slots(), Circuits(address(solvency), address(margin), 3));
    }

    function test_circuits_areThoseThatAnswer() public {
        Circuits memory c = circuitsOf(solvency, margin);
        for (uint256 field = 1; field < 3; ++field) {
            for (uint256 id; id < 2; ++id) {
                c = circuitsOf(solvency, margin);
                address named = address(new Named(id));
                if (field == 1) c.solvency = named;
                else c.margin = named;
                vm.prank(governor);
                if (id == 0) {
                    vm.expectRevert(abi.encodeWithSelector(R.CircuitsWrong.selector, field));
                }
                registry.proposeCircuits(c);
            }
        }
    }

    function test_circuits_nothingIsLeftOfAProposal() public {
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalMissing.selector));
        registry.cancelCircuits();
        Circuits memory other = circuitsOf(circuit("solvency 2"), circuit("margin 2"));
        for (uint256 i; i < 2; ++i) {
            vm.prank(governor);
            registry.proposeCircuits(other);
            (, uint40 readyAt) = registry.pendingCircuits();
            assertEq(uint256(readyAt), block.timestamp + DELAY);
            if (i == 0) {
                vm.prank(governor);
                registry.cancelCircuits();
            } else {
                vm.warp(readyAt);
                registry.applyCircuits();
            }
            Circuits memory none;
            (Circuits memory pending, uint40 time) = registry.pendingCircuits();
            assertEq(keccak256(abi.encode(pending)), keccak256(abi.encode(none)));
            assertEq(uint256(time), 0);
        }
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ProposalMissing.selector));
        registry.applyCircuits();
    }

    function _readyToReplace() private {
        Circuits memory other = circuitsOf(solvency, circuit("margin 2"));
        vm.prank(governor);
        registry.proposeCircuits(other);
        vm.warp(block.timestamp + DELAY);
        refresh();
    }

    function test_circuits_voidTheOpenEpoch() public {
        fillPool(6);
        _readyToReplace();
        openEpoch();
        registry.applyCircuits();
        (uint256 id,,,,) = registry.epochs();
        assertEq(id, 0);
    }

    // Epochs.

    function test_openEpoch_revertsIf_MembersNone() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(R.MembersNone.selector));
        registry.openEpoch("");
        fillPool(1);
        assertEq(uint256(openEpoch().memberCount), 1);
    }

    function test_openEpoch_bringsAReport() public {
        fillPool(1);
        vm.warp(block.timestamp + 61);
        Report memory r;
        (r.round, r.time) = (9, uint40(block.timestamp));
        (r.markets, r.prices, r.rates) = (slots(), new uint32[](3), new int32[](3));
        for (uint256 i; i < 3; ++i) r.prices[i] = PRICE + uint32(i);
        vm.prank(operator);
        registry.openEpoch(abi.encode(r));
        Snapshot memory s = openEpoch();
        assertEq(uint256(s.round), 9);
        assertEq(s.context[2] & type(uint80).max, uint256(PRICE + 2) * 100);
    }

    /// @dev A clock of reporters that is ahead is no old price; the oldest that counts does.
    function test_openEpoch_agesOfPrices() public {
        fillPool(1);
        uint256 began = block.timestamp;
        vm.warp(began - 5);
        openEpoch();
        vm.warp(began + 60);
        openEpoch();
        MarketParams memory m = defaults();
        m.priceAgeSecondsMax = 0;
        for (uint8 i; i < 3; ++i) around.setMarket(i, m);
        refresh();
        openEpoch();
    }

    /// @dev Slot 0 holds market 1.
    function test_openEpoch_takesTheFirstSlot() public {
        fillPool(1);
        pool.deposit(operator, 1_000 * UNIT);
        proveEpoch();
        Order memory o = poolOrder(true, 10);
        o.market = 1;
        poolBatch(o, 10);
        Order memory other = order(bob, false, 10);
        other.market = 1;
        bytes memory whole =
            abi.encodePacked(terms(o, 0x80), uint256(0), uint256(signatures.length));
        house.settle(batchOf(bytes.concat(packed(other), whole)));
        reset();
        assertEq(openEpoch().totalSizes[0], int256(10));
    }

    function test_submitChunk_tellsWhatWasProven() public {
        fillPool(1);
        Snapshot memory s = openEpoch();
        bytes memory call = abi.encodeCall(R.submitChunk, (s, chunkOf(s, 0, LEAF_0)));
        (uint256 id,,,,) = registry.epochs();
        assertEq(id, uint256(keccak256(abi.encode(s))) >> 8);
        (bool ok,) = address(registry).call(call);
        assertTrue(ok);
        (id,,,,) = registry.epochs();
        assertEq(id, 0);
    }

    function test_checkMargin_namesTheInputsThatFail() public {
        fillPool(1);
        Snapshot memory s = proveEpoch();
        MarginClaim memory c = claimOf(address(this), s, 1, 0);
        c.proof = marginProof(address(this), s, c, 5);
        uint256[] memory v = marginVector(address(this), s, c, rootFrom(leavesFrom(LEAF_0)));
        uint256[3] memory inputs = inputsOf(margin, v, c.vectorHash);
        vm.expectRevert(abi.encodeWithSelector(R.ProofWrong.selector, inputs[1], inputs[2]));
        registry.checkMargin{gas: 3_000_000}(address(this), s, c);
    }

    /// @dev To the last second that both name.
    function test_checkMargin_inItsLastSecond() public {
        fillPool(1);
        Snapshot memory s = proveEpoch();
        uint40 fresh = registry.freshUntil();
        MarginClaim memory c = claimOf(address(this), s, 1, 0);
        c.expiry = fresh;
        c.proof = marginProof(address(this), s, c, rootFrom(leavesFrom(LEAF_0)));
        vm.warp(fresh);
        registry.checkMargin(address(this), s, c);
    }

    // What a wound up pool's parts rest on stands for ever.
    function test_lapse_endsProofs() public {
        fillPool(6);
        _readyToReplace();
        Snapshot memory s = openEpoch();
        registry.submitChunk(s, chunkOf(s, 0, LEAF_0));
        pool.lapse();
        bytes memory reason =
            abi.encodeWithSelector(R.LapseWrong.selector, uint40(block.timestamp));
        Chunk memory second = chunkOf(s, 1, LEAF_0 + 1);
        vm.expectRevert(reason);
        registry.submitChunk(s, second);
        vm.expectRevert(reason);
        registry.applyCircuits();
    }
}

/// @notice A circuit that has a name and nothing else.
contract Named {
    uint256 public immutable circuitId;

    constructor(uint256 id) {
        circuitId = id;
    }
}
