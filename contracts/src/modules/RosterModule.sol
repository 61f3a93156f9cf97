// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModule} from "../interfaces/IModule.sol";
import {IRoster} from "../interfaces/IRoster.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Lanes, LaneWord} from "../libraries/Lanes.sol";
import {Margin} from "../libraries/Margin.sol";
import {Sessions, SessionWord} from "../libraries/Sessions.sol";
import {Pricing} from "../Pricing.sol";
import {Roster} from "../Roster.sol";
import {Config, SessionScope} from "../Types.sol";
import {Book, Totals} from "../Working.sol";

/// @title Accounts, session keys, and which orders are dead.
/// @notice These operations touch no cash: phases diff and pay are skipped, and but for
/// `setLeverage` also refresh and laws.
contract RosterModule is Roster, IRoster, IModule {
    using Margin for Totals;

    constructor(Config memory config) Pricing(config) {}

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](6);
        selectors[0] = IRoster.openAccount.selector;
        selectors[1] = IRoster.setSession.selector;
        selectors[2] = IRoster.cancelLane.selector;
        selectors[3] = IRoster.cancelAll.selector;
        selectors[4] = IRoster.setLeverage.selector;
        selectors[5] = IRoster.session.selector;
    }

    /// @inheritdoc IRoster
    function openAccount(address owner) external nonReentrant returns (uint32 id) {
        if (owner == address(0)) revert OwnerZero(owner, msg.sender);
        id = _accountsCount;
        if (id >= FUNDS) revert AccountUnknown(id, uint32(FUNDS));
        _accountsCount = id + 1;
        _owners[id] = owner;
        emit AccountOpened(id, owner);
    }

    /// @inheritdoc IRoster
    function setSession(uint32 id, address key, uint40 expiry, SessionScope calldata scope)
        external
        nonReentrant
    {
        _onlyOwner(id);
        _sessions[_sessionKey(id, key)] = Sessions.pack(expiry, scope);
        emit SessionSet(id, key, expiry, scope);
    }

    /// @inheritdoc IRoster
    function session(uint32 id, address key)
        external
        view
        returns (uint40 expiry, SessionScope memory scope)
    {
        SessionWord word = _sessionOf(id, key);
        scope = SessionScope({
            markets: uint128(word.markets()),
            orderLotsMax: uint40(word.orderLotsMax()),
            reduceOnly: word.reduceOnly()
        });
        return (uint40(word.expiry()), scope);
    }

    /// @inheritdoc IRoster
    /// @dev Raising is tighter and holds at once, whatever the prices are.
    function setLeverage(uint32 id, uint24 initialPpm, bytes calldata report)
        external
        nonReentrant
    {
        _onlyOwner(id);
        if (initialPpm > Margin.PPM) revert LeverageInvalid(initialPpm, uint24(Margin.PPM));
        Book memory book = _refresh(parameters.venue(), report);
        AccountWord word = _get(id);
        bool lowered = initialPpm < word.leverage();
        word = word.withLeverage(initialPpm);
        if (lowered) {
            Totals memory totals;
            totals.equityQ32 = word.cash();
            _addPositions(book, id, word, 0, totals);
            if (totals.equity() < int256(totals.initial)) {
                revert MarginShort(id, totals.equity(), totals.initial);
            }
        }
        _put(id, word);
        _storeMarkets(book);
        emit LeverageSet(id, initialPpm);
    }

    /// @inheritdoc IRoster
    function cancelLane(uint32 id, uint16 laneId, uint32 seq) external nonReentrant {
        _onlyCanceller(id);
        // Else an owner could keep the protocol out of its book with the highest seq there is.
        if (laneId == Lanes.PROTOCOL) revert LaneReserved(laneId, laneId - 1);
        uint256 key = Lanes.key(id, laneId);
        LaneWord word = _lanes[key];
        if (seq < word.seq()) revert SeqStale(0, seq, word.seq());
        _lanes[key] = word.withOwner(_owners[id]).withOrder(seq, Lanes.CANCELLED);
        emit LaneCancelled(id, laneId, seq);
    }

    /// @inheritdoc IRoster
    function cancelAll(uint32 id) external nonReentrant {
        _onlyCanceller(id);
        AccountWord word = _accounts[id];
        uint32 epoch = uint32(word.epoch()) + 1;
        _accounts[id] = word.withEpoch(epoch);
        emit AllCancelled(id, epoch);
    }
}
