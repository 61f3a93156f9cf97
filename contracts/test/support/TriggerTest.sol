// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Conditional, Report} from "../../src/Types.sol";
import {VenueTest} from "./VenueTest.sol";

/// @notice A wallet contract that signs one digest.
contract OneDigest {
    bytes32 private immutable SIGNED;

    constructor(bytes32 signed) {
        SIGNED = signed;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == SIGNED ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

/// @notice Alice is long ten lots that she bought from carol; bob is the keeper.
abstract contract TriggerTest is VenueTest {
    uint8 internal constant STOP_LOSS = 0;
    uint8 internal constant TAKE_PROFIT = 1;
    uint8 internal constant TRAILING = 2;
    bytes32 internal constant CONDITIONAL_TYPEHASH = keccak256(
        "Conditional(uint32 account,uint8 market,bool isBuy,uint64 size,uint8 kind,"
        "uint32 triggerPrice,uint32 trailPpm,uint32 limitPrice,uint32 rewardPpm,bool reduceOnly,"
        "uint40 since,uint40 expiry,uint64 nonce,uint32 epoch)"
    );

    function setUp() public virtual override {
        super.setUp();
        trade(alice, carol, 10, PRICE);
    }

    /// @notice A stop-loss of alice's long at 2 % down, with a reward of 0.1 %.
    function stop() internal view returns (Conditional memory c) {
        (,, c.epoch,) = house.account(alice);
        c.account = alice;
        c.size = 10;
        c.triggerPrice = PRICE - 20_000;
        c.limitPrice = 1;
        c.rewardPpm = 1_000;
        c.reduceOnly = true;
        c.since = uint40(block.timestamp);
        c.expiry = uint40(block.timestamp + 1 days);
        c.nonce = 7;
    }

    function trail() internal view returns (Conditional memory c) {
        c = stop();
        (c.kind, c.triggerPrice, c.trailPpm) = (TRAILING, PRICE, 20_000);
    }

    /// @dev Word by word, so that the library's shorter way has a second witness.
    function conditionalDigest(Conditional memory c, bytes32 separator)
        internal
        pure
        returns (bytes32)
    {
        bytes memory head = abi.encode(
            CONDITIONAL_TYPEHASH, c.account, c.market, c.isBuy, c.size, c.kind, c.triggerPrice
        );
        bytes memory body = abi.encode(
            c.trailPpm, c.limitPrice, c.rewardPpm, c.reduceOnly, c.since, c.expiry, c.nonce, c.epoch
        );
        bytes32 struct_ = keccak256(bytes.concat(head, body));
        return keccak256(abi.encodePacked(hex"1901", separator, struct_));
    }

    function digestOf(Conditional memory c) internal view returns (bytes32) {
        return conditionalDigest(c, domainSeparator(block.chainid, address(house)));
    }

    function signed(Conditional memory c, uint256 key) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = signCompact(key, digestOf(c));
        return abi.encodePacked(r, vs);
    }

    function signed(Conditional memory c) internal view returns (bytes memory) {
        return signed(c, keys[c.account]);
    }

    function trigger(Conditional memory c) internal {
        bytes memory signature = signed(c);
        vm.prank(owner_(bob));
        house.trigger(c, signature, bob, "");
    }

    function triggerReverts(Conditional memory c, bytes memory reason) internal {
        triggerReverts(c, signed(c), reason);
    }

    function triggerReverts(Conditional memory c, bytes memory signature, bytes memory reason)
        internal
    {
        vm.prank(owner_(bob));
        vm.expectRevert(reason);
        house.trigger(c, signature, bob, "");
    }

    function ratchet(Conditional memory c) internal {
        house.ratchet(c, signed(c), "");
    }

    function bestOf(Conditional memory c) internal view returns (uint256) {
        (, uint32 best,) = house.conditional(c);
        return best;
    }

    function reportOf(uint32 price, uint40 time) internal view returns (bytes memory) {
        Report memory r;
        (r.round, r.time) = (around.round() + 1, time);
        (r.markets, r.prices, r.rates) = (new uint8[](1), new uint32[](1), new int32[](1));
        r.prices[0] = price;
        return abi.encode(r);
    }
}
