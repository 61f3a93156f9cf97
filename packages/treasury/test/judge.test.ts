/** Each guard of a policy refuses its case; without that guard the case passes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnvironmentError, isRejection } from '@holdfast/units';
import {
  type Case,
  defaultPolicy,
  type Instruction,
  instructionDigest,
  judgePolicy,
  parsePolicy,
  policyGuards,
  readCalls,
} from '../src/index.ts';
import { now, openPolicy, payee, policyFile, thief, token, units, venueAt } from './fixture.ts';
import { instruction, pay, withdraw } from './support.ts';

type Change = {
  policy?: object;
  instruction?: Instruction;
  used?: { all: bigint; automatic: bigint };
  isTaken?: boolean;
  wallMs?: number;
};

function caseOf(change: Change): Case {
  const { policy, book } = openPolicy(change.policy);
  const of = change.instruction ?? instruction();
  const calls = readCalls(book, of);
  assert.ok(!isRejection(calls));
  return {
    book,
    policy,
    instruction: of,
    digest: instructionDigest(book, of),
    calls,
    now,
    wallMs: change.wallMs ?? Date.UTC(2026, 10, 26, 12, 0),
    used: () => change.used ?? { all: 0n, automatic: 0n },
    isTaken: change.isTaken ?? false,
  };
}

const tUSD = policyFile.tokens.tUSD;
const only = (token: object) => ({ tokens: { tUSD: token } });
const far = { ...instruction(), expiry: now + 3_601 };
const day = (from: string, to: string, ...days: string[]) => ({
  hours: { from, to, ...(days.length > 0 ? { days } : {}) },
});

type Row = [guard: keyof typeof policyGuards, code: string, kind: 'no' | 'doubt', change: Change];

const rows: Row[] = [
  ['hours', 'HoursClosed', 'no', { policy: day('13:00', '18:00') }],
  ['hours', 'HoursClosed', 'no', { policy: day('22:00', '06:00') }],
  // 26 November 2026 is a Thursday.
  ['hours', 'HoursClosed', 'no', { policy: day('08:00', '18:00', 'mon', 'fri') }],
  ['expiry', 'InstructionExpired', 'no', { instruction: { ...instruction(), expiry: now } }],
  ['expiry', 'ExpiryFar', 'no', { instruction: far }],
  [
    'length',
    'CallsTooMany',
    'no',
    { policy: { callsMax: 1 }, instruction: instruction(pay(payee, 1n), pay(payee, 1n)) },
  ],
  ['once', 'NonceTaken', 'doubt', { isTaken: true }],
  ['tokens', 'TokenUnlisted', 'no', { policy: { tokens: {} } }],
  [
    'recipients',
    'RecipientRefused',
    'no',
    { policy: only({ ...tUSD, recipients: ['payee'] }), instruction: instruction(pay(thief, 1n)) },
  ],
  ['recipients', 'RecipientNew', 'doubt', { instruction: instruction(pay(thief, 1n)) }],
  ['amounts', 'InstructionLarge', 'no', { policy: only({ ...tUSD, instructionMax: '49' }) }],
  // In parts, each within the limit.
  [
    'amounts',
    'InstructionLarge',
    'no',
    { policy: only({ ...tUSD, instructionMax: '99' }), instruction: instruction(pay(), pay()) },
  ],
  ['amounts', 'ApprovalNeeded', 'doubt', { policy: only({}) }],
  ['amounts', 'AmountLarge', 'doubt', { instruction: instruction(pay(payee, 101n)) }],
  ['days', 'DayLarge', 'no', { used: { all: 1_451n * units, automatic: 0n } }],
  ['days', 'DayUsed', 'doubt', { used: { all: 101n * units, automatic: 101n * units } }],
  ['calls', 'CallUnlisted', 'no', { policy: { calls: [] }, instruction: instruction(withdraw()) }],
  ['calls', 'ArgumentRefused', 'no', { instruction: instruction(withdraw(payee, 5n)) }],
  [
    'calls',
    'CallNeedsPerson',
    'doubt',
    {
      policy: { calls: [{ ...policyFile.calls[0], automatic: false }] },
      instruction: instruction(withdraw()),
    },
  ],
];

describe('a policy', () => {
  for (const [guard, code, kind, change] of rows) {
    it(`asks for ${code} (${guard})`, () => {
      const of = caseOf(change);
      const { refusals, doubts } = judgePolicy(of);
      const found = kind === 'no' ? refusals : doubts;
      assert.ok(
        found.some((each) => each.code === code),
        JSON.stringify({ refusals, doubts }),
      );
      // The mutant: without this guard nobody says it.
      const others = Object.entries(policyGuards).filter(([name]) => name !== guard);
      const without = judgePolicy(
        of,
        others.map(([, each]) => each),
      );
      const codes = [...without.refusals, ...without.doubts].map((each) => each.code);
      assert.ok(!codes.includes(code), codes.join());
      if (kind === 'no') assert.deepEqual(without.refusals, []);
    });
  }

  it('lets go what it allows, up to the edge', () => {
    const none = { refusals: [], doubts: [] };
    assert.deepEqual(judgePolicy(caseOf({})), none);
    const edge = { used: { all: 1_400n * units, automatic: 50n * units } };
    const most = instruction(pay(payee, 100n));
    assert.deepEqual(judgePolicy(caseOf({ ...edge, instruction: most })), none);
    const last = { ...instruction(), expiry: now + 3_600 };
    assert.deepEqual(judgePolicy(caseOf({ instruction: last })), none);
    assert.deepEqual(judgePolicy(caseOf({ instruction: instruction(withdraw()) })), none);
    assert.deepEqual(judgePolicy(caseOf({ policy: day('22:00', '12:01') })), none);
  });

  it('is safe when nobody has thought about it: everything needs a person', () => {
    const venue = venueAt();
    const { policy, book } = parsePolicy(defaultPolicy(venue, 'http://127.0.0.1:1'), venue);
    for (const of of [instruction(), instruction(pay(thief, 1n)), instruction(withdraw())]) {
      const base = caseOf({ instruction: of });
      const { refusals, doubts } = judgePolicy({ ...base, policy, book });
      assert.deepEqual(refusals, []);
      assert.ok(doubts.length > 0);
    }
    const away = judgePolicy({
      ...caseOf({ instruction: instruction(withdraw(thief)) }),
      policy,
      book,
    });
    assert.deepEqual(
      away.refusals.map(({ code }) => code),
      ['ArgumentRefused'],
    );
  });

  it('tells what is wrong with its file', () => {
    const wrong = (change: object, pattern: RegExp): void => {
      assert.throws(
        () => openPolicy(change),
        (error) =>
          error instanceof EnvironmentError &&
          error.code === 'PolicyMalformed' &&
          pattern.test(error.message),
      );
    };
    wrong({ version: 2 }, /version/);
    wrong({ colour: 'red' }, /colour/);
    wrong(only({ instructionMax: 'lots' }), /instructionMax[\s\S]*|amount as text/);
    wrong(only({ instructionMax: '0.0000001' }), /at most 6/);
    wrong(only({ recipients: ['nobody'] }), /nobody is named "nobody"/);
    wrong({ tokens: { XYZ: {} } }, /no address of XYZ/);
    wrong({ tokens: { XYZ: { address: thief } } }, /XYZ: an address needs its decimals/);
    wrong({ calls: [{ target: 'clearingHouse', function: 'steal' }] }, /no function "steal"/);
    wrong({ calls: [{ target: 'nobody', function: 'withdraw' }] }, /nobody is named "nobody"/);
    const args = { whom: ['treasury'] };
    wrong({ calls: [{ target: 'clearingHouse', function: 'withdraw', args }] }, /argument "whom"/);
    wrong({ hours: { from: '25:00', to: '26:00' } }, /time such as/);
  });

  it('cannot rename what the venue names', () => {
    const { book } = openPolicy({ names: { payee, treasury: thief } });
    assert.equal(book.names.get(thief), undefined);
    assert.equal(book.names.get(token), 'tUSD');
  });
});
