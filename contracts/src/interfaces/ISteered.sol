// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParams, RiskTuple} from "../Types.sol";

/// @title Parameters that a steward moves between governance's anchor and tighter.
/// Assumes: whoever steers has rules of its own on how far and how fast.
interface ISteered {
    /// @notice Governance set parameters of a market; what is in force may be tighter.
    event AnchorChanged(uint8 indexed market, MarketParams params);

    /// @notice Another steward was proposed; anyone may appoint it from `readyAt`.
    event StewardProposed(address indexed steward, uint40 readyAt);

    /// @notice The pending steward was dropped.
    event StewardCancelled(address indexed steward);

    /// @notice Another steward may move parameters from now on; zero for none.
    event StewardChanged(address indexed steward);

    /// @notice The caller is not the steward.
    error NotSteward(address found, address required);

    /// @notice The steward's tuple is looser than the anchor in some field.
    error LooserThanAnchor(uint8 market);

    /// @notice While there is a steward, it moves the parameters.
    error StewardPresent(address steward);

    /// @notice The zero address cannot steer; to have no steward, dismiss the one in office.
    error StewardZero();

    /// @notice Parameters of a market as governance set them; all zero when it is not listed.
    function anchor(uint8 id) external view returns (MarketParams memory);

    /// @notice Parameters of a market in force: the anchor's, or tighter ones of the steward.
    function market(uint8 id) external view returns (MarketParams memory);

    /// @notice The only address that may steer; zero when there is none.
    function steward() external view returns (address);

    /// @notice Puts a tuple in force that is in no field looser than the anchor, at once.
    function steer(uint8 id, RiskTuple calldata tuple) external;
}
