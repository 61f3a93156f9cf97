/**
 * What each function means: who may call it, which way it moves the venue, when it takes effect.
 * Who may call is held against what `tools/roles.ts` finds by asking (`roles.json`); the rest is
 * written here, and a function that is missing makes every check fail.
 */
import { anyone, type Catalogue, code, drops, own, type Power, starts } from './power.ts';
import { access, council, governor } from './powers-votes.ts';

const acting = ['owner', 'session'] as const;
const conditional =
  '(uint32,uint8,bool,uint64,uint8,uint32,uint32,uint32,uint32,bool,uint40,uint40,uint64,uint32)';
const market =
  '(uint48,uint24,uint24,uint16,uint16,uint16,uint24,uint24,uint24,uint40,uint24,uint24,uint24,' +
  'uint24,uint8,uint24,uint16,uint24,uint24,uint40)';
const candidate = '(uint256,bool,uint8,uint8,bytes32)';
const signature = '(uint256,uint256,uint256)';
const evidence = '(bytes32,uint64,int256[])';
const tuple = '(uint24,uint24,uint24,uint24,uint40,uint40)';

const halts = (does: string): Power => ({
  who: ['guardian'],
  way: 'tighten',
  does,
  loss: 'halt',
  ends: 'halt',
});

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
  'setAsideForced(uint64,bytes)': anyone('passes a forced request that waits for a price'),
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
    [`bar(uint32[],uint256,${evidence})`]: {
      who: ['guardian'],
      way: 'tighten',
      does: 'one vote of a quorum to keep accounts from growing or flipping positions',
      loss: 'none',
      ends: 'halt',
    },
    'beat()': {
      who: ['guardian'],
      way: 'operate',
      does: 'says that not all guardians are silent',
      loss: 'none',
    },
    'cancelClear(uint16)': drops('drops a pending clearing'),
    'deadMan()': anyone('stops growth for a time once all guardians have been silent'),
    'proposeClear(uint16)': starts('clear', 'none', 'proposes to loosen the breaker'),
    'proposeGuardian(address)': starts('guardian', 'none', 'proposes a guardian'),
    'removeGuardian(address)': drops('removes a guardian'),
    [`tighten(uint16,uint8,uint256,${evidence})`]: halts(
      'alone stops growth of a scope, or sends large withdrawals through the forced queue; ' +
        'what is higher or longer is one vote of a quorum',
    ),
    [`tightenMany((uint16,uint8,uint32,${evidence})[])`]: halts('the same for many scopes'),
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
    'setAside(uint64)': code('lets the next request step out of the line', 'none'),
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
    'appointSteward()': anyone('puts a proposed steward in office after its delay'),
    'applyMarket(uint8)': anyone('puts proposed parameters in force after their delay'),
    'applyVenue()': anyone('puts proposed parameters in force after their delay'),
    'cancelGovernor()': drops('drops a proposed governor'),
    'cancelMarket(uint8)': drops('drops proposed parameters of a market'),
    'cancelSteward()': drops('drops a proposed steward'),
    'cancelVenue()': drops('drops proposed parameters of the venue'),
    // What a steward tightened goes back to the anchor then, never past it.
    'dismissSteward()': drops('ends the power of the steward'),
    'proposeGovernor(address)': starts('parameters', 'governor', 'proposes another governor'),
    [`proposeMarket(uint8,${market})`]: starts(
      'parameters',
      'inside',
      'tightens a market at once, or proposes to loosen it or to list one',
    ),
    // Another contract may have no notice and no band: only the hard bounds hold it.
    'proposeSteward(address)': starts('parameters', 'inside', 'proposes another steward'),
    'proposeVenue((address,uint32,uint32,uint24))': starts(
      'parameters',
      'fills',
      'tightens the venue at once (no sequencer at all, too), or proposes to loosen it',
    ),
    'restoreMarket(uint8)': anyone('puts the anchor in force while there is no steward'),
    [`steer(uint8,${tuple})`]: {
      who: ['Steward'],
      way: 'code',
      does: 'puts a tuple in force that is not looser than the anchor',
      loss: 'inside',
    },
  },
  QuorumVerifier: {},
  Steward: {
    'announce(uint8,uint24)': {
      who: ['operator'],
      way: 'start',
      does: 'announces a higher maintenance margin, which a move may bring after the notice',
      wait: 'notice',
      loss: 'steered',
      ends: 'notice',
    },
    'decay(uint8)': anyone('takes a tuple that was not renewed a step back to the anchor'),
    [`move((uint8,${tuple},bytes32,bytes32,uint40))`]: {
      who: ['operator'],
      way: 'operate',
      does: 'moves margins, caps and rates by a step between the anchor and the band',
      loss: 'steered',
      ends: 'tuple',
    },
    'withdraw(uint8)': drops('drops an announced maintenance margin', ['governor', 'operator']),
  },
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
    'vetoMany(uint64[])': {
      who: ['guardian'],
      way: 'tighten',
      does: 'the same of many',
      loss: 'none',
      ends: 'veto',
    },
  },
  VenueAccess: access,
  VenueGovernor: governor,
};
