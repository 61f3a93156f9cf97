// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Position} from "../../../src/Types.sol";
import {IClearingHouse as I} from "../../../src/interfaces/IClearingHouse.sol";
import {ReportedVenueTest} from "../../support/ReportedVenueTest.sol";
import {VenueTest} from "../../support/VenueTest.sol";
import {IWindowedVault, WindowedVenueTest} from "../../support/WindowedVenueTest.sol";

/// @notice The stage of the invariant suite: who is there, what is seen before and after each act,
/// and what an act may change. An act counts itself when it succeeds.
abstract contract VenueActs is WindowedVenueTest, ReportedVenueTest {
    uint8 internal constant MARKETS = 3;
    uint256 internal constant START = 300 * UNIT;
    uint256 internal constant NONCES = 32;
    /// @notice Scope of withdrawals.
    uint16 internal constant THROTTLE = 257;
    bytes4 private constant PANIC = 0x4e487b71;
    // Slots of `Storage`.
    uint256 private constant LEVIES_SLOT = 281479271677967;
    uint256 private constant ENTRIES_SLOT = 281479271677968;

    /// @dev All that is known of the accounts that there were, by place: users, then the funds.
    struct Snap {
        uint32 count;
        int256[] cash;
        int256[3][] sizes;
        bytes32[] rest;
        int256[] principal;
        uint256[3] levies;
    }

    /// What happened that may not happen; empty when nothing did.
    string internal broken;
    mapping(bytes4 => uint256) internal wins;
    uint32[] internal users;
    address[] internal lenders;
    uint256[3] internal levyGhost;
    /// One-time numbers that were used, by account, as bits.
    mapping(uint32 => uint256) internal nonceGhost;
    uint256 internal owedAtFreeze;
    uint256 internal heldAtFreeze;
    uint256 internal paidOut;
    /// Time passed without prices, and their way back may not be over.
    bool internal silent_;

    function setUp() public virtual override(WindowedVenueTest, ReportedVenueTest) {
        super.setUp();
        open("erin", 0);
        open("alice", 0);
        for (uint32 id = alice; id <= dave; ++id) users.push(id);
        users.push(pool + 1);
        users.push(pool + 2);
        MarketParams memory p = defaults();
        (p.liquidationPartPpm, p.coverSharePpm, p.backstopLotsMax) = (500_000, 250_000, 40);
        for (uint8 m; m < MARKETS; ++m) {
            around.setMarket(m, p);
            house.deposit(address(token), FUNDS + m, 20 * UNIT);
        }
        house.deposit(address(token), 0, 20 * UNIT);
        for (uint256 i; i < users.length; ++i) _level(users[i]);
        for (uint256 i; i < 2; ++i) {
            lenders.push(address(uint160(0x1e4d + i)));
            lend(0, lenders[i], (i + 1) * 100 * UNIT);
        }
        drain(200);
        _comeBack();
        targetContract(address(this));
    }

    /// @notice Small windows, so that withdrawals wait and large ones can be vetoed.
    function windows() internal pure override returns (IWindowedVault.Windows memory) {
        return IWindowedVault.Windows(200e6, 1_000e6, 10_000, 100_000);
    }

    function rules() internal pure override returns (IWindowedVault.Rules memory) {
        return IWindowedVault.Rules(200_000, 0, 20e6, 500_000, 1 hours, 1 days);
    }

    function backstopAt()
        internal
        view
        override(VenueTest, WindowedVenueTest)
        returns (address)
    {
        return super.backstopAt();
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

    /// @notice Prices come again until the way back from their outage is over.
    function _comeBack() internal {
        if (_frozen()) return;
        silent_ = false;
        for (uint256 i; i < 80; ++i) {
            vm.warp(_now() + 29);
            refresh();
        }
    }

    function _user(uint256 who) internal view returns (uint32) {
        return users[who % users.length];
    }

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _frozen() internal view returns (bool) {
        return house.frozenTime() != 0;
    }

    /// @notice An act succeeded.
    function _won() internal {
        ++wins[msg.sig];
    }

    /// @notice An act succeeded that no frozen venue allows.
    function _wonRunning() internal {
        if (_frozen()) broken = "it worked after the freeze";
        _won();
    }

    /// @notice An act was refused. A panic is a law that was broken on the way.
    function _refused(bytes memory reason) internal {
        if (bytes4(reason) == PANIC) broken = "a law was broken on the way";
    }

    /// @notice A direct withdrawal was refused: by no breaker but its own scope.
    function _refusedThrottled(bytes memory reason, uint256 amount) internal {
        uint8 level = around.level(THROTTLE);
        bool small = amount <= rules().smallFloorQuote;
        if (bytes4(reason) != I.BreakerTripped.selector) return _refused(reason);
        if (level == 0 || (level == 1 && small)) broken = "the breaker shut a way out";
    }

    /// @notice An act was refused that no breaker may refuse.
    function _refusedFreely(bytes memory reason) internal {
        _refused(reason);
        if (bytes4(reason) == I.BreakerTripped.selector) broken = "the breaker shut a way out";
    }

    function _idAt(uint32 count, uint256 place) internal pure returns (uint32) {
        return place < count ? uint32(place) : FUNDS + uint32(place) - count;
    }

    function _bit(uint32 id) internal pure returns (uint256) {
        return id >= FUNDS ? 1 << (200 + id - FUNDS) : 1 << id;
    }

    function _snap() internal view returns (Snap memory) {
        return _snapOf(house.accountsCount());
    }

    function _snapOf(uint32 count) private view returns (Snap memory s) {
        uint256 places = count + MARKETS;
        s.count = count;
        s.cash = new int256[](places);
        s.sizes = new int256[3][](places);
        s.rest = new bytes32[](places);
        s.principal = new int256[](places);
        bool running = !_frozen();
        for (uint256 i; i < places; ++i) {
            uint32 id = _idAt(count, i);
            (address owner, int128 cash, uint32 epoch, Position[] memory list) = house.account(id);
            s.cash[i] = cash;
            for (uint256 j; j < list.length; ++j) s.sizes[i][list[j].market] = list[j].size;
            s.rest[i] = keccak256(abi.encode(owner, epoch, house.leverage(id)));
            if (running) s.principal[i] = house.principal(id);
        }
        for (uint8 m; m < MARKETS; ++m) s.levies[m] = running ? house.levy(m) : levyGhost[m];
    }

    /// @notice Nobody but the accounts in `may` changed, except by a levy; only those in `custody`
    /// have another principal. Bits by `_bit`.
    function _only(Snap memory a, uint256 may, uint256 custody) internal {
        Snap memory b = _snapOf(a.count);
        levyGhost = b.levies;
        for (uint256 i; i < a.cash.length; ++i) {
            uint256 bit = _bit(_idAt(a.count, i));
            if (custody & bit == 0 && a.principal[i] != b.principal[i] && !_frozen()) {
                broken = "a principal changed without custody";
            }
            if (may & bit != 0) continue;
            int256 due;
            for (uint256 m; m < MARKETS; ++m) {
                due += _magnitude(a.sizes[i][m]) * int256(b.levies[m] - a.levies[m]);
                if (a.sizes[i][m] != b.sizes[i][m]) broken = "a bystander's position changed";
            }
            if (b.cash[i] != a.cash[i] - due) broken = "a bystander's cash changed";
            if (b.rest[i] != a.rest[i]) broken = "a bystander's account changed";
        }
    }

    /// @notice What a position owes of the levies of its market, for each lot; behind the views.
    function _unpaid(uint32 id, uint8 m) internal view returns (uint256) {
        uint256 key = (uint256(id) << 8) | m;
        return _slotAt(uint256(keccak256(abi.encode(uint256(m), LEVIES_SLOT))))
            - _slotAt(uint256(keccak256(abi.encode(key, ENTRIES_SLOT))));
    }

    function _slotAt(uint256 slot) internal view returns (uint256) {
        return uint256(vm.load(address(house), bytes32(slot)));
    }

    function _magnitude(int256 x) internal pure returns (int256) {
        return x < 0 ? -x : x;
    }

    /// @notice Marks a one-time number as used; a second use is a defect.
    function _use(uint32 id, uint64 nonce) internal {
        uint256 bit = 1 << nonce;
        if (nonceGhost[id] & bit != 0) broken = "a one-time number was used twice";
        nonceGhost[id] |= bit;
    }

    /// @notice Brings a user's cash to what everyone starts with.
    function _level(uint32 id) private {
        int256 missing = int256(START) - (cashOf(id) >> 32);
        if (missing > 0) house.deposit(address(token), id, uint256(missing));
        if (missing >= 0) return;
        address owner = owner_(id);
        vm.prank(owner);
        house.withdraw(id, uint256(-missing), address(9), "");
    }
}
