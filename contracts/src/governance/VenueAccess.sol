// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {MarketParams} from "../Types.sol";
import {IForcedQueue} from "../interfaces/IForcedQueue.sol";
import {IGoverned} from "../interfaces/IGoverned.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {Delayed} from "../libraries/Delayed.sol";
import {IGovernedVenue} from "./IGovernedVenue.sol";

/// @title VenueAccess: what the venue's contracts know as the governor, when many govern.
/// @notice OpenZeppelin's AccessManager as timelock and role map. Every call waits for
/// `loosenDelaySeconds`, longer than an exit, but those that only tighten, which are named at
/// deployment and wait for nothing. What is not executed within a week after its delay is dead.
/// Delays of the venue's own contracts come on top.
///
/// A market is listed isolated and without open interest; until the shadow period is over, which
/// counts from the last moment at which the listing may be applied, its cap is at most a small
/// value at the index price.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | loosening delay, terms of a listing | nobody | fixed at deployment |
/// | which functions tighten | the voting contract, after the delay | fewer |
/// | roles | the voting contract, after the delay | any, never an admin with less delay |
/// | whom the venue knows as governor | the governor of before, then anyone | this contract |
///
/// Assumes: `governor` is the voting contract, which alone is an admin.
/// Live: nothing here stops an exit; a call that is refused leaves what was in force.
contract VenueAccess is AccessManager {
    /// @notice Role of whoever may call what only tightens.
    uint64 public constant TIGHTEN_ROLE = 1;

    uint256 private constant SHADOW_SECONDS_MIN = 1 days;

    /// @notice Functions of a contract that only tighten.
    struct Tightening {
        address target;
        bytes4[] selectors;
    }

    /// @notice What a young market may be, fixed at deployment.
    /// @param shadowSeconds Least time from its listing until its cap is free, at least a day.
    /// @param shadowQuote Largest open interest until then at the index price, quote units.
    struct Listing {
        uint256 shadowSeconds;
        uint256 shadowQuote;
    }

    /// @notice The listing of a market was proposed to the venue; its shadow period began.
    event ListingBegun(uint8 indexed market, uint256 freeAt);

    /// @notice A new market must begin isolated and without open interest.
    error ListingTooWide(uint8 market, uint8 isolated, uint256 openInterestMax);

    /// @notice A young market's cap is above its limit, or it has no price to measure it by.
    error ShadowExceeded(uint8 market, uint256 quote, uint256 quoteMax);

    /// @notice A function that loosens cannot lose its delay.
    error RoleTooWide(uint64 role);

    /// @notice The voting contract.
    address public immutable governor;
    /// @notice The venue's parameters.
    IGovernedVenue public immutable parameters;
    /// @notice The venue's prices.
    IOracle public immutable oracle;
    /// @notice Delay of every call that is not known to tighten, seconds.
    uint32 public immutable loosenDelaySeconds;
    /// @notice Least time from a listing until the market's cap is free, seconds.
    uint256 public immutable shadowSeconds;
    /// @notice Largest open interest of a young market at the index price, quote units.
    uint256 public immutable shadowQuote;

    /// @notice From when the cap of a market is free; zero for one that was not listed from here.
    mapping(uint8 market => uint256) public freeAt;

    constructor(
        address governor_,
        IGovernedVenue parameters_,
        IOracle oracle_,
        IForcedQueue queue,
        uint32 loosenDelaySeconds_,
        Listing memory listing,
        Tightening[] memory tightenings
    ) AccessManager(governor_) {
        Delayed.checkDelay(loosenDelaySeconds_);
        uint256 exit = uint256(queue.deadlineSeconds()) + queue.graceSeconds();
        if (loosenDelaySeconds_ <= exit) {
            revert IGoverned.DelayOutOfBounds(loosenDelaySeconds_, exit + 1);
        }
        if (listing.shadowSeconds < SHADOW_SECONDS_MIN) {
            revert IGoverned.DelayOutOfBounds(listing.shadowSeconds, SHADOW_SECONDS_MIN);
        }
        governor = governor_;
        parameters = parameters_;
        oracle = oracle_;
        loosenDelaySeconds = loosenDelaySeconds_;
        (shadowSeconds, shadowQuote) = (listing.shadowSeconds, listing.shadowQuote);
        _grantRole(ADMIN_ROLE, governor_, 0, loosenDelaySeconds_);
        _grantRole(TIGHTEN_ROLE, governor_, 0, 0);
        for (uint256 i; i < tightenings.length; ++i) {
            bytes4[] memory selectors = tightenings[i].selectors;
            for (uint256 j; j < selectors.length; ++j) {
                _setTargetFunctionRole(tightenings[i].target, selectors[j], TIGHTEN_ROLE);
            }
        }
    }

    /// @notice Takes the venue over, where its governor of before has proposed this contract.
    function takeOver() external {
        parameters.acceptGovernor();
    }

    /// @inheritdoc AccessManager
    function execute(address target, bytes calldata data)
        public
        payable
        override
        returns (uint32)
    {
        if (target == address(parameters)) _checkMarket(data);
        return super.execute(target, data);
    }

    /// @dev A proposal for a market that is new, or young.
    function _checkMarket(bytes calldata data) private {
        if (bytes4(data) != IGovernedVenue.proposeMarket.selector) return;
        (uint8 id, MarketParams memory next) = abi.decode(data[4:], (uint8, MarketParams));
        if (parameters.market(id).tickValue == 0) {
            if (next.isolated != 1 || next.openInterestMax != 0) {
                revert ListingTooWide(id, next.isolated, next.openInterestMax);
            }
            // Anyone may apply it until it expires: the period is whole even then.
            uint256 last = block.timestamp + parameters.delaySeconds() + Delayed.EXPIRY_SECONDS;
            freeAt[id] = last + shadowSeconds;
            emit ListingBegun(id, freeAt[id]);
            return;
        }
        if (block.timestamp >= freeAt[id] || next.openInterestMax == 0) return;
        (uint32 price,) = oracle.price(id);
        uint256 quote = uint256(next.openInterestMax) * next.tickValue * price;
        if (quote == 0 || quote > shadowQuote) revert ShadowExceeded(id, quote, shadowQuote);
    }

    /// @dev No admin without the delay.
    function _grantRole(
        uint64 role,
        address account,
        uint32 grantDelay,
        uint32 executionDelay
    ) internal override returns (bool) {
        uint256 required = _isBuilt() ? loosenDelaySeconds : 0;
        if (role == ADMIN_ROLE && executionDelay < required) {
            revert IGoverned.DelayOutOfBounds(executionDelay, required);
        }
        return super._grantRole(role, account, grantDelay, executionDelay);
    }

    /// @dev A function that tightens may get the delay; one that loosens never loses it.
    function _setTargetFunctionRole(address target, bytes4 selector, uint64 role)
        internal
        override
    {
        if (_isBuilt() && role != ADMIN_ROLE) revert RoleTooWide(role);
        super._setTargetFunctionRole(target, selector, role);
    }

    /// @dev False while the constructors run, of which the parent's grants before anything is set.
    function _isBuilt() private view returns (bool) {
        return address(this).code.length != 0;
    }
}
