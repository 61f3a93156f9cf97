// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Council: one seat, one vote.
/// @notice Seats cannot be bought, lent or moved; each votes for itself until it delegates.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | seat | the owner (the venue's access manager) | taken or given |
/// | whom a seat's vote goes to | its holder | anybody |
///
/// Assumes: holders of seats are distinct; the chain cannot see persons.
contract Council is Votes {
    /// @notice Most seats; bounds what a constructor does.
    uint256 public constant SEATS_MAX = 32;

    /// @notice Somebody has a seat from now on, or has none any more.
    event SeatChanged(address indexed holder, bool isSeated);

    /// @notice The caller is not the owner.
    error NotOwner(address found, address required);

    /// @notice The seat is taken already, is not, belongs to nobody, or is one too many.
    error SeatInvalid(address holder, uint256 seats);

    /// @notice Who gives and takes seats.
    address public immutable owner;
    /// @notice Number of seats.
    uint256 public seats;
    /// @notice Whether somebody has a seat.
    mapping(address holder => bool) public isSeated;

    constructor(address owner_, address[] memory holders) EIP712("Holdfast Council", "1") {
        owner = owner_;
        for (uint256 i; i < holders.length; ++i) _seat(holders[i]);
    }

    /// @notice Gives a seat, or takes it; what a proposal's snapshot has seen stays.
    function setSeat(address holder, bool isSeated_) external {
        if (msg.sender != owner) revert NotOwner(msg.sender, owner);
        if (isSeated_) {
            _seat(holder);
            return;
        }
        if (!isSeated[holder]) revert SeatInvalid(holder, seats);
        _transferVotingUnits(holder, address(0), 1);
        delete isSeated[holder];
        --seats;
        emit SeatChanged(holder, false);
    }

    /// @notice Snapshots are taken by time, seconds.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice How the clock counts, by ERC-6372.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _seat(address holder) private {
        if (holder == address(0) || isSeated[holder] || seats == SEATS_MAX) {
            revert SeatInvalid(holder, seats);
        }
        isSeated[holder] = true;
        ++seats;
        _transferVotingUnits(address(0), holder, 1);
        if (delegates(holder) == address(0)) _delegate(holder, holder);
        emit SeatChanged(holder, true);
    }

    function _getVotingUnits(address holder) internal view override returns (uint256) {
        return isSeated[holder] ? 1 : 0;
    }
}
