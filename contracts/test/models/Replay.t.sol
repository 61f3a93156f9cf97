// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "../Base.sol";

/// @dev Cheat codes that only the replay needs.
interface VmFiles {
    function envOr(string calldata name, string calldata otherwise)
        external
        view
        returns (string memory);
    function readFileBinary(string calldata path) external view returns (bytes memory);
    function toString(uint256 value) external pure returns (string memory);
    function skip(bool skipped, string calldata why) external;
    function parseUint(string calldata text) external pure returns (uint256);
}

/// @title Replay: walks of the protocol models against the contracts as they are deployed.
/// @notice `npm run models` writes programs (tools/models/program.ts) and runs this on them. After
/// each step the outcome (success, or the selector of the error) and everything that the views
/// answer must be what the model says.
contract Replay is Base {
    /// @notice A transaction, or a view.
    struct Call {
        address from;
        address to;
        uint256 value;
        bytes data;
    }

    /// @notice The chain does not do what the model says, at this step of the program.
    error Differs(uint256 step, bytes4 outcome, bytes observed);
    /// @notice A trace of a mutant of the model was carried out by the chain from end to end.
    error MutantNotTold(uint256 step);
    /// @notice A contract could not be created, or a first call failed.
    error SetupFailed(uint256 index, bytes reason);

    /// @dev To the state before the first step.
    uint256 private constant BACK = 1;
    /// @dev What follows up to the end is a trace of a mutant of the model, which must differ.
    uint256 private constant BEGIN = 2;
    uint256 private constant END = 3;
    uint256 private constant NONE = type(uint256).max;

    VmFiles private constant files = VmFiles(address(vm));

    /// @dev Table tests: each program is a run of its own, from a fresh state and without the logs
    /// of the others, which forge would copy at each return to a state. Two run at once.
    function tableReplayEven(uint256 even) external {
        _play(even);
    }

    function tableReplayOdd(uint256 odd) external {
        _play(odd);
    }

    function fixtureEven() external view returns (uint256[] memory) {
        return _numbers(0);
    }

    function fixtureOdd() external view returns (uint256[] memory) {
        return _numbers(1);
    }

    /// @notice Creates the contracts, makes the first calls at `time`, and plays the steps.
    /// @param steps One word each, from the low bit: operation u8, call u16, seconds before it
    /// u40, outcome u32, first 64 bits of the SHA-256 of all that the views answer.
    function play(
        uint256 time,
        bytes[] calldata creations,
        Call[] calldata setup,
        Call[] calldata calls,
        Call[] calldata views,
        uint256[] calldata steps
    ) external {
        vm.warp(time);
        for (uint256 i = 0; i < creations.length; ++i) _create(i, creations[i]);
        for (uint256 i = 0; i < setup.length; ++i) {
            bytes4 outcome = _send(setup[i]);
            if (outcome != 0) revert SetupFailed(i, abi.encodePacked(outcome));
        }
        _play(calls, views, steps);
    }

    receive() external payable {}

    function _play(Call[] calldata calls, Call[] calldata views, uint256[] calldata steps)
        private
    {
        uint256 first = vm.snapshotState();
        bool isMutant = false;
        bool told = false;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 word = steps[i];
            uint256 operation = uint8(word);
            if (operation == BACK) {
                assertTrue(vm.revertToState(first));
            } else if (operation == BEGIN) {
                (isMutant, told) = (true, false);
            } else if (operation == END) {
                if (!told) revert MutantNotTold(i);
                isMutant = false;
            } else if (!_step(calls[uint16(word >> 8)], views, word, isMutant, i)) {
                told = true;
            }
        }
    }

    /// @dev Whether chain and model agree; reverts when they do not and must.
    function _step(
        Call calldata call_,
        Call[] calldata views,
        uint256 word,
        bool isMutant,
        uint256 index
    ) private returns (bool) {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        uint256 wait = uint40(word >> 24);
        if (wait != 0) vm.warp(vm.getBlockTimestamp() + wait);
        bytes4 outcome = call_.to == address(0) ? bytes4(0) : _send(call_);
        (bytes32 hash, uint256 from, uint256 to) = _observe(views);
        bool same = uint32(outcome) == uint32(word >> 64)
            && uint256(hash) >> 192 == uint256(uint64(word >> 96));
        if (!same && !isMutant) revert Differs(index, outcome, _slice(from, to));
        // Nothing of this step is needed any more: a program has more steps than memory.
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
        return same;
    }

    function _send(Call calldata call_) private returns (bytes4 outcome) {
        if (call_.value != 0) vm.deal(call_.from, call_.value);
        vm.prank(call_.from);
        (bool ok, bytes memory answer) = call_.to.call{value: call_.value}(call_.data);
        if (ok) return 0;
        return answer.length < 4 ? bytes4(0xffffffff) : bytes4(answer);
    }

    /// @dev SHA-256 of all answers, one after another, and where in memory they are.
    function _observe(Call[] calldata views)
        private
        view
        returns (bytes32 hash, uint256 from, uint256 end)
    {
        assembly ("memory-safe") {
            from := mload(0x40)
        }
        end = from;
        for (uint256 i = 0; i < views.length; ++i) {
            address to = views[i].to;
            bytes calldata data = views[i].data;
            assembly ("memory-safe") {
                calldatacopy(end, data.offset, data.length)
                pop(staticcall(gas(), to, end, data.length, 0, 0))
                returndatacopy(end, 0, returndatasize())
                end := add(end, returndatasize())
            }
        }
        assembly ("memory-safe") {
            pop(staticcall(gas(), 2, from, sub(end, from), 0, 32))
            hash := mload(0)
            mstore(0x40, add(end, 32))
        }
    }

    function _slice(uint256 from, uint256 to) private pure returns (bytes memory data) {
        data = new bytes(to - from);
        assembly ("memory-safe") {
            mcopy(add(data, 32), from, sub(to, from))
        }
    }

    function _create(uint256 index, bytes memory code) private {
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        if (made == address(0)) revert SetupFailed(index, "");
    }

    /// @dev Every second program from the first or the second on; `NONE` alone when there is none,
    /// because forge wants one.
    function _numbers(uint256 first) private view returns (uint256[] memory numbers) {
        uint256 count = files.parseUint(files.envOr("HOLDFAST_PROGRAMS", string("0")));
        if (count <= first) {
            numbers = new uint256[](1);
            numbers[0] = NONE;
            return numbers;
        }
        numbers = new uint256[]((count - first + 1) / 2);
        for (uint256 i = 0; i < numbers.length; ++i) numbers[i] = first + 2 * i;
    }

    function _play(uint256 number) private {
        if (number == NONE) return files.skip(true, "npm run models writes what is played");
        string memory path = string.concat("cache/programs/", files.toString(number), ".bin");
        (bool ok, bytes memory reason) = address(this).call(files.readFileBinary(path));
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
