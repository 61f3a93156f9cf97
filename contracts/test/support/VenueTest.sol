// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, Config, MarketParams, Report, SessionScope, VenueParams} from "../../src/Types.sol";
import {IForcedQueue} from "../../src/interfaces/IForcedQueue.sol";
import {IVenue} from "../../src/interfaces/IVenue.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";
import {Base} from "../Base.sol";
import {Around, OpenVault} from "./Doubles.sol";
import {Markets} from "./Markets.sol";

/// @notice A venue with three markets and four traders, and the writing of orders and batches.
/// Market m: tick value 100, price 1,000,000 ticks, so that ten lots are 1,000 quote tokens.
abstract contract VenueTest is Base {
    struct Order {
        uint32 account;
        uint8 market;
        bool isBuy;
        uint64 size;
        uint32 price;
        uint8 tif;
        bool reduceOnly;
        bool postOnly;
        uint40 expiry;
        uint16 lane;
        uint32 seq;
        uint32 epoch;
        uint256 key;
    }

    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(uint32 account,uint8 market,bool isBuy,uint64 size,uint32 price,uint8 timeInForce,"
        "bool reduceOnly,bool postOnly,uint40 expiry,uint16 lane,uint32 seq,uint32 epoch)"
    );
    uint32 internal constant PRICE = 1_000_000;
    uint256 internal constant UNIT = 1_000_000;
    /// @notice Takes the fees out.
    address internal constant TREASURY = address(0x7ea5);
    uint256 internal constant FORCED_DEADLINE = 3_600;
    uint256 internal constant FORCED_GRACE = 1_800;
    uint256 internal constant FORCED_FEE = 0.001 ether;
    /// Insurance account of market 0.
    uint32 internal constant FUNDS = type(uint32).max - 255;

    Around internal around;
    OpenVault internal vault;
    TestToken internal token;
    IVenue internal house;
    IForcedQueue internal queue;

    /// Accounts 2 to 5, and the keys of their owners by account.
    uint32 internal alice;
    uint32 internal bob;
    uint32 internal carol;
    uint32 internal dave;
    mapping(uint32 => uint256) internal keys;

    Order[] internal orders;
    bytes internal fills;
    bytes internal signatures;

    function setUp() public virtual {
        vm.warp(1_900_000_000);
        around = new Around();
        token = new TestToken("Test", "T", 6);
        vault = new OpenVault(token, 1);
        house = deployHouse(address(vault));
        around.setVenue(VenueParams(address(this), 30, 30, 0));
        for (uint8 i; i < 3; ++i) {
            around.setMarket(i, defaults());
            around.setPrice(i, PRICE);
        }
        token.mint(address(this), 1e18);
        token.approve(address(vault), type(uint256).max);
        alice = open("alice", 10_000 * UNIT);
        bob = open("bob", 10_000 * UNIT);
        carol = open("carol", 10_000 * UNIT);
        dave = open("dave", 10_000 * UNIT);
    }

    function deployHouse(address holds) internal returns (IVenue) {
        string[7] memory names = [
            "RosterModule",
            "CustodyModule",
            "LiquidationModule",
            "TriggerModule",
            "ForcedModule",
            "ExitModule",
            "WaterfallModule"
        ];
        uint256 nonce = vm.getNonce(address(this)) + 1 + names.length;
        address at = vm.computeCreateAddress(address(this), nonce);
        bytes memory terms_ = abi.encode(at, FORCED_DEADLINE, FORCED_GRACE, FORCED_FEE);
        queue = IForcedQueue(deploy("ForcedQueue", terms_));
        address a = address(around);
        Config memory config = Config(holds, oracleFor(at), a, a, address(queue));
        address[] memory modules = new address[](names.length);
        for (uint256 i; i < names.length; ++i) {
            bytes memory args = abi.encode(config);
            if (i == 1) args = abi.encode(config, TREASURY);
            if (i == 6) args = abi.encode(config, backstopAt());
            modules[i] = deploy(names[i], args);
        }
        return IVenue(deploy("ClearingHouse", abi.encode(config, modules)));
    }

    /// @notice The oracle of a clearing house that is deployed next: the double, which takes any
    /// report, unless a test says otherwise.
    function oracleFor(address) internal virtual returns (address) {
        return address(around);
    }

    /// @notice Prices stay what they are, and are fresh again.
    function refresh() internal virtual {
        for (uint8 i; i < 3; ++i) around.setPrice(i, around.prices(i));
    }

    /// @notice Where the backstop is, or will be; none unless a test says so.
    function backstopAt() internal view virtual returns (address) {
        return address(0);
    }

    function defaults() internal pure returns (MarketParams memory) {
        return Markets.plain();
    }

    function open(string memory name, uint256 amount) internal returns (uint32 id) {
        (address owner, uint256 key) = makeActor(name);
        id = house.openAccount(owner);
        keys[id] = key;
        if (amount != 0) house.deposit(address(token), id, amount);
    }

    /// @notice The scope of a session key without any limit.
    function everything() internal pure returns (SessionScope memory) {
        return SessionScope(type(uint128).max, type(uint40).max, false);
    }

    function owner_(uint32 id) internal view returns (address) {
        return vm.addr(keys[id]);
    }

    /// @notice A plain order in market 0 at the index price, on the next seq of lane 1.
    function order(uint32 id, bool isBuy, uint64 size) internal view returns (Order memory o) {
        (uint32 seq,) = house.lane(id, 1);
        (,, uint32 epoch,) = house.account(id);
        o = Order(
            id, 0, isBuy, size, PRICE, 0, false, false, 2_000_000_000, 1, seq + 1, epoch, keys[id]
        );
    }

    /// @notice Adds an order to the batch; batches here are written in sorted order.
    function add(Order memory o) internal returns (uint256 index) {
        index = orders.length;
        orders.push(o);
    }

    function fill(uint256 maker, uint256 taker, uint40 lots, uint32 price) internal {
        fills = abi.encodePacked(fills, uint16(maker), uint16(taker), lots, price);
    }

    function reset() internal {
        delete orders;
        delete fills;
        delete signatures;
    }

    function domainSeparator(uint256 chain, address verifying) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address "
                    "verifyingContract)"
                ),
                keccak256("Holdfast"),
                keccak256("1"),
                chain,
                verifying
            )
        );
    }

    function digestOf(Order memory o) internal view returns (bytes32) {
        return digestIn(o, domainSeparator(block.chainid, address(house)));
    }

    function digestIn(Order memory o, bytes32 separator) internal pure returns (bytes32) {
        bytes memory head = abi.encode(
            ORDER_TYPEHASH, o.account, o.market, o.isBuy, o.size, o.price, o.tif, o.reduceOnly
        );
        bytes memory tail = abi.encode(o.postOnly, o.expiry, o.lane, o.seq, o.epoch);
        return keccak256(
            abi.encodePacked(hex"1901", separator, keccak256(bytes.concat(head, tail)))
        );
    }

    function terms(Order memory o, uint8 extra) internal pure returns (bytes memory) {
        uint8 flags = (o.isBuy ? 1 : 0) | (o.reduceOnly ? 2 : 0) | (o.postOnly ? 4 : 0)
            | (o.tif << 3) | extra;
        return abi.encodePacked(
            o.account, o.lane, o.seq, o.market, flags, uint40(o.size), o.price, o.expiry
        );
    }

    function packed(Order memory o) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = signCompact(o.key, digestOf(o));
        return abi.encodePacked(terms(o, 0), r, vs);
    }

    function batch() internal view returns (Batch memory b) {
        bytes memory all;
        for (uint256 i; i < orders.length; ++i) {
            all = bytes.concat(all, packed(orders[i]));
        }
        return batchOf(all);
    }

    function batchOf(bytes memory all) internal view returns (Batch memory) {
        return Batch(
            house.batchNumber() + 1,
            house.batchHead(),
            keccak256("receipts"),
            "",
            all,
            fills,
            signatures
        );
    }

    function settle() internal {
        Batch memory b = batch();
        reset();
        house.settle(b);
    }

    function settleReverts(bytes memory reason) internal {
        Batch memory b = batch();
        vm.expectRevert(reason);
        house.settle(b);
        reset();
    }

    /// @notice `buyer` takes `lots` from the resting sell order of `seller`.
    function trade(uint32 buyer, uint32 seller, uint40 lots, uint32 price) internal {
        Order memory buy = order(buyer, true, lots);
        Order memory sell = order(seller, false, lots);
        (buy.price, sell.price) = (price, price);
        bool buyerFirst = buyer < seller;
        add(buyerFirst ? buy : sell);
        add(buyerFirst ? sell : buy);
        fill(buyerFirst ? 1 : 0, buyerFirst ? 0 : 1, lots, price);
        settle();
    }

    function cashOf(uint32 id) internal view returns (int256 cash) {
        (, cash,,) = house.account(id);
    }

    function sizeOf(uint32 id, uint8 market) internal view returns (int256) {
        (,,, ClearingHousePosition[] memory list) = positionsOf(id);
        for (uint256 i; i < list.length; ++i) {
            if (list[i].market == market) return list[i].size;
        }
        return 0;
    }

    struct ClearingHousePosition {
        uint8 market;
        int56 size;
    }

    function positionsOf(uint32 id)
        private
        view
        returns (address, int128, uint32, ClearingHousePosition[] memory)
    {
        (bool ok, bytes memory data) = address(house).staticcall(abi.encodeCall(house.account, id));
        assertTrue(ok);
        return abi.decode(data, (address, int128, uint32, ClearingHousePosition[]));
    }

    /// @notice Laws that hold after every operation: cash equals liabilities, positions net to
    /// zero, open interest is the sum of the longs, the vault covers what it owes.
    function checkLaws(uint8 marketCount) internal view {
        int256 cash;
        uint32 count = house.accountsCount();
        for (uint32 id; id < count; ++id) cash += cashOf(id);
        for (uint32 m; m < marketCount; ++m) cash += cashOf(FUNDS + m);
        assertEq(cash, int256(vault.liabilities() / vault.scale()) << 32, "cash");
        assertGe(token.balanceOf(address(vault)), vault.liabilities(), "custody");
        for (uint8 m; m < marketCount; ++m) {
            int256 net;
            int256 longs;
            for (uint32 id; id < count; ++id) {
                int256 size = sizeOf(id, m);
                net += size;
                longs += size > 0 ? size : int256(0);
            }
            int256 reserve = sizeOf(FUNDS + m, m);
            net += reserve;
            longs += reserve > 0 ? reserve : int256(0);
            (,, uint56 open_) = house.market(m);
            assertEq(net, 0, "net");
            assertEq(longs, int256(uint256(open_)), "open interest");
        }
    }
}
