// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from
    "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ICustody} from "../interfaces/ICustody.sol";
import {IModule} from "../interfaces/IModule.sol";
import {ISolvency} from "../interfaces/ISolvency.sol";
import {IVault} from "../interfaces/IVault.sol";
import {IVaultRules} from "../interfaces/IVaultRules.sol";
import {AccountWord} from "../libraries/Accounts.sol";
import {Arrays} from "../libraries/Arrays.sol";
import {Causes} from "../libraries/Causes.sol";
import {Pricing} from "../Pricing.sol";
import {Config, VenueParams, Withdrawal} from "../Types.sol";
import {Withdrawing} from "../Withdrawing.sol";
import {Book, Leg} from "../Working.sol";

/// @title Collateral in, out and between the accounts of one owner.
/// Assumes: the vault reports what it received by its balance, and pays or queues exactly.
contract CustodyModule is Withdrawing, EIP712, ICustody, ISolvency, IModule {
    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(uint32 account,uint256 amount,address to,uint64 nonce,uint40 expiry,"
        "uint256 fee)"
    );
    uint256 private constant FEE_PARTS = 10;
    /// @dev Scope of the breaker.
    uint16 private constant WITHDRAWALS = 257;

    IVault private immutable VAULT;
    address private immutable TOKEN;
    uint256 private immutable SCALE;
    /// @dev Whom the fees belong to; zero: nobody takes them out.
    address private immutable TREASURY;

    constructor(Config memory config, address treasury)
        Pricing(config)
        EIP712("Holdfast", "1")
    {
        TREASURY = treasury;
        VAULT = IVault(config.vault);
        TOKEN = VAULT.token();
        SCALE = VAULT.scale();
    }

    /// @inheritdoc IModule
    function operations() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](12);
        selectors[0] = ICustody.deposit.selector;
        selectors[1] = ICustody.withdraw.selector;
        selectors[2] = ICustody.depositWithPermit.selector;
        selectors[3] = ICustody.withdrawSigned.selector;
        selectors[4] = ICustody.transfer.selector;
        selectors[5] = ICustody.reclaim.selector;
        selectors[6] = ICustody.cover.selector;
        selectors[7] = ICustody.withdrawable.selector;
        selectors[8] = ICustody.principal.selector;
        selectors[9] = ICustody.nonceUsed.selector;
        selectors[10] = ISolvency.insolvency.selector;
        selectors[11] = ISolvency.uncovered.selector;
    }

    /// @inheritdoc ICustody
    function deposit(address token, uint32 id, uint256 amount) external nonReentrant {
        _deposit(token, id, amount);
    }

    /// @inheritdoc ICustody
    function depositWithPermit(
        address token,
        uint32 id,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        if (token != TOKEN) revert TokenUnlisted(token, TOKEN);
        // Whoever saw the permit could use it first; the allowance is then there already.
        try IERC20Permit(token).permit(msg.sender, address(VAULT), amount, deadline, v, r, s) {}
            catch {}
        _deposit(token, id, amount);
    }

    /// @inheritdoc ICustody
    function withdraw(uint32 id, uint256 amount, address to, bytes calldata report)
        external
        nonReentrant
        returns (uint256 paid, uint64 queuedId)
    {
        _onlyTaker(id);
        uint256 quote = _quote(amount);
        _holdThrottle(quote);
        VenueParams memory venue = parameters.venue();
        Book memory book = _refresh(venue, report);
        AccountWord word = _debit(book, venue, id, quote);
        _storeMarkets(book);
        emit Withdrawn(id, to, quote, int128(word.cash()));
        return VAULT.pay(to, amount, id, _uncovered());
    }

    /// @inheritdoc ICustody
    function withdrawSigned(
        Withdrawal calldata w,
        bytes calldata signature,
        uint32 relayer,
        bytes calldata report
    ) external nonReentrant returns (uint256 paid, uint64 queuedId) {
        if (block.timestamp > w.expiry) revert WithdrawalExpired(w.expiry, block.timestamp);
        _exists(relayer);
        address owner = _ownerOf(w.account);
        if (!SignatureChecker.isValidSignatureNow(owner, _digest(w), signature)) {
            revert WithdrawalUnsigned(w.account, owner);
        }
        _useNonce(w.account, w.nonce);
        uint256 quote = _quote(w.amount);
        uint256 fee = w.fee == 0 ? 0 : _quote(w.fee);
        if (fee > quote / FEE_PARTS) revert FeeTooHigh(w.fee, w.amount / FEE_PARTS);
        _holdThrottle(quote);

        VenueParams memory venue = parameters.venue();
        Book memory book = _refresh(venue, report);
        emit Relayed(w.account, w.nonce, relayer, w.amount, w.fee);
        if (fee != 0) {
            _debit(book, venue, w.account, fee);
            _receive(relayer, fee);
            _moved(w.account, relayer);
        }
        AccountWord word = _debit(book, venue, w.account, quote);
        _storeMarkets(book);
        emit Withdrawn(w.account, w.to, quote, int128(word.cash()));
        return VAULT.pay(w.to, w.amount, w.account, _uncovered());
    }

    /// @inheritdoc ICustody
    /// @dev Skips pay: nothing leaves the vault.
    function transfer(uint32 from, uint32 to, uint256 amount, bytes calldata report)
        external
        nonReentrant
    {
        _onlyOwner(from);
        if (from == to) revert SameAccount(from, to);
        address owner = _ownerOf(to);
        if (owner != msg.sender) revert OwnersDiffer(owner, msg.sender);
        uint256 quote = _quote(amount);
        VenueParams memory venue = parameters.venue();
        Book memory book = _refresh(venue, report);
        _debit(book, venue, from, quote);
        _receive(to, quote);
        _storeMarkets(book);
        emit Transferred(from, to, quote);
        _moved(from, to);
    }

    /// @inheritdoc ICustody
    /// @dev Skips refresh and margin, as a deposit does. The vault is the venue's own: what it
    /// answers is judged here.
    function reclaim(uint64 queuedId) external nonReentrant {
        (uint32 id, uint256 amount, bool open) = VAULT.takeBack(queuedId);
        if (!open) _onlyTaker(id);
        if (_frozenTime != 0) {
            // Claims are settled without it: what left the account before is its owner's.
            VAULT.payForced(_taker(id), amount, id);
            return;
        }
        uint256 quote = _quote(amount);
        emit Deposited(id, address(VAULT), quote, _receive(id, quote));
    }

    /// @inheritdoc ICustody
    /// @dev Skips refresh, margin and pay: an account without positions needs no price.
    function cover(uint32 id) external nonReentrant {
        AccountWord word = _accounts[id];
        int256 fund = _accounts[INSURANCE].cash();
        int256 owed = -word.cash();
        if (id == INSURANCE || owed <= 0 || fund <= 0 || word.size() != 0 || word.others() != 0) {
            revert NothingToCover(word.cash(), fund);
        }
        int256 given = fund < owed ? fund : owed;
        _credit(INSURANCE, -given);
        _clearInsolvency(_owedUp(-owed) - _owedUp(_credit(id, given)));
        _moved(id, INSURANCE);
    }

    /// @inheritdoc ICustody
    function withdrawable(uint32 id)
        external
        view
        nonReentrantView
        returns (uint256 amount, uint256 atOnce)
    {
        Book memory book;
        book.anyAge = true;
        book.list = Arrays.pages();
        amount = _free(book, parameters.venue(), id) * SCALE;
        atOnce = VAULT.preview(id, amount, _uncovered());
    }

    /// @inheritdoc ICustody
    function principal(uint32 id) external view returns (int256) {
        return _principal[id] * int256(SCALE);
    }

    /// @inheritdoc ICustody
    function nonceUsed(uint32 id, uint64 nonce) external view returns (bool) {
        return _nonces[(uint256(id) << 56) | (nonce >> 8)] & (1 << (nonce & 0xff)) != 0;
    }

    /// @inheritdoc ISolvency
    function insolvency() external view returns (uint256) {
        return _insolvency;
    }

    /// @inheritdoc ISolvency
    function uncovered() external view nonReentrantView returns (uint256) {
        // A frozen venue has shared its losses: none of them holds up what is on its way out.
        return _frozenTime == 0 ? _uncovered() : 0;
    }

    /// @dev Skips refresh and margin: more collateral is lawful in every state.
    /// @dev Whose what leaves an account is. The account of the fees has no owner, who could trade
    /// on it or claim in an exit: the treasury takes fees out, and that is all it may do there.
    function _taker(uint256 id) private view returns (address) {
        return id == FEES ? TREASURY : _owners[id];
    }

    function _onlyTaker(uint256 id) private view {
        address taker = _taker(id);
        if (msg.sender != taker) revert NotOwner(msg.sender, taker);
    }

    function _deposit(address token, uint32 id, uint256 amount) private {
        if (token != TOKEN) revert TokenUnlisted(token, TOKEN);
        _exists(id);
        uint256 quote = _quote(amount);
        emit Deposited(id, msg.sender, quote, _receive(id, quote));
        uint256 received = VAULT.take(msg.sender, amount);
        if (received != amount) revert DepositShort(received, amount);
    }

    function _moved(uint256 a, uint256 b) private {
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (a, b);
        _touched(Causes.TRANSFER, new Leg[](0), ids);
    }

    function _digest(Withdrawal calldata w) private view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    WITHDRAWAL_TYPEHASH, w.account, w.amount, w.to, w.nonce, w.expiry, w.fee
                )
            )
        );
    }

    /// @dev While withdrawals are tightened, what is above the small floor of the vault goes by the
    /// queue of forced requests, which asks nobody and takes its deadline; from level 2 on, all.
    function _holdThrottle(uint256 quote) private view {
        uint8 level = breaker.level(WITHDRAWALS);
        if (level == 0) return;
        if (level == 1 && quote <= IVaultRules(address(VAULT)).smallFloorQuote()) return;
        revert BreakerTripped(WITHDRAWALS, level, level - 1);
    }

    /// @dev Quote units of an amount of the token; it must be whole and fit the cash of an account.
    function _quote(uint256 amount) private view returns (uint256 quote) {
        quote = amount / SCALE;
        if (quote == 0 || quote * SCALE != amount || quote > type(uint88).max) {
            revert AmountNotWhole(amount, SCALE);
        }
    }
}
