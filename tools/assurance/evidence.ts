/** What holds a law besides proofs: tests by law, as `file#test`; and what is not proved. */

const test = (name: string) => `contracts/test/${name}`;
const invariants = (name: string) => test(`invariants/${name}.invariant.t.sol`);
const venue = `${invariants('Venue')}#invariant_venue`;
const houseLaws = `${invariants('ClearingHouse')}#invariant_laws`;
const minted = `${invariants('Waterfall')}#invariant_nothingIsMinted`;
const windows = `${invariants('Vault')}#invariant_windowsHold`;

const houseTie = `${test('ties/TieHouse.t.sol')}#HouseTie`;
const breakerTie = `${test('ties/TieBreaker.t.sol')}#BreakerTie`;
/** Random lives of the compiled venue: `npm run fuzz`. */
const lives = 'tests/fuzz/harness/life.ts#live';

const packing = test('libraries/Packing.t.sol');
const src = (name: string) => `contracts/src/${name}`;

/** Where what no contract asks by `LawLib` holds by construction: `file#function`, by law. */
export const constructed: Readonly<Record<string, readonly string[]>> = {
  L01: [
    `${src('libraries/Netting.sol')}#_exchange`,
    `${src('Liquidator.sol')}#_swap`,
    `${src('Withdrawing.sol')}#_debit`,
    `${src('modules/WaterfallModule.sol')}#_pay`,
  ],
  L02: [`${src('Vault.sol')}#_transfer`, `${src('Vault.sol')}#_tryTransfer`],
  L03: [`${src('libraries/Netting.sol')}#_exchange`, `${src('Liquidator.sol')}#_swap`],
  L04: [`${src('libraries/Netting.sol')}#_exchange`, `${src('Liquidator.sol')}#_swap`],
  L05: [`${src('libraries/Judging.sol')}#countInterest`, `${src('libraries/Judging.sol')}#plain`],
  L21: [`${src('libraries/Margin.sol')}#shareUp`],
};

/** Laws that a protocol model is about, by its name: see tools/models/table.ts. */
export const modelled: Readonly<Record<string, readonly string[]>> = {
  'breaker: holding': ['L16'],
  'breaker: counting': ['L16'],
  'breaker: alone': ['L16'],
  'breaker: by turns': ['L16'],
  'breaker: used up': ['L16'],
  'breaker: halting': ['L16'],
  'breaker: ranking': ['L16'],
  'breaker: silence': ['L16'],
  'breaker: clearing': ['L16'],
  'breaker: appointing': ['L16'],
  'parameters: markets': ['L17', 'L18'],
  'parameters: roles': ['L18'],
  'steward: steps': ['L18', 'L25'],
  'steward: notice': ['L18', 'L25'],
  'forced queue': ['L22', 'L23', 'L24'],
  'silence and freeze': ['L23'],
  'vault: windows and order': ['L14'],
  'vault: veto': [],
  'vault: gate': [],
  committees: [],
  'treasury: instructions': [],
  'treasury: rules': [],
};

/** Foundry tests with random inputs or operations, by law. */
export const fuzzed: Readonly<Record<string, readonly string[]>> = {
  L01: [houseLaws, venue, minted, lives],
  L02: [houseLaws, venue, `${invariants('Vault')}#invariant_nothingIsLost`, lives],
  L03: [venue, lives],
  L04: [houseLaws, venue, minted, lives],
  L05: [houseLaws, venue, minted, lives],
  L06: [lives],
  L07: [lives],
  L08: [lives],
  L09: [lives],
  L10: [
    `${test('Oracle.t.sol')}#testFuzz_accept_bandIsExact`,
    `${test('OracleMark.t.sol')}#testFuzz_accepted_isTheNearestAllowed`,
    `${packing}#testFuzz_margin_bandIsTheLaw`,
    lives,
  ],
  L11: [venue, `${packing}#testFuzz_order_fitIsLaneLawful`, lives],
  L12: [lives],
  L13: [lives],
  L14: [windows],
  L15: [lives],
  L16: [`${test('Breaker.t.sol')}#testFuzz_tighten_neverShortens`, lives],
  L17: [`${test('Parameters.t.sol')}#testFuzz_bounds_areInsideLaw`],
  L18: [lives],
  L19: [`${packing}#testFuzz_funding_isWithinTheLaw`, lives],
  // The modules assert the law after every one of them.
  L20: [venue, minted, lives],
  L21: [`${packing}#testFuzz_margin_shareUpIsCeil`, lives],
  L22: [`${invariants('ClearingHouseExit')}#invariant_queueIsCommitted`, lives],
  L23: [lives],
  L24: [`${invariants('ClearingHouseExit')}#invariant_paidIsOwed`, venue],
  L25: [`${test('StewardAttacks.t.sol')}#testFuzz_attack_anyMoves`],
  L26: [minted],
};

const e2e = (name: string) => `tests/e2e/${name}.e2e.ts`;
/** Random streams through the core, each law judged after each fill. */
const coreStreams = 'packages/core/test/laws.test.ts';
/** Every law: samples and mutants in TypeScript, and TypeScript against Solidity. */
const lawTests = 'packages/laws/test/laws.test.ts';
const lawPairs = e2e('laws');
const rules = e2e('rules');

/** Simulations and TypeScript tests, by law; all laws are in the last two as well. */
export const simulated: Readonly<Record<string, readonly string[]>> = {
  L01: [e2e('tape')],
  L02: [e2e('tape')],
  L03: [rules],
  L04: [e2e('tape')],
  L05: [e2e('tape')],
  L06: [coreStreams],
  L07: [coreStreams],
  L08: [coreStreams],
  L09: [rules],
  L10: [coreStreams],
  L11: [coreStreams],
  L12: [coreStreams],
  L13: [coreStreams],
  L19: [rules],
  L20: [rules, e2e('cascade'), e2e('tape')],
  L21: [rules],
  L22: [e2e('exit')],
  L23: [e2e('exit')],
  L24: [e2e('exit')],
  L26: [e2e('cascade')],
};

/** Tests of all laws alike. */
export const ofAllLaws: readonly string[] = [lawTests, lawPairs];

/** Something that is not proved: why, what is done instead, and where. */
export type Gap = {
  what: string;
  laws: readonly string[];
  why: string;
  instead: string;
  tests: readonly string[];
};

export const unproved: readonly Gap[] = [
  {
    what: 'The clearing house as a whole',
    laws: ['L01', 'L03', 'L04', 'L05', 'L11'],
    why: 'the model checker cannot follow its memory, and its bytecode is too large to run whole.',
    instead:
      'models of its operations are proved, and tied to it step by step by `npm run ties`; the ' +
      'laws are asserted on the real contracts after every random operation, by',
    tests: [houseTie, houseLaws, venue, minted, lives],
  },
  {
    what: 'The vault covers what it owes',
    laws: ['L02'],
    why: 'the balance belongs to a token, whose code is not ours.',
    instead: 'the vault compares its balance around every transfer; hostile tokens are fuzzed in',
    tests: [`${invariants('Vault')}#invariant_nothingIsLost`],
  },
  {
    what: 'That a batch asks the laws of fills of what was signed',
    laws: ['L12', 'L13', 'L15'],
    why: 'a batch is too large; its assembly is checked as bytecode piece by piece.',
    instead: 'refusals are tested one by one on the real contracts:',
    tests: [
      `${test('ClearingHouseSettle.t.sol')}#test_settle_revertsIf_LimitBroken`,
      `${test('ClearingHouseMargin.t.sol')}#test_settle_revertsIf_ReduceOnlyBroken`,
      `${test('ClearingHouseSettle.t.sol')}#test_settle_revertsIf_BatchOutOfOrder`,
    ],
  },
  {
    what: 'The ceiling of initial margin on the fast path of a batch is one',
    laws: ['L07'],
    why: 'neither solver decides the rounded quotient of two unknowns in a minute.',
    instead: 'both paths are compared on random accounts in',
    tests: [`${test('libraries/Margin.t.sol')}#testFuzz_isInitial_isEquityAtOrAboveInitial`],
  },
  {
    what: 'The pace of the waterfall in a block',
    laws: ['L26'],
    why: 'the solver does not decide the bits of its widths together with its products.',
    instead: 'what a block resolves is added up after random operations, and for random sizes, in',
    tests: [minted, 'packages/risk/test/pace.test.ts'],
  },
  {
    what: 'Deleveraging of more than three accounts, and its order by rank',
    laws: ['L20'],
    why: 'the library sorts in memory by assembly.',
    instead: 'Solidity and TypeScript are compared on random lists in',
    tests: [e2e('margin')],
  },
  {
    what: 'Outflow windows that move on by more than a few buckets, or let out 2^48 units in one',
    laws: ['L14'],
    why:
      'the model checker does not finish on twelve buckets, and every further step multiplies ' +
      'the paths of the bytecode.',
    instead:
      'a window of four closed buckets is proved; the ring itself is checked as bytecode from ' +
      'each of its places, for up to three buckets of the hour and a whole turn; the day, which ' +
      'is the same code, and both windows together are fuzzed in',
    tests: [windows],
  },
  {
    what: 'What the vault computes as open of both shares, from a rounded part of each budget',
    laws: ['L14'],
    why:
      'with the division neither solver decides in two minutes: as bytecode a window at a time, ' +
      'or in the source for any part.',
    instead:
      'the sum of both shares is proved for every part (`outflow.shares`), and what leaves is ' +
      'counted exactly (`code.count`); the vault asserts law L14 at each payment, and what it ' +
      'promises is held against what it pays in',
    tests: [
      windows,
      `${test('VaultWindows.t.sol')}#testFuzz_windows_matchNaiveLog`,
      `${test('VaultEarliest.t.sol')}#test_earliest_isTheFirstMoment_IfTheDayBinds`,
    ],
  },
  {
    what: 'The rate of funding is clamped to its bound',
    laws: ['L19'],
    why: 'the minimum of the library is computed from bits, which neither solver reads.',
    instead: 'law L19 is asserted after every step on chain, and the clamp compared in',
    tests: [e2e('margin'), `${test('ClearingHouseCustody.t.sol')}#test_push_clampsFunding`],
  },
  {
    what: 'What a guardian or the governor does to the real breaker, but for expiry',
    laws: ['L16'],
    why: 'the checker forgets mappings when one is held by reference or the governor is asked.',
    instead:
      'models of tightening and clearing are proved with the real law and delay, and tied to the ' +
      'contract step by step in',
    tests: [
      breakerTie,
      `${test('Breaker.t.sol')}#testFuzz_tighten_neverShortens`,
      `${test('Breaker.t.sol')}#test_attack_guardianLoosens`,
    ],
  },
  {
    what: 'Batches of more than three orders, and the fast path, as bytecode',
    laws: ['L03', 'L04', 'L11'],
    why: 'every further one multiplies the paths.',
    instead:
      'one more fill is checked on whatever those before it left, and two of one order together ' +
      'with amounts of 8 bits; each turn of these loops reads and writes its own records alone; ' +
      'longer batches are held to the laws, and to the engine, in',
    tests: [e2e('tape'), lives],
  },
  {
    what: 'Medians of more than five values, and casts between signed and unsigned words',
    laws: [],
    why:
      'counting in one word grows with the values; a cast of the same width is none that the ' +
      'compiler checks.',
    instead: 'the widths of both are those of the checks named `wrap.*`; reports are fuzzed in',
    tests: [`${test('QuorumVerifier.t.sol')}#testFuzz_verify_revertsIf_AnyByteFlipped`],
  },
  {
    what: 'What is appended to the forced queue',
    laws: ['L22'],
    why: 'the request is a structure in storage after calls to another contract.',
    instead: 'the chain of requests is rebuilt after random operations in',
    tests: [`${invariants('ClearingHouseExit')}#invariant_queueIsCommitted`],
  },
  {
    what: 'What the governor does to the real rules of the treasury, and its instructions',
    laws: [],
    why: 'neither solver decides a call that asks the governor, and instructions are bytes.',
    instead: 'the models of `npm run models` are replayed on the contract, which is fuzzed in',
    tests: [`${invariants('Treasury')}#invariant_nothingLeavesButByInstructions`],
  },
  {
    what: 'Signatures of orders and reports',
    laws: [],
    why: 'elliptic curves are beyond these solvers.',
    instead: 'every byte of every signed field is flipped in',
    tests: [
      `${test('ClearingHouseSignatures.t.sol')}#test_settle_revertsIf_anyFieldMutated`,
      `${test('QuorumVerifier.t.sol')}#testFuzz_verify_revertsIf_AnyByteFlipped`,
      `${test('CommitteeVerifier.t.sol')}#testFuzz_verify_revertsIf_AnyByteFlipped`,
      `${test('libraries/Schnorr.t.sol')}#testFuzz_isSigned_byItsGroupAlone`,
      `${test('libraries/SchnorrVectors.t.sol')}#test_isSigned_vectors`,
    ],
  },
];
