// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBackstop} from "./interfaces/IBackstop.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {IVault} from "./interfaces/IVault.sol";
import {IVenue} from "./interfaces/IVenue.sol";
import {Position} from "./Types.sol";

/// @title Backstop: depositors who take over what no keeper wants, and share what comes of it.
/// @notice One pool serves all ordinary markets; each isolated market has a pool and an account of
/// its own, so that a loss there costs nobody else. A pool's money is the cash of its account in
/// the clearing house and nothing else; this contract holds no tokens between calls, until the
/// venue is frozen: then the pool leaves, and what the vault pays here is its holders'.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | clearing house, oracle, parameters, vault | nobody | fixed at deployment |
/// | account of a pool | anyone, once | a new account owned by this contract |
/// | shares | their holder | up by a deposit, down by a withdrawal after the cool-down |
/// | what a pool that left is owed | anyone, once | what its account's exit was |
/// | what a holder took of it | the holder | up, to its part |
/// | positions of a pool | clearing house | by the waterfall and by unwinding |
///
/// Assumes: the clearing house values the pool's account truly. Shares have 10^6 virtual units
/// behind one virtual quote unit: who donates to an empty pool to rob the next depositor gives
/// away more than half of the donation.
/// Live: nobody can stop a withdrawal for longer than positions are being unwound, which anyone
/// may do. Once the venue is frozen and reckoned anyone has a pool leave, and each holder collects
/// what has arrived, whatever the others do.
contract Backstop is IBackstop, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice A pool got its account.
    event PoolOpened(uint16 indexed pool, uint32 account);
    /// @notice `quote` bought `shares`.
    event Deposited(uint16 indexed pool, address indexed owner, uint256 quote, uint256 shares);
    /// @notice `shares` are on their way out and may leave from `readyAt` on.
    event WithdrawalRequested(
        uint16 indexed pool, address indexed owner, uint256 shares, uint40 readyAt
    );
    /// @notice `shares` were paid out with `quote`.
    event Withdrawn(uint16 indexed pool, address indexed owner, uint256 quote, uint256 shares);

    /// @notice The pool has no account yet.
    error PoolUnknown(uint16 found);
    /// @notice The pool has its account already.
    error PoolExists(uint16 found, uint32 account);
    /// @notice Only isolated markets have pools of their own.
    error PoolNotIsolated(uint16 found);
    /// @notice The pool is unwinding too much: requirement beyond its part of equity, quote.
    error PoolBusy(uint256 maintenance, uint256 maintenanceMax);
    /// @notice A price of the pool's positions is too old.
    error PoolPriceStale(uint8 market, uint256 ageSeconds);
    /// @notice The pool has lost everything.
    error PoolBankrupt(int256 equity);
    /// @notice The amount is too small or no whole multiple of a quote unit.
    error AmountInvalid(uint256 found, uint256 required);
    /// @notice More shares than the caller has.
    error SharesShort(uint256 found, uint256 required);
    /// @notice The cool-down is not over, or nothing was requested.
    error CoolingDown(uint256 time, uint256 readyAt);
    /// @notice The pool has left: its holders collect.
    error PoolGone(uint16 found, uint256 owed);
    /// @notice The pool has not left.
    error PoolStays(uint16 found);
    /// @notice Nothing to collect now: taken so far, part in all, tokens that are here.
    error NothingArrived(uint256 taken, uint256 part, uint256 here);

    /// @notice Shares of an owner: those that are held, those on their way out, and until when.
    struct Holding {
        uint128 shares;
        uint128 leaving;
        uint40 readyAt;
    }

    /// @notice Account and sum of all shares of a pool.
    struct Pool {
        uint32 account;
        uint128 shares;
    }

    uint256 private constant VIRTUAL_SHARES = 1e6;
    uint256 private constant DEPOSIT_QUOTE_MIN = 1e6;
    /// @dev Deposits and withdrawals wait while positions need more than this part of equity.
    uint256 private constant BUSY_PPM = 20_000;
    uint256 private constant PPM = 1_000_000;
    uint16 private constant ISOLATED = 1;

    /// @notice Seconds between the request and the payment of a withdrawal.
    uint256 public immutable coolDownSeconds;
    IVenue private immutable HOUSE;
    IVault private immutable VAULT;
    IOracle private immutable ORACLE;
    IParameters private immutable PARAMETERS;
    IERC20 private immutable TOKEN;
    uint256 private immutable SCALE;

    mapping(uint16 pool => Pool) private _pools;
    mapping(uint16 pool => mapping(address owner => Holding)) private _holdings;
    /// @dev What a pool that left is paid, token units; zero while it is there.
    mapping(uint16 pool => uint256) private _owed;
    mapping(uint16 pool => mapping(address owner => uint256)) private _taken;

    constructor(
        IVenue house,
        IVault vault,
        IOracle oracle,
        IParameters parameters,
        uint256 coolDownSeconds_
    ) {
        (HOUSE, VAULT, ORACLE, PARAMETERS) = (house, vault, oracle, parameters);
        coolDownSeconds = coolDownSeconds_;
        TOKEN = IERC20(vault.token());
        SCALE = vault.scale();
    }

    /// @notice Opens a pool: 0 for all ordinary markets, 1 + m for isolated market m. Anyone.
    function openPool(uint16 pool) external nonReentrant {
        if (_pools[pool].account != 0) revert PoolExists(pool, _pools[pool].account);
        bool isolated = pool >= ISOLATED && pool - ISOLATED <= type(uint8).max
            && PARAMETERS.market(uint8(pool - ISOLATED)).isolated == 1;
        if (pool != 0 && !isolated) revert PoolNotIsolated(pool);
        uint32 account = HOUSE.openAccount(address(this));
        _pools[pool].account = account;
        emit PoolOpened(pool, account);
    }

    /// @notice Buys shares for `amount` token units of the caller, who has approved this contract.
    /// The pool is valued at its worst for the caller.
    function deposit(uint16 pool, uint256 amount)
        external
        nonReentrant
        returns (uint256 shares)
    {
        Pool memory state = _open(pool);
        uint256 quote = amount / SCALE;
        if (quote < DEPOSIT_QUOTE_MIN || quote * SCALE != amount) {
            revert AmountInvalid(amount, DEPOSIT_QUOTE_MIN * SCALE);
        }
        (uint256 equity, uint256 maintenance) = _worth(state.account);
        uint256 supply = uint256(state.shares) + VIRTUAL_SHARES;
        shares = Math.mulDiv(quote, supply, equity + maintenance + 1);
        if (shares == 0) revert AmountInvalid(amount, (equity + 1) * SCALE);
        _pools[pool].shares = _u128(state.shares + shares);
        Holding storage holding = _holdings[pool][msg.sender];
        holding.shares = _u128(holding.shares + shares);
        emit Deposited(pool, msg.sender, quote, shares);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        TOKEN.forceApprove(address(VAULT), amount);
        HOUSE.deposit(address(TOKEN), state.account, amount);
    }

    /// @notice Starts the cool-down of `shares`; they keep sharing in gains and losses. A further
    /// request adds to the first and starts it again; 0 takes back what was requested.
    function requestWithdrawal(uint16 pool, uint256 shares) external {
        _open(pool);
        Holding storage holding = _holdings[pool][msg.sender];
        uint256 leaving = shares == 0 ? 0 : holding.leaving + shares;
        if (leaving > holding.shares) revert SharesShort(holding.shares, leaving);
        holding.leaving = _u128(leaving);
        holding.readyAt = leaving == 0 ? 0 : uint40(block.timestamp + coolDownSeconds);
        emit WithdrawalRequested(pool, msg.sender, leaving, holding.readyAt);
    }

    /// @notice Pays the requested shares out after the cool-down, the pool valued at its worst for
    /// the caller.
    function withdraw(uint16 pool) external nonReentrant returns (uint256 amount) {
        Pool memory state = _open(pool);
        Holding memory holding = _holdings[pool][msg.sender];
        if (holding.readyAt == 0 || block.timestamp < holding.readyAt) {
            revert CoolingDown(block.timestamp, holding.readyAt);
        }
        (uint256 equity, uint256 maintenance) = _worth(state.account);
        uint256 supply = uint256(state.shares) + VIRTUAL_SHARES;
        uint256 quote = Math.mulDiv(holding.leaving, equity - maintenance + 1, supply);
        if (quote == 0) revert AmountInvalid(0, 1);
        _pools[pool].shares = state.shares - holding.leaving;
        _holdings[pool][msg.sender] = Holding(holding.shares - holding.leaving, 0, 0);
        emit Withdrawn(pool, msg.sender, quote, holding.leaving);
        amount = quote * SCALE;
        HOUSE.withdraw(state.account, amount, msg.sender, "");
    }

    /// @inheritdoc IBackstop
    /// @dev Anyone may have paid the account out before: the clearing house remembers how much.
    function leave(uint16 pool) external override nonReentrant returns (uint256 owed) {
        uint32 account = _open(pool).account;
        owed = HOUSE.exited(account);
        if (owed == 0) owed = HOUSE.exit(account, address(this));
        _owed[pool] = owed;
        emit PoolLeft(pool, owed);
    }

    /// @inheritdoc IBackstop
    function collect(uint16 pool) external override nonReentrant returns (uint256 amount) {
        if (_owed[pool] == 0) revert PoolStays(pool);
        (uint256 part, uint256 taken) = partOf(pool, msg.sender);
        uint256 here = TOKEN.balanceOf(address(this));
        amount = part - taken;
        if (amount > here) amount = here;
        if (amount == 0) revert NothingArrived(taken, part, here);
        _taken[pool][msg.sender] = taken + amount;
        emit Collected(pool, msg.sender, amount, part - taken - amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IBackstop
    /// @dev Virtual shares have no holder and get nothing. Shares stand still from the freeze on:
    /// the clearing house takes and pays nothing but exits.
    function partOf(uint16 pool, address owner)
        public
        view
        override
        returns (uint256 part, uint256 taken)
    {
        uint256 shares = _pools[pool].shares;
        if (shares != 0) part = Math.mulDiv(_owed[pool], _holdings[pool][owner].shares, shares);
        return (part, _taken[pool][owner]);
    }

    /// @inheritdoc IBackstop
    function accountFor(uint8 market, bool isolated) external view override returns (uint32) {
        return _pools[isolated ? ISOLATED + market : 0].account;
    }

    /// @notice Account, shares and equity (quote units, at the last prices) of a pool.
    function poolOf(uint16 pool)
        external
        view
        returns (uint32 account, uint256 shares, int256 equity)
    {
        Pool memory state = _known(pool);
        (equity,,) = HOUSE.health(state.account);
        return (state.account, state.shares, equity);
    }

    /// @notice Shares of an owner, how many of them are leaving, and from when.
    function holdingOf(uint16 pool, address owner)
        external
        view
        returns (uint256 shares, uint256 leaving, uint256 readyAt)
    {
        Holding memory holding = _holdings[pool][owner];
        return (holding.shares, holding.leaving, holding.readyAt);
    }

    function _known(uint16 pool) private view returns (Pool memory state) {
        state = _pools[pool];
        if (state.account == 0) revert PoolUnknown(pool);
    }

    function _open(uint16 pool) private view returns (Pool memory state) {
        state = _known(pool);
        if (_owed[pool] != 0) revert PoolGone(pool, _owed[pool]);
    }

    /// @dev Equity and maintenance requirement at fresh prices, while little is being unwound.
    function _worth(uint32 account) private view returns (uint256, uint256) {
        (,,, Position[] memory positions) = HOUSE.account(account);
        for (uint256 i = 0; i < positions.length; ++i) {
            uint8 market = positions[i].market;
            (, uint40 time) = ORACLE.price(market);
            uint256 age = block.timestamp > time ? block.timestamp - time : 0;
            if (age > PARAMETERS.market(market).priceAgeSecondsMax) {
                revert PoolPriceStale(market, age);
            }
        }
        (int256 equity,, uint256 maintenance) = HOUSE.health(account);
        if (equity < 0) revert PoolBankrupt(equity);
        uint256 most = uint256(equity) * BUSY_PPM / PPM;
        if (maintenance > most) revert PoolBusy(maintenance, most);
        return (uint256(equity), maintenance);
    }

    function _u128(uint256 value) private pure returns (uint128) {
        if (value > type(uint128).max) revert SharesShort(value, type(uint128).max);
        return uint128(value);
    }
}
