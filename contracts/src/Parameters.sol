// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, VenueParams} from "./Types.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {Delayed} from "./libraries/Delayed.sol";
import {ParameterWords} from "./libraries/ParameterWords.sol";

/// @title Parameters: what the venue runs on, tightened at once and loosened after a delay.
/// @notice A proposal is a whole tuple, so that paired fields move together. When no field is
/// looser than in force it is applied in the same call and drops what was pending; otherwise it
/// waits for the delay, may then be applied by anyone, and dies when nobody does.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | delay, `tickValue` and `isolated` of a listed market | nobody | fixed |
/// | market or venue, tighter in every field | governor | at once, inside `Bounds` |
/// | `maintenancePpm`, either way | governor, then anyone | after the delay, inside `Bounds` |
/// | market or venue, looser | governor, then anyone | after the delay, before expiry |
/// | new market | governor, then anyone | after the delay, the next free id |
/// | sequencer | governor | none at once; another after the delay |
/// | pending proposal | governor | dropped at once, or replaced with a new delay |
/// | governor | governor, then its successor | after the delay, accepted by the successor |
///
/// Assumes: users who dislike a pending loosening can leave within the delay.
/// Live: nothing here can be switched off, and reading never reverts.
contract Parameters is IParameters, IGoverned {
    using Bounds for MarketParams;
    using Bounds for VenueParams;

    /// @notice Parameters of a market came into force.
    event MarketChanged(uint8 indexed market, MarketParams params);

    /// @notice Parameters of a market were proposed; anyone may apply them from `readyAt`.
    event MarketProposed(uint8 indexed market, MarketParams params, uint40 readyAt);

    /// @notice The pending parameters of a market were dropped.
    event MarketCancelled(uint8 indexed market);

    /// @notice Parameters of the venue came into force.
    event VenueChanged(VenueParams params);

    /// @notice Parameters of the venue were proposed; anyone may apply them from `readyAt`.
    event VenueProposed(VenueParams params, uint40 readyAt);

    /// @notice The pending parameters of the venue were dropped.
    event VenueCancelled();

    /// @notice Another governor was proposed, who may accept from `readyAt`.
    event GovernorProposed(address indexed governor, uint40 readyAt);

    /// @notice The pending governor was dropped.
    event GovernorCancelled(address indexed governor);

    /// @notice Another governor took over.
    event GovernorChanged(address indexed governor);

    /// @notice A market id is neither listed nor the next free one.
    error MarketIdInvalid(uint256 found, uint256 idMax);

    /// @notice The value of a tick of a listed market cannot change.
    error TickValueFixed(uint48 found, uint48 required);

    /// @notice A listed market stays isolated, or not.
    error IsolationFixed(uint8 found, uint8 required);

    /// @notice The zero address cannot govern.
    error GovernorZero();

    struct PendingMarket {
        MarketParams params;
        uint40 readyAt;
    }

    struct PendingVenue {
        VenueParams params;
        uint40 readyAt;
    }

    struct PendingGovernor {
        address governor;
        uint40 readyAt;
    }

    /// @notice Delay of everything that loosens, seconds.
    uint256 public immutable delaySeconds;

    /// @inheritdoc IGoverned
    address public override governor;

    /// @notice Number of listed markets; their ids are 0 to one less.
    uint16 public marketsCount;

    VenueParams private _venue;
    mapping(uint8 market => MarketParams) private _markets;
    mapping(uint8 market => PendingMarket) private _pendingMarkets;
    PendingVenue private _pendingVenue;

    /// @notice Governor that waits, and from when it may accept; zeros when none.
    PendingGovernor public pendingGovernor;

    constructor(
        address governor_,
        uint256 delaySeconds_,
        VenueParams memory venue_,
        MarketParams[] memory markets
    ) {
        if (governor_ == address(0)) revert GovernorZero();
        Delayed.checkDelay(delaySeconds_);
        if (markets.length > 256) revert MarketIdInvalid(markets.length - 1, 255);
        governor = governor_;
        delaySeconds = delaySeconds_;
        emit GovernorChanged(governor_);
        venue_.check();
        _venue = venue_;
        emit VenueChanged(venue_);
        for (uint256 i; i < markets.length; ++i) {
            markets[i].check();
            _markets[uint8(i)] = markets[i];
            emit MarketChanged(uint8(i), markets[i]);
        }
        marketsCount = uint16(markets.length);
    }

    modifier onlyGovernor() {
        if (msg.sender != governor) revert NotGovernor(msg.sender, governor);
        _;
    }

    /// @inheritdoc IParameters
    function market(uint8 id) external view override returns (MarketParams memory) {
        return _markets[id];
    }

    /// @inheritdoc IParameters
    function venue() external view override returns (VenueParams memory) {
        return _venue;
    }

    /// @inheritdoc IParameters
    function marketWords(uint8 id) external view override returns (uint256 low, uint256 high) {
        return ParameterWords.load(_markets[id]);
    }

    /// @inheritdoc IParameters
    function venueWord() external view override returns (uint256 word) {
        return ParameterWords.load(_venue);
    }

    /// @notice Proposal that waits for a market, and from when it may be applied; zeros when none.
    function pendingMarket(uint8 id) external view returns (MarketParams memory, uint40 readyAt) {
        return (_pendingMarkets[id].params, _pendingMarkets[id].readyAt);
    }

    /// @notice Proposal that waits for the venue, and from when it may be applied; zeros when none.
    function pendingVenue() external view returns (VenueParams memory, uint40 readyAt) {
        return (_pendingVenue.params, _pendingVenue.readyAt);
    }

    /// @notice Tightens a market at once, or starts the delay of a looser tuple or of a listing.
    /// @return applied Whether the tuple is in force already.
    function proposeMarket(uint8 id, MarketParams calldata params)
        external
        onlyGovernor
        returns (bool applied)
    {
        MarketParams memory current = _markets[id];
        // As if it had waited already: what may never follow is refused here, not after the delay.
        _checkMarket(id, current, params, block.timestamp - delaySeconds);
        if (current.tickValue != 0 && current.tighter(params)) {
            if (_pendingMarkets[id].readyAt != 0) _dropMarket(id);
            _setMarket(id, params);
            return true;
        }
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        _pendingMarkets[id] = PendingMarket(params, readyAt);
        emit MarketProposed(id, params, readyAt);
    }

    /// @notice Puts the pending tuple of a market in force; anyone may call.
    function applyMarket(uint8 id) external {
        PendingMarket memory pending = _pendingMarkets[id];
        Delayed.checkReady(pending.readyAt);
        MarketParams memory current = _markets[id];
        _checkMarket(id, current, pending.params, pending.readyAt - delaySeconds);
        delete _pendingMarkets[id];
        if (current.tickValue == 0) ++marketsCount;
        _setMarket(id, pending.params);
    }

    /// @notice Drops the pending tuple of a market.
    function cancelMarket(uint8 id) external onlyGovernor {
        Delayed.checkPending(_pendingMarkets[id].readyAt);
        _dropMarket(id);
    }

    /// @notice Tightens the venue at once, or starts the delay of a looser tuple.
    /// @return applied Whether the tuple is in force already.
    function proposeVenue(VenueParams calldata params)
        external
        onlyGovernor
        returns (bool applied)
    {
        VenueParams memory next = params;
        next.check();
        if (_venue.tighter(next)) {
            if (_pendingVenue.readyAt != 0) _dropVenue();
            _setVenue(next);
            return true;
        }
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        _pendingVenue = PendingVenue(next, readyAt);
        emit VenueProposed(next, readyAt);
    }

    /// @notice Puts the pending tuple of the venue in force; anyone may call.
    function applyVenue() external {
        PendingVenue memory pending = _pendingVenue;
        Delayed.checkReady(pending.readyAt);
        delete _pendingVenue;
        _setVenue(pending.params);
    }

    /// @notice Drops the pending tuple of the venue.
    function cancelVenue() external onlyGovernor {
        Delayed.checkPending(_pendingVenue.readyAt);
        _dropVenue();
    }

    /// @notice Starts the delay of another governor; replaces a pending one.
    function proposeGovernor(address next) external onlyGovernor {
        if (next == address(0)) revert GovernorZero();
        uint40 readyAt = Delayed.readyAfter(delaySeconds);
        pendingGovernor = PendingGovernor(next, readyAt);
        emit GovernorProposed(next, readyAt);
    }

    /// @notice The pending governor takes over.
    function acceptGovernor() external {
        PendingGovernor memory pending = pendingGovernor;
        Delayed.checkReady(pending.readyAt);
        if (msg.sender != pending.governor) revert NotGovernor(msg.sender, pending.governor);
        delete pendingGovernor;
        governor = pending.governor;
        emit GovernorChanged(pending.governor);
    }

    /// @notice Drops the pending governor.
    function cancelGovernor() external onlyGovernor {
        address pending = pendingGovernor.governor;
        Delayed.checkPending(pendingGovernor.readyAt);
        delete pendingGovernor;
        emit GovernorCancelled(pending);
    }

    function _checkMarket(
        uint8 id,
        MarketParams memory current,
        MarketParams memory next,
        uint256 proposedTime
    ) private view {
        if (id > marketsCount) revert MarketIdInvalid(id, marketsCount);
        next.check();
        if (!current.lawful(next, proposedTime, delaySeconds)) {
            if (next.isolated != current.isolated) {
                revert IsolationFixed(next.isolated, current.isolated);
            }
            revert TickValueFixed(next.tickValue, current.tickValue);
        }
    }

    function _setMarket(uint8 id, MarketParams memory params) private {
        _markets[id] = params;
        emit MarketChanged(id, params);
    }

    function _dropMarket(uint8 id) private {
        delete _pendingMarkets[id];
        emit MarketCancelled(id);
    }

    function _setVenue(VenueParams memory params) private {
        _venue = params;
        emit VenueChanged(params);
    }

    function _dropVenue() private {
        delete _pendingVenue;
        emit VenueCancelled();
    }
}
