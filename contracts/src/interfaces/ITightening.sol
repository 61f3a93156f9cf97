// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How guardians tighten the breaker, and why they did.
/// @notice One guardian sets level 1 at once, for at most `holdSecondsMax`. What is higher or
/// longer is a vote: it comes into force with the vote that makes more than half of the guardians,
/// and at least `quorumMin`, within ten minutes, for the same scope, level and time.
interface ITightening {
    /// @notice Why: what a guardian says it saw. It is logged, not judged.
    /// @param law Id of the law or rule, as text ("L01").
    /// @param blockNumber Block in which it showed; not after the current one.
    /// @param values At most eight values that show it.
    struct Evidence {
        bytes32 law;
        uint64 blockNumber;
        int256[] values;
    }

    /// @notice One entry of a list.
    struct Tightening {
        uint16 scope;
        uint8 level;
        uint32 holdSeconds;
        Evidence evidence;
    }

    /// @notice The level of a scope was raised, or its entry lengthened, until `until`. By the
    /// guardian whose call or vote brought it into force; by nobody (zero) when all were silent.
    event Tightened(uint16 indexed scope, address indexed guardian, uint8 level, uint40 until);

    /// @notice What the guardian of the same call saw; beside each entry and vote.
    event Evidenced(
        uint16 indexed scope,
        bytes32 indexed law,
        address indexed guardian,
        uint64 blockNumber,
        int256[] values
    );

    /// @notice A guardian voted; `votes` of `needed` are there, its own included. `accounts` is the
    /// hash of the list for scope 258, zero otherwise.
    event Voted(
        uint16 indexed scope,
        address indexed guardian,
        uint8 level,
        uint256 holdSeconds,
        bytes32 accounts,
        uint256 votes,
        uint256 needed
    );

    /// @notice An entry of a list was redundant or refused; `reason` is the error it would have
    /// reverted with alone.
    event Skipped(uint16 indexed scope, address indexed guardian, uint8 level, bytes reason);

    /// @notice A scope is or was halted from `since` until `until`: after a halt was set,
    /// lengthened or cleared. The way back starts at `until`.
    event Halted(uint16 indexed scope, uint40 since, uint40 until);

    /// @notice Accounts may not grow or flip positions until `until`.
    event Barred(uint32[] accounts, uint40 until);

    /// @notice A guardian is alive.
    event Beaten(address indexed guardian);

    /// @notice Too many values, or a block that is not there yet.
    error EvidenceInvalid(uint256 values, uint256 blockNumber);

    /// @notice The list has too many entries.
    error EntriesTooMany(uint256 found, uint256 entriesMax);

    /// @notice None or too many accounts, or they do not ascend at `index`.
    error AccountsInvalid(uint256 index, uint256 count);

    /// @notice This breaker has no dead man.
    error DeadManOff();

    /// @notice A guardian has beaten; silence counts from `silentAt`.
    error NotSilent(uint256 time, uint256 silentAt);

    /// @notice Raises the level of a scope for `holdSeconds`, or lengthens its entry; guardians
    /// only. Level 1 for at most `holdSecondsMax` needs one guardian, all else is a vote: also
    /// this, while guardians alone have used up their time on end and rest, or this one its count.
    /// @return inForce Whether it is in force now; false while votes are missing.
    function tighten(uint16 scope, uint8 level, uint256 holdSeconds, Evidence calldata evidence)
        external
        returns (bool inForce);

    /// @notice The same for up to 32 entries; one that is redundant or refused is skipped.
    /// @return inForce Bit i: entry i came into force.
    function tightenMany(Tightening[] calldata entries) external returns (uint256 inForce);

    /// @notice Votes that up to 64 accounts, strictly ascending, may not grow or flip positions for
    /// `holdSeconds`; guardians only, always a vote.
    /// @return inForce Whether it is in force now.
    function bar(uint32[] calldata accounts, uint256 holdSeconds, Evidence calldata evidence)
        external
        returns (bool inForce);

    /// @notice Says that a guardian is alive; guardians only.
    function beat() external;

    /// @notice Sets the venue to level 1 for `silenceSeconds`; anyone, while no guardian has beaten
    /// for as long. The silence holds the venue for at most `haltSecondsMax` on end, then rests for
    /// as long as it held.
    function deadMan() external;

    /// @notice Second from which `deadMan` may be called; 0 when the venue has none.
    function silentAt() external view returns (uint256);

    /// @notice Votes that bring an entry into force now.
    function quorum() external view returns (uint256);
}
