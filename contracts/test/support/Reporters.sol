// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oracle} from "../../src/Oracle.sol";
import {IReportVerifier} from "../../src/interfaces/IReportVerifier.sol";
import {PeripheralsReports} from "../mocks/PeripheralsReports.sol";

/// @notice Four reporters of whom three sign, and one of those always lies. They sign what the
/// oracle takes and, when they are captured, what it must not take.
/// @dev A contract of its own, so that it is compiled once for all suites.
contract Reporters is PeripheralsReports {
    uint256 public constant FORGERIES = 6;
    uint256 private constant QUORUM = 3;
    uint256 private constant DELAY = 1 days;

    IReportVerifier[2] public verifiers;
    Oracle public oracle;
    uint256[] private _keys;

    /// @notice Deploys the oracle of a clearing house, and two verifiers for it to choose from.
    function serve(address house, address parameters) external returns (Oracle) {
        address[] memory list;
        (_keys, list) = _reporters(QUORUM + 1);
        for (uint256 i; i < 2; ++i) {
            address made = deploy("QuorumVerifier", abi.encode(QUORUM, list));
            verifiers[i] = IReportVerifier(made);
        }
        bytes memory args = abi.encode(house, parameters, verifiers[0], DELAY);
        return oracle = Oracle(deploy("Oracle", args));
    }

    /// @notice Signed as it must be, for the verifier in force; the lowest of the signers lies.
    function report(uint32 round, uint40 time, Value[] calldata values)
        external
        view
        returns (bytes memory)
    {
        return _report(address(oracle.verifier()), round, time, values);
    }

    /// @notice The verifier that is not in force.
    function other() public view returns (IReportVerifier) {
        return verifiers[oracle.verifier() == verifiers[0] ? 1 : 0];
    }

    /// @notice What no verifier takes: too few signers, a stranger among them, one twice, a liar's
    /// price, a signature for another verifier, or one byte changed.
    function forged(
        uint256 how,
        uint256 x,
        uint32 round,
        uint40 time,
        Value[] calldata values
    ) external view returns (bytes memory out) {
        address verifier = address(oracle.verifier());
        how = how % FORGERIES;
        if (how == 4) return _report(address(other()), round, time, values);
        if (how == 5) {
            out = _report(verifier, round, time, values);
            out[x % out.length] ^= bytes1(uint8(1 + (x >> 128) % 255));
            return out;
        }
        uint256 count = how == 0 ? QUORUM - 1 : QUORUM;
        Value[] memory head = how == 3 ? _lie(values) : values;
        out = abi.encodePacked(_head(round, time, head), uint8(count));
        for (uint256 i; i < count; ++i) {
            uint256 key = how == 2 ? _keys[0] : _keys[i];
            if (how == 1 && i == x % count) key = uint256(keccak256("a stranger"));
            Value[] memory seen = how == 3 && i == 0 ? head : values;
            out = bytes.concat(out, _signed(_separator(verifier), key, round, time, seen));
        }
    }

    function _report(address verifier, uint32 round, uint40 time, Value[] memory values)
        private
        view
        returns (bytes memory out)
    {
        bytes32 separator = _separator(verifier);
        out = abi.encodePacked(
            _head(round, time, values),
            uint8(QUORUM),
            _signed(separator, _keys[0], round, time, _lie(values))
        );
        for (uint256 i = 1; i < QUORUM; ++i) {
            out = bytes.concat(out, _signed(separator, _keys[i], round, time, values));
        }
    }

    function _lie(Value[] memory values) private pure returns (Value[] memory lies) {
        lies = new Value[](values.length);
        for (uint256 i; i < values.length; ++i) {
            Value memory v = values[i];
            lies[i] = Value(v.market, v.price / 2 + 1, v.mark / 3 + 1, v.rate - 1);
        }
    }
}
