/** What each function of votes means, where many govern. */
import { anyone, type Catalogue, voted } from './power.ts';

export const council: Catalogue['Council'] = {
  'delegate(address)': anyone('gives the caller’s own vote to somebody'),
  'delegateBySig(address,uint256,uint256,uint8,bytes32,bytes32)': anyone(
    'gives a vote to somebody, by its holder’s signature',
    { signed: 'owner' },
  ),
  'setSeat(address,bool)': voted('gives a seat, or takes it', 'VenueAccess'),
};

const arrays = '(address[],uint256[],bytes[],bytes32)';
export const governor: Catalogue['VenueGovernor'] = {
  [`cancel${arrays}`]: anyone('drops the caller’s own proposal before the vote'),
  'castVote(uint256,uint8)': anyone('votes with the caller’s own votes'),
  'castVoteBySig(uint256,uint8,address,bytes)': anyone('nothing: such a vote has no end'),
  'castVoteWithReason(uint256,uint8,string)': anyone('votes with the caller’s own votes'),
  'castVoteWithReasonAndParams(uint256,uint8,string,bytes)': anyone(
    'votes with the caller’s own votes',
  ),
  'castVoteWithReasonAndParamsBySig(uint256,uint8,address,string,bytes,bytes)': anyone(
    'brings a signed vote',
    { signed: 'owner' },
  ),
  [`execute${arrays}`]: anyone('executes what was voted, after its delay'),
  'onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)': anyone('takes a token'),
  'onERC1155Received(address,address,uint256,uint256,bytes)': anyone('takes a token'),
  'onERC721Received(address,address,uint256,bytes)': anyone('takes a token'),
  'propose(address[],uint256[],bytes[],string)': {
    who: ['seat'],
    way: 'start',
    does: 'begins a vote',
    loss: 'none',
    ends: 'proposal',
  },
  [`queue${arrays}`]: anyone('starts the delay of what was voted'),
  'relay(address,uint256,bytes)': voted('calls as the voting contract'),
  'setAccessManagerIgnored(address,bytes4[],bool)': voted('goes round the manager, which refuses'),
  'setBaseDelaySeconds(uint32)': voted('sets a least delay for all proposals'),
  [`veto${arrays}`]: {
    who: ['guardian'],
    way: 'tighten',
    does: 'one vote of more than half to drop a proposal',
    loss: 'none',
  },
};

export const access: Catalogue['VenueAccess'] = {
  'cancel(address,address,bytes)': anyone('drops the caller’s own scheduled call'),
  // It asks its caller, and the house alone refuses to be asked with an error of its own.
  'consumeScheduledOp(address,bytes)': anyone('uses up a scheduled call of the caller’s own code', {
    who: ['clearingHouse'],
  }),
  'execute(address,bytes)': {
    who: ['VenueGovernor'],
    way: 'code',
    does: 'calls the venue as its governor, after the delay',
    wait: 'votes',
    loss: 'governor',
    ends: 'proposal',
  },
  'grantRole(uint64,address,uint32)': voted('gives a role, an admin’s never with less delay'),
  'labelRole(uint64,string)': voted('names a role'),
  'multicall(bytes[])': anyone('several calls as the caller'),
  'renounceRole(uint64,address)': anyone('gives up the caller’s own role'),
  'revokeRole(uint64,address)': voted('takes a role'),
  'schedule(address,bytes,uint48)': {
    who: ['VenueGovernor'],
    way: 'start',
    does: 'starts the delay of a call',
    wait: 'votes',
    loss: 'none',
    ends: 'proposal',
  },
  'setGrantDelay(uint64,uint32)': voted('sets how long a grant waits'),
  'setRoleAdmin(uint64,uint64)': voted('says who gives a role'),
  'setRoleGuardian(uint64,uint64)': voted('says who may drop a role’s calls'),
  'setTargetAdminDelay(address,uint32)': voted('sets a longer delay for a contract’s roles'),
  'setTargetClosed(address,bool)': voted('shuts a contract to governance, or opens it'),
  'setTargetFunctionRole(address,bytes4[],uint64)': voted('gives a function its delay'),
  'takeOver()': anyone('accepts the venue where its governor has proposed it'),
  'updateAuthority(address,address)': voted('hands a managed contract on'),
};
