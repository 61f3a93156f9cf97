/**
 * What each function means: who may call it, which way it moves the venue, when it takes effect.
 * Who may call is held against what `tools/roles.ts` finds by asking (`roles.json`); the rest is
 * written here, and a function that is missing makes every check fail.
 */
import type { ContractName } from './builds.ts';
import type { LossKey } from './losses.ts';

/** Whoever a contract knows. */
export type Role =
  | 'governor'
  | 'successor'
  | 'guardian'
  | 'sequencer'
  | 'owner'
  | 'session'
  | 'clearingHouse'
  | 'seat'
  | 'VenueGovernor'
  | 'VenueAccess';

/** Whose signature a call carries that anybody may bring. */
export type Signer =
  | 'owner'
  | 'reporters'
  | 'oracle committee'
  | 'treasury committee'
  | 'committee';

/**
 * - `open`: for everybody; does only what is due or what its caller pays for
 * - `own`: for the owner of an account, about that account
 * - `operate`: the daily work of a role
 * - `tighten`: makes the venue stricter, at once
 * - `start`: begins something that waits before it is in force
 * - `code`: for another contract of the venue
 */
export type Way = 'open' | 'own' | 'operate' | 'tighten' | 'start' | 'code';

/** Names of the delays that a venue has; see `delayOf`. */
export type Delay =
  | 'parameters'
  | 'verifier'
  | 'clear'
  | 'guardian'
  | 'rotation'
  | 'replacement'
  | 'votes'
  | 'treasury small'
  | 'treasury large';

export type Power = {
  /** Roles that are answered otherwise than strangers; none: anybody. */
  readonly who: readonly Role[];
  readonly signed?: Signer;
  readonly way: Way;
  readonly does: string;
  readonly wait?: Delay;
  readonly loss?: LossKey;
  /** What ends by itself what the call began. */
  readonly ends?: 'proposal' | 'hold' | 'veto' | 'instruction';
};

type Catalogue = Readonly<Record<ContractName, Readonly<Record<string, Power>>>>;

const anyone = (does: string, more: Partial<Power> = {}): Power => ({
  who: [],
  way: 'open',
  does,
  ...more,
});
const own = (does: string, who: readonly Role[] = ['owner']): Power => ({
  who,
  way: 'own',
  does,
  loss: 'own',
});
const drops = (does: string, who: readonly Role[] = ['governor']): Power => ({
  who,
  way: 'tighten',
  does,
  loss: 'none',
});
const starts = (wait: Delay, loss: LossKey, does: string): Power => ({
  who: ['governor'],
  way: 'start',
  does,
  wait,
  loss,
  ends: 'proposal',
});
const code = (does: string, loss: LossKey): Power => ({
  who: ['clearingHouse'],
  way: 'code',
  does,
  loss,
});
const acting = ['owner', 'session'] as const;
const conditional =
  '(uint32,uint8,bool,uint64,uint8,uint32,uint32,uint32,uint32,bool,uint40,uint40,uint64,uint32)';
const market =
  '(uint48,uint24,uint24,uint16,uint16,uint16,uint24,uint24,uint24,uint40,uint24,uint24,uint24,' +
  'uint24,uint8,uint24,uint16,uint24,uint24,uint40)';
const candidate = '(uint256,bool,uint8,uint8,bytes32)';
const signature = '(uint256,uint256,uint256)';

/** What only a proposal that was voted and waited can call; the manager holds its delay. */
const voted = (does: string, who: Role = 'VenueGovernor'): Power => ({
  who: [who],
  way: 'start',
  does,
  wait: 'votes',
  loss: 'governor',
  ends: 'proposal',
});

const council: Catalogue['Council'] = {
  'delegate(address)': anyone('gives the caller’s own vote to somebody'),
  'delegateBySig(address,uint256,uint256,uint8,bytes32,bytes32)': anyone(
    'gives a vote to somebody, by its holder’s signature',
    { signed: 'owner' },
  ),
  'setSeat(address,bool)': voted('gives a seat, or takes it', 'VenueAccess'),
};

const arrays = '(address[],uint256[],bytes[],bytes32)';
const governor: Catalogue['VenueGovernor'] = {
  [`cancel${arrays}`]: anyone('drops the caller’s own proposal before the vote'),
  'castVote(uint256,uint8)': anyone('votes with the caller’s own votes'),
  'castVoteBySig(uint256,uint8,address,bytes)': anyone('brings a signed vote', { signed: 'owner' }),
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

const access: Catalogue['VenueAccess'] = {
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

const house: Catalogue['ClearingHouse'] = {
  'cancelAll(uint32)': own('kills all orders of the account', acting),
  'cancelLane(uint32,uint16,uint32)': own('kills orders of one lane', acting),
  'cancelNonce(uint32,uint64)': own('uses up a one-time number', acting),
  'cover(uint32)': anyone('pays a closed account’s debt from the insurance fund'),
  'deposit(address,uint32,uint256)': anyone('pays the caller’s tokens into an account'),
  'depositWithPermit(address,uint32,uint256,uint256,uint8,bytes32,bytes32)': anyone(
    'pays the caller’s tokens into an account, by a permit',
  ),
  'executeForced(uint64,uint32,uint56,bytes)': anyone('executes a forced request that is due'),
  'exit(uint32,address)': own('leaves a frozen venue'),
  'flag(uint32,bytes)': anyone('notes that an account is below maintenance'),
  'freeze()': anyone('freezes the venue for ever once a forced request is overdue'),
  'liquidate(uint32,uint8,uint40,uint32,bytes)': own('takes an unhealthy position over', acting),
  'openAccount(address)': anyone('opens an account for an owner'),
  'push(bytes)': anyone('brings a report', { signed: 'reporters', way: 'operate', loss: 'prices' }),
  [`ratchet(${conditional},bytes,bytes)`]: anyone('moves a trailing stop', { signed: 'owner' }),
  'reckon(uint256)': anyone('counts the claims of a frozen venue'),
  'reclaim(uint64)': own('takes a queued withdrawal back into its account'),
  'resolve(uint32,uint8,uint32[],bytes)': anyone('closes a bankrupt account by the waterfall'),
  'seize((uint32,uint8,uint32,int56,int256)[])': code('sells for an unhealthy account', 'inside'),
  'setLeverage(uint32,uint24,bytes)': own('demands more margin of itself'),
  'setSession(uint32,address,uint40,(uint128,uint40,bool))': own('gives a key leave to trade'),
  'settle((uint64,bytes32,bytes32,bytes,bytes,bytes,bytes))': {
    who: ['sequencer'],
    way: 'operate',
    does: 'settles fills of orders that their owners signed',
    loss: 'fills',
  },
  'transfer(uint32,uint32,uint256,bytes)': own('moves money between own accounts'),
  [`trigger(${conditional},bytes,uint32,bytes)`]: own('fills a stop from the own account', acting),
  'unwind(uint32,uint8,uint40,uint32,bytes)': own('takes lots off a fund', acting),
  'withdraw(uint32,uint256,address,bytes)': own('takes money out'),
  'withdrawForced(uint32,uint88,address,uint64)': code('carries a forced withdrawal out', 'window'),
  'withdrawSigned((uint32,uint256,address,uint64,uint40,uint256),bytes,uint32,bytes)': anyone(
    'carries out a withdrawal that the owner signed',
    { signed: 'owner' },
  ),
};

export const powers: Catalogue = {
  Backstop: {
    'collect(uint16)': anyone('pays the caller’s part of a pool that left'),
    'deposit(uint16,uint256)': anyone('buys shares of a pool'),
    'leave(uint16)': anyone('takes a pool out of a frozen venue'),
    'openPool(uint16)': anyone('opens a pool'),
    'requestWithdrawal(uint16,uint256)': anyone('starts the cool-down of the caller’s shares'),
    'withdraw(uint16)': anyone('pays the caller’s own shares after the cool-down'),
  },
  Breaker: {
    'applyClear(uint16)': anyone('clears what the governor proposed to, after its delay'),
    'applyGuardian(address)': anyone('adds a proposed guardian after its delay'),
    'cancelClear(uint16)': drops('drops a pending clearing'),
    'proposeClear(uint16)': starts('clear', 'none', 'proposes to loosen the breaker'),
    'proposeGuardian(address)': starts('guardian', 'none', 'proposes a guardian'),
    'removeGuardian(address)': drops('removes a guardian'),
    'tighten(uint16,uint8,uint256)': {
      who: ['guardian'],
      way: 'tighten',
      does: 'raises the breaker’s level of a scope for a time',
      loss: 'none',
      ends: 'hold',
    },
  },
  ClearingHouse: house,
  CommitteeVerifier: {},
  Council: council,
  Committees: {
    'applyReplacement(uint8)': anyone('puts a proposed key in force after its delay'),
    'applyRotation(uint8)': anyone('puts a signed next key in force after its delay'),
    'cancelReplacement(uint8)': drops('drops a proposed key'),
    [`proposeReplacement(uint8,${candidate},${signature})`]: starts(
      'replacement',
      'prices or treasury',
      'proposes another key of a committee',
    ),
    [`proposeRotation(uint8,uint40,${candidate},${signature},${signature})`]: anyone(
      'starts the hand-over to a committee’s next key',
      { signed: 'committee', way: 'start', wait: 'rotation', loss: 'none', ends: 'proposal' },
    ),
    'revoke(uint8)': drops('revokes the key of a committee: it signs nothing any more'),
    'vetoRotation(uint8)': drops('drops a signed hand-over', ['governor', 'guardian']),
  },
  ForcedQueue: {
    'collect(address)': anyone('pays the caller’s own fees'),
    'cut(uint64,uint88)': code('leaves less of the next request', 'none'),
    'refund(uint64)': anyone('gives fees of a frozen venue back to their owners'),
    'requestCancelAll(uint32)': own('forces a cancellation'),
    'requestClose(uint32,uint8,bool,uint88,uint32)': own('forces the closing of a position'),
    'requestWithdraw(uint32,uint88,address,uint64)': own('forces a withdrawal'),
    'take(uint64,address)': code('takes the next request off the queue', 'none'),
  },
  Oracle: {
    'accept(bytes)': code('accepts a report that its verifier finds signed', 'prices'),
    'applyVerifier()': anyone('puts a proposed verifier in force after its delay'),
    'cancelVerifier()': drops('drops a proposed verifier'),
    'proposeVerifier(address)': starts('verifier', 'prices', 'proposes whose word a price is'),
  },
  Parameters: {
    'acceptGovernor()': {
      who: ['successor'],
      way: 'operate',
      does: 'takes over as governor, after the delay',
      loss: 'none',
    },
    'applyMarket(uint8)': anyone('puts proposed parameters in force after their delay'),
    'applyVenue()': anyone('puts proposed parameters in force after their delay'),
    'cancelGovernor()': drops('drops a proposed governor'),
    'cancelMarket(uint8)': drops('drops proposed parameters of a market'),
    'cancelVenue()': drops('drops proposed parameters of the venue'),
    'proposeGovernor(address)': starts('parameters', 'governor', 'proposes another governor'),
    [`proposeMarket(uint8,${market})`]: starts(
      'parameters',
      'inside',
      'tightens a market at once, or proposes to loosen it or to list one',
    ),
    'proposeVenue((address,uint32,uint32,uint24))': starts(
      'parameters',
      'fills',
      'tightens the venue at once (no sequencer at all, too), or proposes to loosen it',
    ),
  },
  QuorumVerifier: {},
  Treasury: {
    'applyCall(address,bytes4)': anyone('allows a proposed call after its delay'),
    'applyLimit(address)': anyone('puts proposed limits in force after their delay'),
    'cancelLimit(address)': drops('drops proposed limits'),
    'execute(uint64,address[],bytes[])': anyone('carries out a signed instruction when it is due'),
    'proposeCall(address,bytes4)': starts(
      'treasury large',
      'treasury',
      'proposes a call that the committee may then sign',
    ),
    'proposeLimit(address,uint128,uint128)': starts(
      'treasury large',
      'treasury',
      'lowers limits of a token at once, or proposes larger ones',
    ),
    'removeCall(address,bytes4)': drops('forbids a call'),
    [`schedule(uint64,uint40,address[],bytes[],${signature})`]: anyone(
      'starts the delay of an instruction',
      {
        signed: 'treasury committee',
        way: 'start',
        wait: 'treasury small',
        loss: 'treasury',
        ends: 'instruction',
      },
    ),
    'veto(uint64)': drops('drops an instruction that waits', ['governor', 'guardian']),
  },
  Vault: {
    'pay(address,uint256,uint32,uint256)': code('pays out, inside the windows', 'window'),
    'payForced(address,uint256,uint32)': code('pays a forced exit, inside the windows', 'window'),
    'release(uint256)': anyone('pays what waits, as the windows reopen'),
    'take(address,uint256)': code('pulls a deposit from who approved it', 'none'),
    'takeBack(uint64)': code('takes a queued withdrawal back', 'none'),
    'veto(uint64)': {
      who: ['guardian'],
      way: 'tighten',
      does: 'one vote of more than half to stop a large withdrawal in its delay',
      loss: 'none',
      ends: 'veto',
    },
  },
  VenueAccess: access,
  VenueGovernor: governor,
};

/** Whether a function gives its holder something that others do not have. */
export const isPrivileged = ({ way, signed }: Power): boolean =>
  (way !== 'open' && way !== 'own') || (signed !== undefined && signed !== 'owner');
