// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IForcedQueue} from "../interfaces/IForcedQueue.sol";
import {Position} from "../Types.sol";
import {IConfidentialPool} from "./IConfidentialPool.sol";
import {PoolBase} from "./PoolBase.sol";
import {PoolMembers} from "./PoolMembers.sol";
import {PoolOrders} from "./PoolOrders.sol";
import {PoolStatements} from "./PoolStatements.sol";
import {Circuits, Opening, PoolConfig, Snapshot} from "./PoolTypes.sol";

/// @title ConfidentialPool: owns an omnibus account of a venue for members whose balances are
/// private.
/// @notice Here: winding up. Once no epoch was proven for `exitSeconds`, anyone ends the pool. What
/// it has is called back past the operator, and shared by the leaves of the last proven epoch.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | members | whoever the operator admits, itself | one more at the end, never another key |
/// | flows | depositors; operator with the member's signature, while fresh | counted exactly |
/// | wound up | anyone, once the newest proof is too old | for ever |
/// | a member's part | the member, by its leaf | fixed once |
///
/// Assumes: the venue's own contracts; Poseidon is collision free; the circuits' keys are sound.
/// Live: nothing here asks the operator, the governor or the breaker once the pool is wound up.
contract ConfidentialPool is PoolMembers, PoolOrders {
    using SafeERC20 for IERC20;

    /// @dev A part once shown: weight, and one bit so that a weight of nothing is shown too.
    struct Part {
        uint128 weightQ32;
        uint104 paid;
        bool isShown;
    }

    IForcedQueue private immutable QUEUE;

    /// @dev Sum of all parts, quote Q32; fixed when the pool is wound up.
    uint256 private _totalQ32;
    uint256 private _paidTotal;
    uint64 private _nonce;
    mapping(uint256 number => Part) private _parts;

    constructor(PoolConfig memory config_, uint8[] memory markets_, Circuits memory circuits_)
        PoolBase(config_, markets_, circuits_)
    {
        QUEUE = IForcedQueue(HOUSE.forcedQueue());
    }

    /// @inheritdoc IConfidentialPool
    function lapse() external override onlyRunning {
        (uint32 proven, uint40 time) = REGISTRY.provenLast();
        uint256 required = uint256(proven == 0 ? CREATED : time) + EXIT_SECONDS + 1;
        if (block.timestamp < required) revert LapseEarly(block.timestamp, required);
        lapsedTime = uint40(block.timestamp);
        emit Lapsed(lapsedTime, proven);
    }

    /// @inheritdoc IConfidentialPool
    /// @dev The queue carries requests out in their order: the withdrawal after the closes. Limits
    /// are none: nobody is left to wait for a better price.
    function recall() external payable override onlyLapsed {
        (,,, Position[] memory positions) = HOUSE.account(ACCOUNT);
        uint256 fee = QUEUE.feeWei();
        uint256 due = fee * (positions.length + 1);
        if (msg.value != due) revert IForcedQueue.FeeWrong(msg.value, due);
        for (uint256 i = 0; i < positions.length; ++i) {
            bool isLong = positions[i].size > 0;
            QUEUE.requestClose{value: fee}(
                ACCOUNT,
                positions[i].market,
                isLong,
                type(uint88).max,
                isLong ? 0 : type(uint32).max
            );
        }
        uint64 nonce = ++_nonce;
        QUEUE.requestWithdraw{value: fee}(ACCOUNT, type(uint88).max, address(this), nonce);
    }

    /// @inheritdoc IConfidentialPool
    function recallFrozen() external override onlyLapsed returns (uint256 paid) {
        return HOUSE.exit(ACCOUNT, address(this));
    }

    /// @inheritdoc IConfidentialPool
    /// @dev A part is what the member's leaf was worth and what it put in or took out since; what
    /// the market did since, all bear alike.
    function proveExit(Snapshot calldata snapshot, Opening calldata opening)
        external
        override
        onlyLapsed
    {
        uint32 number = numberOf(msg.sender);
        Part storage part = _parts[number];
        if (part.isShown) revert ExitWrong(number, part.weightQ32);
        (int256 worthQ32, int256 totalQ32) = (0, _netQuote << Q32_BITS);
        uint48 flow = 0;
        (uint32 proven,) = REGISTRY.provenLast();
        if (proven != 0) {
            uint256 id = PoolStatements.idOf(snapshot);
            uint256 provenId = REGISTRY.provenId(proven);
            if (id != provenId) revert SnapshotWrong(id, provenId);
            flow = snapshot.flow;
            if (number < snapshot.memberCount) {
                worthQ32 = _openLeaf(number, proven, snapshot, opening);
            }
            totalQ32 = PoolStatements.equityQ32(
                snapshot.totalCash, snapshot.totalSizes, snapshot.context
            ) + ((_netQuote - snapshot.netQuote) << Q32_BITS);
        }
        uint256 total = totalQ32 > 0 ? uint256(totalQ32) : 0;
        worthQ32 += _netSince(number, flow) << Q32_BITS;
        uint256 weight = worthQ32 > 0 ? uint256(worthQ32) : 0;
        if (weight > total) weight = total;
        (part.weightQ32, part.isShown) = (uint128(weight), true);
        _totalQ32 = total;
        emit ExitProven(number, weight, total);
    }

    /// @inheritdoc IConfidentialPool
    /// @dev Rounded down. By what came in so far, so that nobody waits for the last of it.
    function collect(address member) external override nonReentrant returns (uint256 amount) {
        uint32 number = numberOf(member);
        Part storage part = _parts[number];
        if (!part.isShown) revert ExitWrong(number, 0);
        uint256 held = TOKEN.balanceOf(address(this));
        uint256 total = _totalQ32;
        if (total != 0) {
            amount = Math.mulDiv(held + _paidTotal, part.weightQ32, total) - part.paid;
        }
        if (amount > held) amount = held;
        if (amount == 0) revert NothingOwed(number);
        part.paid += uint104(amount);
        _paidTotal += amount;
        emit ExitPaid(number, member, amount);
        TOKEN.safeTransfer(member, amount);
    }

    /// @inheritdoc IConfidentialPool
    function exitOf(uint32 number) external view override returns (uint256, uint256) {
        return (_parts[number].weightQ32, _parts[number].paid);
    }

    function _openLeaf(
        uint32 number,
        uint32 proven,
        Snapshot calldata snapshot,
        Opening calldata opening
    ) private view returns (int256) {
        uint256 members = snapshot.chunkMembers;
        uint256 root = PoolStatements.rootOf(
            POSEIDON, _keys[number], opening, number % members, members
        );
        uint256 required = REGISTRY.chunkRoot(proven, uint32(number / members));
        if (root != required) revert LeafWrong(root, required);
        return PoolStatements.equityQ32(opening.cash, opening.sizes, snapshot.context);
    }
}
