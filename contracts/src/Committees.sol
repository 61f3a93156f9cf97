// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Candidate, ICommittees} from "./interfaces/ICommittees.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IGuardians} from "./interfaces/IGuardians.sol";
import {Delayed} from "./libraries/Delayed.sol";
import {GroupKey, GroupSignature, Schnorr} from "./libraries/Schnorr.sol";

/// @title Committees: whose group signature counts as the word of treasury, oracle and bridge.
/// @notice A key comes into force by two ways alone. Its committee hands over to the next key by a
/// signature (rotation), or the governor replaces it (replacement), which waits longer and is the
/// way out when a key is lost or stolen. In both the new key signs first that it lives: a quorum
/// holds it, and every signer of that has seen committee, generation, roster, threshold and size.
/// From the block of a change nothing that the key before signed counts any more.
///
/// Who may change what, to what:
/// | state | who | to |
/// |---|---|---|
/// | delays, governor's and guardians' address books | nobody | fixed at deployment |
/// | key, facts, generation | a quorum of the key, then anyone | a living key after the delay |
/// | key, facts, generation | governor, then anyone | a living key after the longer delay |
/// | pending rotation | a quorum of the key, until its expiry | another one, with a new delay |
/// | pending rotation | governor, one guardian | dropped at once |
/// | pending replacement | governor | another one, with a new delay, or dropped at once |
/// | revoked | governor | at once; ends with the next generation, which is a replacement |
///
/// Threshold and size are what the ceremony says of itself: no contract can see how many hold a
/// key.
/// Assumes: fewer than the threshold of a committee are captured. If more are, the governor revokes
/// the key at once and replaces it; one guardian alone keeps the thieves from rotating. A guardian
/// who vetoes honest rotations is removed at once by the governor.
/// Live: a lost key is replaced without it. Whoever revokes the oracle's key stops its reports, and
/// silence lets everybody leave.
contract Committees is ICommittees, EIP712 {
    /// @notice Committee that spends protocol funds.
    uint8 public constant TREASURY = 1;
    /// @notice Committee that reports prices.
    uint8 public constant ORACLE = 2;
    /// @notice Committee that attests messages of other chains.
    uint8 public constant BRIDGE = 3;

    bytes32 private constant PROOF_TYPEHASH = keccak256(
        "ProofOfLife(uint8 committee,uint32 generation,uint256 x,bool isOdd,"
        "uint8 threshold,uint8 size,bytes32 roster)"
    );
    bytes32 private constant ROTATION_TYPEHASH = keccak256(
        "Rotation(uint8 committee,uint32 generation,uint32 number,uint40 expiry,uint256 x,"
        "bool isOdd,uint8 threshold,uint8 size,bytes32 roster)"
    );

    /// @notice A rotation was signed by the key in force; anyone may apply it from `readyAt`.
    event RotationProposed(uint8 indexed id, Candidate candidate, uint40 readyAt);

    /// @notice The pending rotation was dropped by the governor or a guardian.
    event RotationVetoed(uint8 indexed id, address indexed by);

    /// @notice The governor proposed another key; anyone may apply it from `readyAt`.
    event ReplacementProposed(uint8 indexed id, Candidate candidate, uint40 readyAt);

    /// @notice The pending replacement was dropped.
    event ReplacementCancelled(uint8 indexed id);

    /// @notice The key of a committee signs nothing from now on; a pending rotation is dropped.
    event KeyWasRevoked(uint8 indexed id, uint32 indexed generation);

    /// @notice A key came into force.
    event KeyChanged(uint8 indexed id, uint32 indexed generation, Candidate candidate);

    /// @notice A constructor argument is the zero address.
    error AddressZero();

    /// @notice There is no committee of this number.
    error CommitteeInvalid(uint8 found, uint8 idMax);

    /// @notice The committee has a key already.
    error CommitteeFounded(uint8 id);

    /// @notice The threshold is below two or no majority of the committee.
    error ThresholdInvalid(uint8 found, uint8 size);

    /// @notice The key is another committee's.
    error KeyShared(uint8 id, uint8 other);

    /// @notice The new key did not sign that it lives.
    error ProofOfLifeWrong(uint8 id);

    /// @notice The key in force did not sign this rotation, in this generation, as this number.
    error RotationUnsigned(uint8 id);

    /// @notice The rotation was not brought in time.
    error RotationExpired(uint256 time, uint256 expiry);

    /// @notice The caller is neither governor nor guardian.
    error NotGuardian(address found);

    /// @notice A committee's first key, for the constructor.
    struct Founding {
        uint8 id;
        Candidate candidate;
        GroupSignature life;
    }

    /// @notice What is known of a committee: its key, the facts of its candidate, and
    /// @param generation Keys that it has had; zero when none.
    /// @param rotations Rotations that were ever proposed; the next one signs this number.
    /// @param isRevoked Whether the key signs nothing any more.
    /// @dev Whoever verifies a signature reads the first two slots.
    struct Committee {
        uint256 x;
        bool isOdd;
        bool isRevoked;
        uint8 threshold;
        uint8 size;
        uint32 generation;
        uint32 rotations;
        bytes32 roster;
    }

    /// @notice A candidate that waits.
    /// @param readyAt From when it may be applied, seconds; zero when nothing waits.
    struct Pending {
        Candidate candidate;
        uint40 readyAt;
    }

    /// @notice Knows the governor.
    IGoverned public immutable governed;
    /// @notice Knows the guardians.
    IGuardians public immutable guardians;
    /// @notice Delay of a rotation, seconds.
    uint256 public immutable rotationDelaySeconds;
    /// @notice Delay of a replacement, seconds; longer than that of a rotation.
    uint256 public immutable replacementDelaySeconds;

    mapping(uint8 id => Committee) private _committees;
    mapping(uint8 id => Pending) private _rotations;
    mapping(uint8 id => Pending) private _replacements;

    /// @dev First keys are in force at once: nothing depends on the venue yet.
    constructor(
        IGoverned governed_,
        IGuardians guardians_,
        uint256 rotationDelaySeconds_,
        uint256 replacementDelaySeconds_,
        Founding[] memory foundings
    ) EIP712("Holdfast Committees", "1") {
        if (address(governed_) == address(0) || address(guardians_) == address(0)) {
            revert AddressZero();
        }
        Delayed.checkDelay(rotationDelaySeconds_);
        Delayed.checkDelay(replacementDelaySeconds_);
        if (replacementDelaySeconds_ <= rotationDelaySeconds_) {
            revert IGoverned.DelayOutOfBounds(
                replacementDelaySeconds_, rotationDelaySeconds_ + 1
            );
        }
        governed = governed_;
        guardians = guardians_;
        rotationDelaySeconds = rotationDelaySeconds_;
        replacementDelaySeconds = replacementDelaySeconds_;
        for (uint256 i; i < foundings.length; ++i) {
            Founding memory founding = foundings[i];
            uint8 id = founding.id;
            if (_committees[id].generation != 0) revert CommitteeFounded(id);
            _check(id, founding.candidate, founding.life);
            _install(id, founding.candidate);
        }
    }

    modifier onlyGovernor() {
        address governor = governed.governor();
        if (msg.sender != governor) revert IGoverned.NotGovernor(msg.sender, governor);
        _;
    }

    /// @inheritdoc ICommittees
    function key(uint8 id)
        public
        view
        override
        returns (GroupKey memory groupKey, uint32 generation)
    {
        Committee storage committee_ = _committees[id];
        generation = committee_.generation;
        if (generation == 0) revert CommitteeMissing(id);
        if (committee_.isRevoked) revert KeyRevoked(id);
        groupKey = GroupKey(committee_.x, committee_.isOdd);
    }

    /// @notice Everything that is known of a committee, revoked or not; zeros when there is none.
    function committee(uint8 id) external view returns (Committee memory) {
        return _committees[id];
    }

    /// @notice The rotation that waits; zeros when none.
    function pendingRotation(uint8 id) external view returns (Pending memory) {
        return _rotations[id];
    }

    /// @notice The replacement that waits; zeros when none.
    function pendingReplacement(uint8 id) external view returns (Pending memory) {
        return _replacements[id];
    }

    /// @notice Separator of the domain in which committees sign for this contract.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @notice What a candidate's own key signs, to be the committee's next generation.
    function proofOfLifeDigest(uint8 id, Candidate memory candidate)
        public
        view
        returns (bytes32)
    {
        uint32 generation = _committees[id].generation + 1;
        return _hashTypedDataV4(
            keccak256(abi.encode(PROOF_TYPEHASH, id, generation, candidate))
        );
    }

    /// @notice What the key in force signs to hand over to a candidate.
    /// @param expiry Until when it may be proposed, seconds.
    function rotationDigest(uint8 id, uint40 expiry, Candidate memory candidate)
        public
        view
        returns (bytes32)
    {
        Committee storage committee_ = _committees[id];
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ROTATION_TYPEHASH,
                    id,
                    committee_.generation + 1,
                    committee_.rotations,
                    expiry,
                    candidate
                )
            )
        );
    }

    /// @notice Starts the delay of a rotation; replaces a pending one. Anyone may bring it.
    /// @param expiry After which nobody brings it any more: what was signed and given up is dead.
    /// @param life By the candidate's key over `proofOfLifeDigest`.
    /// @param consent By the key in force over `rotationDigest`; spent by this call.
    function proposeRotation(
        uint8 id,
        uint40 expiry,
        Candidate calldata candidate,
        GroupSignature calldata life,
        GroupSignature calldata consent
    ) external {
        (GroupKey memory current,) = key(id);
        if (block.timestamp > expiry) revert RotationExpired(block.timestamp, expiry);
        if (!Schnorr.isSigned(current, rotationDigest(id, expiry, candidate), consent)) {
            revert RotationUnsigned(id);
        }
        _check(id, candidate, life);
        ++_committees[id].rotations;
        uint40 readyAt = Delayed.readyAfter(rotationDelaySeconds);
        _rotations[id] = Pending(candidate, readyAt);
        emit RotationProposed(id, candidate, readyAt);
    }

    /// @notice Puts the pending rotation in force; anyone may call.
    function applyRotation(uint8 id) external {
        Pending memory pending = _rotations[id];
        Delayed.checkReady(pending.readyAt);
        _install(id, pending.candidate);
    }

    /// @notice Drops the pending rotation; governor or any guardian.
    function vetoRotation(uint8 id) external {
        if (msg.sender != governed.governor() && !guardians.isGuardian(msg.sender)) {
            revert NotGuardian(msg.sender);
        }
        Delayed.checkPending(_rotations[id].readyAt);
        delete _rotations[id];
        emit RotationVetoed(id, msg.sender);
    }

    /// @notice Starts the longer delay of another key, or of the first one; replaces a pending one.
    /// @param life By the candidate's key over `proofOfLifeDigest`.
    function proposeReplacement(
        uint8 id,
        Candidate calldata candidate,
        GroupSignature calldata life
    ) external onlyGovernor {
        _check(id, candidate, life);
        uint40 readyAt = Delayed.readyAfter(replacementDelaySeconds);
        _replacements[id] = Pending(candidate, readyAt);
        emit ReplacementProposed(id, candidate, readyAt);
    }

    /// @notice Puts the pending replacement in force; anyone may call.
    function applyReplacement(uint8 id) external {
        Pending memory pending = _replacements[id];
        Delayed.checkReady(pending.readyAt);
        _install(id, pending.candidate);
    }

    /// @notice Drops the pending replacement.
    function cancelReplacement(uint8 id) external onlyGovernor {
        Delayed.checkPending(_replacements[id].readyAt);
        delete _replacements[id];
        emit ReplacementCancelled(id);
    }

    /// @notice Ends a key at once, and the rotation that it proposed; a replacement goes on.
    function revoke(uint8 id) external onlyGovernor {
        (, uint32 generation) = key(id);
        _committees[id].isRevoked = true;
        delete _rotations[id];
        emit KeyWasRevoked(id, generation);
    }

    /// @dev The new key lives, and is the committee's own.
    function _check(uint8 id, Candidate memory candidate, GroupSignature memory life)
        private
        view
    {
        if (id == 0 || id > BRIDGE) revert CommitteeInvalid(id, BRIDGE);
        (uint8 threshold, uint8 size) = (candidate.threshold, candidate.size);
        if (threshold < 2 || threshold > size || uint256(threshold) * 2 <= size) {
            revert ThresholdInvalid(threshold, size);
        }
        _checkOwn(id, candidate.x);
        GroupKey memory next = GroupKey(candidate.x, candidate.isOdd);
        if (!Schnorr.isSigned(next, proofOfLifeDigest(id, candidate), life)) {
            revert ProofOfLifeWrong(id);
        }
    }

    /// @dev One quorum must not speak for two committees, not even by the negative of a key.
    function _checkOwn(uint8 id, uint256 x) private view {
        for (uint8 other = TREASURY; other <= BRIDGE; ++other) {
            if (other != id && _committees[other].x == x) revert KeyShared(id, other);
        }
    }

    /// @dev What waited was for this generation, and ends with it.
    function _install(uint8 id, Candidate memory candidate) private {
        _checkOwn(id, candidate.x);
        Committee storage committee_ = _committees[id];
        uint32 generation = committee_.generation + 1;
        (committee_.x, committee_.isOdd) = (candidate.x, candidate.isOdd);
        (committee_.threshold, committee_.size) = (candidate.threshold, candidate.size);
        committee_.roster = candidate.roster;
        (committee_.generation, committee_.isRevoked) = (generation, false);
        delete _rotations[id];
        delete _replacements[id];
        emit KeyChanged(id, generation, candidate);
    }
}
