// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LawLib} from "../generated/LawLib.sol";
import {IExit} from "../interfaces/IExit.sol";
import {IForcedQueue} from "../interfaces/IForcedQueue.sol";
import {IModule} from "../interfaces/IModule.sol";
import {IVault} from "../interfaces/IVault.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Packer} from "../libraries/Packer.sol";
import {Pricing} from "../Pricing.sol";
import {Roster} from "../Roster.sol";
import {Config} from "../Types.sol";
import {Book, Market} from "../Working.sol";

/// @title The end of a venue: freeze, reckoning, exit.
/// @notice The state on chain is the proof: everyone is owed the equity of its account at the last
/// accepted prices. What bankrupt accounts lack is taken from the accounts without an owner
/// (insurance, then fees); if that is not enough, every claim is paid the same share.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | frozen | anyone, by law L23 | for ever |
/// | sums of the reckoning | anyone, once frozen | the next accounts added, until all are |
/// | an account | owner; anyone to the owner's address | empty, and paid its share |
///
/// Assumes: the oracle takes reports only from the clearing house, and a listed market's tick
/// value never changes, so that prices stand still once nothing here accepts a report.
/// Live: asks neither governor nor guardian nor breaker. What the vault's windows do not let out
/// now it lets out later.
contract ExitModule is Roster, IExit, IModule {
    /// @dev Time without any accepted report after which the venue may be frozen, seconds.
    uint256 private constant SILENCE_SECONDS = 7 days;
    uint256 private constant MARKETS_MAX = 256;

    IVault private immutable VAULT;
    IERC20 private immutable TOKEN;
    uint256 private immutable SCALE;
    IForcedQueue private immutable QUEUE;
    uint256 private immutable GRACE_SECONDS;
    uint256 private immutable ASIDE_SECONDS;

    constructor(Config memory config) Pricing(config) {
        VAULT = IVault(config.vault);
        TOKEN = IERC20(VAULT.token());
        SCALE = VAULT.scale();
        QUEUE = IForcedQueue(config.forcedQueue);
        GRACE_SECONDS = QUEUE.graceSeconds();
        ASIDE_SECONDS = QUEUE.asideSeconds();
    }

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](9);
        selectors[0] = IExit.freeze.selector;
        selectors[1] = IExit.reckon.selector;
        selectors[2] = IExit.exit.selector;
        selectors[3] = IExit.frozenTime.selector;
        selectors[4] = IExit.reckoning.selector;
        selectors[5] = IExit.claimOf.selector;
        selectors[6] = IExit.ownerOf.selector;
        selectors[7] = IExit.forcedQueue.selector;
        selectors[8] = IExit.exited.selector;
    }

    /// @inheritdoc IExit
    function freeze() external nonReentrant {
        if (_frozenTime != 0) revert Frozen(_frozenTime);
        (uint64 number, uint64 count, uint40 deadline) = QUEUE.state();
        (uint64 aside, uint40 asideDeadline) = QUEUE.aside();
        (uint32 round, uint40 last) = oracle.last();
        if (
            !LawLib.freezeLawful(
                number <= count,
                deadline,
                aside != 0,
                asideDeadline,
                GRACE_SECONDS,
                ASIDE_SECONDS,
                last,
                SILENCE_SECONDS,
                block.timestamp
            )
        ) {
            uint256 time = last == 0 ? type(uint40).max : last + SILENCE_SECONDS + 1;
            if (number <= count) time = Math.min(time, _after(deadline));
            if (aside != 0) time = Math.min(time, _after(asideDeadline) + ASIDE_SECONDS);
            revert FreezeEarly(block.timestamp, time);
        }
        _frozenTime = uint40(block.timestamp);
        bool overdue = number <= count && block.timestamp >= _after(deadline);
        bool asideToo = aside != 0 && block.timestamp >= _after(asideDeadline) + ASIDE_SECONDS;
        uint64 why = overdue ? number : asideToo ? aside : 0;
        emit VenueFrozen(uint40(block.timestamp), round, why);
    }

    /// @inheritdoc IExit
    function reckon(uint256 count) external nonReentrant {
        if (_frozenTime == 0) revert NotFrozen(block.timestamp);
        Reckoning memory sums = _reckoning;
        uint64 places = _places();
        if (sums.done) revert ReckoningClosed(sums.next, places);
        Book memory book = _openBook();
        uint64 from = sums.next;
        uint256 left = places - from;
        uint64 end = count < left ? from + uint64(count) : places;
        for (uint64 place = from; place < end; ++place) {
            uint256 id = _idAt(place);
            int256 equityQ32 = _equityQ32(book, id);
            sums.sumQ32 += equityQ32;
            if (equityQ32 > 0 && _owners[id] != address(0)) sums.claimsQ32 += uint256(equityQ32);
        }
        sums.next = end;
        if (end == places) {
            sums.done = true;
            sums.pool = uint128(_poolOf(sums.sumQ32));
        }
        _reckoning = sums;
        emit Reckoned(from, end, sums.sumQ32, sums.claimsQ32);
        if (sums.done) emit ReckoningDone(sums.claimsQ32, sums.pool);
    }

    /// @inheritdoc IExit
    /// @dev The account is emptied before it is paid, which is the nullifier.
    function exit(uint32 id, address to) external nonReentrant returns (uint256 paid) {
        if (_frozenTime == 0) revert NotFrozen(block.timestamp);
        Reckoning memory sums = _reckoning;
        if (!sums.done) revert ReckoningOpen(sums.next, _places());
        address owner = _ownerOf(id);
        if (msg.sender != owner && to != owner) revert NotOwner(msg.sender, owner);
        int256 equityQ32 = _equityQ32(_openBook(), id);
        uint256 quote = _shareOf(sums, equityQ32);
        if (quote == 0) revert NothingOwed(id, equityQ32);
        _clear(id);
        emit Exited(id, to, equityQ32, quote);
        paid = quote * SCALE;
        _exited[id] = paid;
        VAULT.payForced(to, paid, id);
    }

    /// @inheritdoc IExit
    function frozenTime() external view returns (uint40) {
        return _frozenTime;
    }

    /// @inheritdoc IExit
    function reckoning()
        external
        view
        returns (uint64 next, uint64 count, uint256 claimsQ32, uint256 pool, bool done)
    {
        Reckoning memory sums = _reckoning;
        return (sums.next, _places(), sums.claimsQ32, sums.pool, sums.done);
    }

    /// @inheritdoc IExit
    function claimOf(uint32 id)
        external
        view
        nonReentrantView
        returns (int256 equityQ32, uint256 payable_)
    {
        equityQ32 = _equityQ32(_openBook(), id);
        Reckoning memory sums = _reckoning;
        if (sums.done && _owners[id] != address(0)) {
            payable_ = _shareOf(sums, equityQ32) * SCALE;
        }
    }

    /// @inheritdoc IExit
    function exited(uint32 id) external view returns (uint256) {
        return _exited[id];
    }

    /// @inheritdoc IExit
    function ownerOf(uint32 id) external view returns (address) {
        return _owners[id];
    }

    /// @inheritdoc IExit
    function forcedQueue() external view returns (address) {
        return address(QUEUE);
    }

    /// @dev Places of the reckoning. With `_idAt` the one list of all accounts that can hold cash.
    function _places() private view returns (uint64) {
        return uint64(_accountsCount + MARKETS_MAX);
    }

    /// @dev Account at a place: insurance, fees, users in order, then the funds of the markets.
    function _idAt(uint64 place) private view returns (uint256) {
        uint256 users = _accountsCount;
        return place < users ? place : FUNDS + (place - users);
    }

    /// @dev Equity at the last accepted prices, however old, exactly.
    function _equityQ32(Book memory book, uint256 id) private view returns (int256 equityQ32) {
        AccountWord word = _get(id);
        equityQ32 = word.cash();
        if (word.size() != 0) equityQ32 += _valueQ32(book, word.home(), word.size());
        if (word.others() == 0) return equityQ32;
        uint256 bits = _bitmaps[id];
        for (uint256 market = 0; bits >> market != 0; ++market) {
            if (bits & (1 << market) == 0) continue;
            equityQ32 += _valueQ32(book, market, _positions[(id << 8) | market]);
        }
    }

    /// @dev What a position adds to its account: lots * (price * tickValue * 2^32 - index).
    function _valueQ32(Book memory book, uint256 id, int256 lots) private view returns (int256) {
        _peek(book, id);
        Market memory market = book.list[id >> 4][id & 15];
        int256 lotQ32 = int256((market.price * market.params.tickValue) << 32);
        return lots * (lotQ32 - market.fundingIndex);
    }

    /// @dev What all claims share, quote units: by the accounts, and never more than the vault
    /// owes or holds beside the withdrawals that left their accounts before.
    function _poolOf(int256 sumQ32) private view returns (uint256 pool) {
        pool = sumQ32 > 0 ? uint256(sumQ32) >> 32 : 0;
        uint256 owed = VAULT.liabilities() / SCALE;
        uint256 balance = TOKEN.balanceOf(address(VAULT));
        uint256 queued = VAULT.queued();
        uint256 held = balance > queued ? (balance - queued) / SCALE : 0;
        if (owed < pool) pool = owed;
        if (held < pool) pool = held;
    }

    /// @dev Quote units that a claim is paid, rounded down. Law: exits are shared.
    function _shareOf(Reckoning memory sums, int256 equityQ32) private pure returns (uint256 paid) {
        if (equityQ32 <= 0) return 0;
        uint256 claim = uint256(equityQ32);
        uint256 pool = sums.pool;
        bool whole = sums.claimsQ32 <= pool << 32;
        paid = whole ? claim >> 32 : claim * pool / sums.claimsQ32;
        assert(LawLib.exitShared(paid, claim, sums.claimsQ32, pool));
    }

    /// @dev Empties an account but for its epoch.
    function _clear(uint256 id) private {
        AccountWord word = _accounts[id];
        uint256 home = word.home();
        uint256 bits = _bitmaps[id];
        uint256 count = word.others() + (word.size() == 0 ? 0 : 1);
        (bytes memory record, uint256 cursor) =
            Packer.open(Packer.HEAD_BYTES + count * Packer.POSITION_BYTES);
        cursor = Packer.putHead(cursor, id, 0, count);
        if (word.size() != 0) cursor = Packer.putPosition(cursor, home, 0);
        for (uint256 market = 0; bits >> market != 0; ++market) {
            if (bits & (1 << market) == 0) continue;
            delete _positions[(id << 8) | market];
            cursor = Packer.putPosition(cursor, market, 0);
        }
        if (bits != 0) delete _bitmaps[id];
        _accounts[id] = word.withCash(0).withHome(0, 0).withOthers(0);
        Packer.close(record, cursor);
        emit Touched(Causes.EXIT, record);
    }

    /// @dev When a request is overdue by more than the grace.
    function _after(uint256 deadline) private view returns (uint256) {
        return deadline + GRACE_SECONDS + 1;
    }

    /// @dev A book of markets at whatever prices they have.
    function _openBook() private pure returns (Book memory book) {
        book.list = Arrays.pages();
    }
}
