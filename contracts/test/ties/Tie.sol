// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "../Base.sol";

/// @dev Cheat codes that only the ties need.
interface VmTies {
    function exists(string calldata path) external view returns (bool);
    function readFileBinary(string calldata path) external view returns (bytes memory);
    function skip(bool skipped, string calldata why) external;
    function toString(uint256 value) external pure returns (string memory);
}

/// @title A proved model and the contract that it stands for, side by side on one chain.
/// @notice Both are given the same random operations; after each of them the two must have
/// answered alike and be in the same state. `npm run ties` says how many, and puts a mutant of the
/// model or of the contract in the place of one of them: the tie must tell each.
abstract contract Tie is Base {
    /// @notice Contract and model are not the same after this step.
    error Differs(uint256 step, string what, int256 real, int256 model);
    /// @notice No operation told this mutant.
    error Untold(uint256 mutant);

    /// @notice How often something was done; forge shows events of this name by -vv.
    event log_named_uint(string what, uint256 times);

    VmTies private constant files = VmTies(address(vm));
    /// @dev Steps in which each mutant is told.
    uint256 private constant MUTANT_STEPS = 20_000;

    uint256 internal step;
    uint256 private _mutant;
    mapping(string => uint256) private _done;

    /// @dev Name of the folder with its mutants, below cache/ties.
    function _name() internal pure virtual returns (string memory);

    /// @dev Deploys both sides.
    function _begin() internal virtual;

    /// @dev One operation and the comparison.
    function _act(uint256 r) internal virtual;

    /// @dev What a run must have done: `npm run ties` fails when one of them is never done.
    function _operations() internal pure virtual returns (string[] memory);

    /// @dev Half of the steps each, so that two run at once.
    function test_firstHalf() external {
        _run(1);
    }

    function test_secondHalf() external {
        _run(2);
    }

    function test_mutantsAreTold() external {
        if (!files.exists(_folder(1))) return _skip();
        uint256 first = vm.snapshotState();
        uint256 mutant = 1;
        for (; files.exists(_folder(mutant)); ++mutant) {
            _mutant = mutant;
            (bool ok, bytes memory reason) =
                address(this).call(abi.encodeCall(this.play, (MUTANT_STEPS, 3)));
            if (ok) revert Untold(mutant);
            if (bytes4(reason) != Differs.selector) _rethrow(reason);
            assertTrue(vm.revertToState(first));
        }
        emit log_named_uint(string.concat(_name(), " mutants told"), mutant - 1);
    }

    /// @notice Plays so many steps from a seed.
    function play(uint256 steps, uint256 seed) external {
        _begin();
        for (step = 0; step < steps; ++step) {
            // A call of its own: the memory of a step is not needed in the next.
            this.act(uint256(keccak256(abi.encode(seed, step))));
        }
        string[] memory all = _operations();
        for (uint256 i; i < all.length; ++i) {
            emit log_named_uint(string.concat(_name(), " ", all[i]), _done[all[i]]);
        }
    }

    function act(uint256 r) external {
        require(msg.sender == address(this));
        _act(r);
    }

    function _did(string memory operation) internal {
        ++_done[operation];
    }

    /// @dev Creates the contract as it was built, or the mutant of it that is being tried.
    function _deployBuilt(string memory name, bytes memory args) internal returns (address) {
        return _made(name, built(name), args);
    }

    /// @dev The same of a model.
    function _deployModel(string memory name, bytes memory args) internal returns (address) {
        return _made(name, name, args);
    }

    function _made(string memory name, string memory artifact, bytes memory args)
        private
        returns (address made)
    {
        string memory path = string.concat(_folder(_mutant), "/", name, ".bin");
        bool isMutant = _mutant != 0 && files.exists(path);
        bytes memory code = isMutant ? files.readFileBinary(path) : vm.getCode(artifact);
        code = bytes.concat(code, args);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0), name);
    }

    function _same(string memory what, int256 real, int256 model) internal view {
        if (real != model) revert Differs(step, what, real, model);
    }

    function _same(string memory what, uint256 real, uint256 model) internal view {
        if (real != model) revert Differs(step, what, int256(real), int256(model));
    }

    function _same(string memory what, bool real, bool model) internal view {
        if (real != model) revert Differs(step, what, real ? int256(1) : int256(0), -1);
    }

    /// @dev A model may refuse; an assertion that it breaks is no refusal.
    function _refused(bytes memory reason) internal view returns (bool) {
        if (bytes4(reason) == 0x4e487b71) revert Differs(step, "the model breaks its law", 0, 0);
        return false;
    }

    function _run(uint256 half) private {
        uint256 steps = vm.envOr("HOLDFAST_TIES_STEPS", uint256(0));
        if (steps == 0) return _skip();
        this.play((steps + 1) / 2, vm.envOr("HOLDFAST_TIES_SEED", uint256(1)) * 4 + half);
    }

    function _skip() private {
        files.skip(true, "npm run ties plays it");
    }

    function _folder(uint256 mutant) private pure returns (string memory) {
        return string.concat("cache/ties/", _name(), "/", files.toString(mutant));
    }

    function _rethrow(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
