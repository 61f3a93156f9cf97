// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oracle} from "../../src/Oracle.sol";
import {IOracle} from "../../src/interfaces/IOracle.sol";
import {IReportVerifier} from "../../src/interfaces/IReportVerifier.sol";
import {Aging} from "../../src/libraries/Aging.sol";
import {MarketParams, Report, VenueParams} from "../../src/Types.sol";
import {Around} from "../support/Doubles.sol";
import {Markets} from "../support/Markets.sol";
import {TiedAged, TiedReports} from "./Models.sol";
import {Tie} from "./Tie.sol";

/// @notice Takes every report: who signed it is tested elsewhere.
contract Trusting is IReportVerifier {
    function verify(bytes calldata report) external pure returns (Report memory) {
        return abi.decode(report, (Report));
    }
}

/// @title `report.step`, `report.always` and `aged.part`: the oracle as deployed, and its models.
/// @notice Reports of one market around each bound of law L09, and the skew that the governor
/// sets. What leaves its band is the only difference allowed.
contract OracleTie is Tie {
    uint24 private constant BAND_PPM = 300_000;

    Oracle private _oracle;
    Around private _around;
    TiedReports private _reports;
    TiedAged private _aged;

    function _name() internal pure override returns (string memory) {
        return "oracle";
    }

    function _operations() internal pure override returns (string[] memory all) {
        all = new string[](5);
        (all[0], all[1], all[2]) = ("accepted", "refused", "outside the band");
        (all[3], all[4]) = ("aged up", "aged down");
    }

    function _begin() internal override {
        vm.warp(1_900_000_000);
        _around = new Around();
        MarketParams memory params = Markets.plain();
        params.bandPpm = BAND_PPM;
        _around.setMarket(0, params);
        address verifier = address(new Trusting());
        bytes memory args = abi.encode(address(this), _around, verifier, 1 days);
        _oracle = Oracle(_deployBuilt("Oracle", args));
        _reports = TiedReports(_deployModel("TiedReports", ""));
        _aged = TiedAged(_deployModel("TiedAged", ""));
    }

    function _act(uint256 r) internal override {
        vm.warp(vm.getBlockTimestamp() + (r % 8 == 0 ? (r >> 8) % 20_000 : (r >> 8) % 20));
        uint24 skew = uint24(r >> 32) % 60;
        _around.setVenue(VenueParams(address(this), 30, skew, 0));
        Report memory next = _draw(r >> 64, skew);
        uint32 found = next.prices[0];
        uint40 nowTime = uint40(vm.getBlockTimestamp());
        try _oracle.accept(abi.encode(next)) {
            _same("taken", true, _taken(next, nowTime, skew));
            _did("accepted");
        } catch (bytes memory reason) {
            (uint32 before,) = _oracle.price(0);
            uint256 move = found > before ? found - before : before - found;
            if (bytes4(reason) == IOracle.PriceOutsideBand.selector) {
                _same("outside", true, move * 1e6 > uint256(before) * BAND_PPM);
                _did("outside the band");
            } else {
                _same("refused", false, _taken(next, nowTime, skew));
                _did("refused");
            }
        }
        (uint32 round, uint40 time) = _oracle.last();
        (uint32 price, uint40 priceTime) = _oracle.price(0);
        (uint32 modelRound, uint40 modelTime, uint32 modelPrice) = _reports.state();
        _same("round", uint256(round), modelRound);
        _same("time", uint256(time), modelTime);
        _same("price", uint256(price), modelPrice);
        _same("round of the price", uint256(_oracle.roundOf(0)), modelRound);
        _same("time of the price", uint256(priceTime), modelTime);
        _compareAged(r >> 160);
    }

    /// @dev A round and a time around the next ones, a price around the last.
    function _draw(uint256 r, uint256 skew) private view returns (Report memory next) {
        (uint32 round, uint40 time) = _oracle.last();
        (uint32 price,) = _oracle.price(0);
        next.round = round + uint32(r % 8 == 0 ? 0 : 1 + (r >> 4) % 3);
        if (r % 16 == 8 && round > 3) next.round = round - 3;
        uint256 at = vm.getBlockTimestamp() + 2 + (r >> 8) % 3 - 3;
        if ((r >> 16) % 4 == 0) at += skew;
        if ((r >> 16) % 4 == 1) at -= skew;
        if ((r >> 16) % 4 == 2) at = uint256(time) + (r >> 24) % 3;
        next.time = uint40(at);
        next.markets = new uint8[](1);
        next.prices = new uint32[](1);
        next.marks = new uint32[](1);
        next.rates = new int32[](1);
        uint256 move = (r >> 32) % 16 == 0 ? 800_000 : 295_000;
        uint256 found = uint256(price) * (1e6 - move + (r >> 40) % (2 * move + 1)) / 1e6;
        // The last price is far from the ends of its width, or moves away from them.
        if (price < 100_000) found = price + (r >> 40) % (1 + uint256(price) * 3 / 10);
        if (price == 0) found = 50_000 + (r >> 40) % 100_000;
        if ((r >> 64) % 32 == 0) found = 0;
        if (found > 4_000_000_000) found = uint256(price) * 3 / 4;
        (next.prices[0], next.marks[0]) = (uint32(found), uint32(found));
    }

    function _taken(Report memory next, uint40 nowTime, uint32 skew) private returns (bool) {
        try _reports.accept(next.round, next.time, next.prices[0], nowTime, skew) {
            return true;
        } catch (bytes memory reason) {
            return _refused(reason);
        }
    }

    /// @dev What the average moves is the part of the distance that is proved of.
    function _compareAged(uint256 r) private {
        uint64 before = uint64(1 + (r % (2 ** (1 + (r >> 8) % 63))));
        uint32 price = uint32(1 + (r >> 16) % (2 ** 32 - 1));
        uint32 elapsed = uint32((r >> 48) % (2 ** (1 + (r >> 56) % 31)));
        uint256 target = uint256(price) << 32;
        bool isUp = target >= before;
        uint64 distance = uint64(isUp ? target - before : before - target);
        uint64 next = Aging.step(before, price, elapsed);
        uint256 part = _aged.part(distance, elapsed);
        _same("aged", uint256(isUp ? next - before : before - next), part);
        _did(isUp ? "aged up" : "aged down");
    }
}
