// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, Report, VenueParams} from "../../src/Types.sol";
import {IBreaker} from "../../src/interfaces/IBreaker.sol";
import {IOracle} from "../../src/interfaces/IOracle.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {ParameterWords} from "../../src/libraries/ParameterWords.sol";
import {TestToken} from "../../src/mocks/TestToken.sol";

/// @notice Everything that the clearing house asks, settable; one double for four contracts.
/// A report is abi.encode(Report) here: its verification is tested elsewhere.
contract Around is IOracle, IBreaker, IParameters {
    mapping(uint8 => uint32) public prices;
    mapping(uint8 => uint40) public times;
    mapping(uint8 => uint32) public marks;
    mapping(uint8 => uint32) public override aged;
    mapping(uint16 => uint8) public override level;
    mapping(uint32 => bool) public override barred;
    bool public barring;
    mapping(uint8 => MarketParams) private _params;
    VenueParams private _venue;
    uint32 public round;
    uint40 public lastTime;
    /// Whom the real oracle asks about its verifiers.
    address public immutable governor = msg.sender;

    function setPrice(uint8 id, uint32 price_) external {
        (prices[id], marks[id], times[id]) = (price_, price_, uint40(block.timestamp));
        if (aged[id] == 0) aged[id] = price_;
        lastTime = uint40(block.timestamp);
    }

    /// @notice A mark away from the index; `setPrice` puts it back.
    function setMark(uint8 id, uint32 mark_) external {
        marks[id] = mark_;
    }

    function setAged(uint8 id, uint32 aged_) external {
        aged[id] = aged_;
    }

    function setLevel(uint16 scope, uint8 level_) external {
        level[scope] = level_;
    }

    function standing(uint16 scope) external view returns (uint8, bool) {
        return (level[scope], barring);
    }

    function setBarred(uint32 account, bool value) external {
        (barred[account], barring) = (value, true);
    }

    function setMarket(uint8 id, MarketParams memory params) external {
        _params[id] = params;
    }

    function setVenue(VenueParams memory params) external {
        _venue = params;
    }

    function accept(bytes calldata data) external returns (Report memory report) {
        report = abi.decode(data, (Report));
        // A report without marks has them at the index.
        if (report.marks.length == 0) report.marks = report.prices;
        for (uint256 i; i < report.markets.length; ++i) {
            prices[report.markets[i]] = report.prices[i];
            marks[report.markets[i]] = report.marks[i];
            times[report.markets[i]] = report.time;
            if (aged[report.markets[i]] == 0) aged[report.markets[i]] = report.prices[i];
        }
        (round, lastTime) = (report.round, report.time);
    }

    function price(uint8 id) external view returns (uint32, uint40) {
        return (prices[id], times[id]);
    }

    function quote(uint8 id) external view returns (uint32, uint32, uint40) {
        return (prices[id], marks[id], times[id]);
    }

    function last() external view returns (uint32, uint40) {
        return (round, lastTime);
    }

    function market(uint8 id) external view returns (MarketParams memory) {
        return _params[id];
    }

    function venue() external view returns (VenueParams memory) {
        return _venue;
    }

    function marketWords(uint8 id) external view returns (uint256, uint256) {
        return ParameterWords.load(_params[id]);
    }

    function venueWord() external view returns (uint256) {
        return ParameterWords.load(_venue);
    }
}

/// @notice A vault without windows.
contract OpenVault is IVault {
    TestToken private immutable _token;
    uint256 public immutable scale;
    uint256 public liabilities;
    uint256 public constant smallFloorQuote = 50_000_000;

    constructor(TestToken token_, uint256 scale_) {
        (_token, scale) = (token_, scale_);
    }

    function token() external view returns (address) {
        return address(_token);
    }

    function available() external pure returns (uint256, uint256) {
        return (type(uint256).max, type(uint256).max);
    }

    function room() external pure returns (uint256, uint256) {
        return (type(uint256).max, type(uint256).max);
    }

    function preview(uint32, uint256 amount, uint256) external pure returns (uint256) {
        return amount;
    }

    function queued() external pure returns (uint256) {
        return 0;
    }

    function take(address from, uint256 amount) external returns (uint256 received) {
        uint256 before = _token.balanceOf(address(this));
        _token.transferFrom(from, address(this), amount);
        received = _token.balanceOf(address(this)) - before;
        liabilities += received;
    }

    function pay(address to, uint256 amount, uint32, uint256) external returns (uint256, uint64) {
        liabilities -= amount;
        _token.transfer(to, amount);
        return (amount, 0);
    }

    function payForced(address to, uint256 amount, uint32) external returns (uint256, uint64) {
        liabilities -= amount;
        _token.transfer(to, amount);
        return (amount, 0);
    }

    function takeBack(uint64) external pure returns (uint32, uint256, bool) {
        revert("nothing is queued");
    }
}
