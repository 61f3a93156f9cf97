/** The term language by cases: what each operator means, its type and its interval, its text. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Law, mutantsOf, show, verdict } from '@holdfast/laws';
import { AssertionError } from '@holdfast/units';
import { boundsOf, typeOf } from '../src/bounds.ts';
import { evaluate, fits } from '../src/evaluate.ts';
import { bool, bytes32, type InputType, int, isScalarLaw, list, range, uint } from '../src/law.ts';
import {
  abs,
  add,
  and,
  eq,
  exists,
  forall,
  ge,
  gt,
  implies,
  le,
  lt,
  max,
  min,
  mul,
  not,
  or,
  sub,
  sum,
  type Term,
  term,
  when,
} from '../src/term.ts';

const row = {
  kind: 'record',
  name: 'Row',
  doc: '',
  fields: { side: int(8, ''), on: bool('') },
} as const;
const hash = `0x${'0a'.repeat(32)}`;
const scope = {
  x: uint(8, ''),
  y: int(8, ''),
  yes: bool(''),
  no: bool(''),
  h: bytes32(''),
  k: bytes32(''),
  own: row,
  rows: list(row, ''),
  none: list(row, ''),
};
const values = {
  x: 7,
  y: -5n,
  yes: true,
  no: false,
  h: hash,
  k: `0x${'0b'.repeat(32)}`,
  own: { side: 3, on: true },
  rows: [
    { side: 4, on: true },
    { side: -6, on: false },
  ],
  none: [],
};

/** Term, its value with x = 7 and y = −5, its interval if it is a number, its text. */
const cases: [Term, bigint | boolean, [bigint, bigint] | undefined, string][] = [
  [term(12), 12n, [12n, 12n], '12'],
  [term(1_234_567), 1_234_567n, [1_234_567n, 1_234_567n], '1_234_567'],
  [term(1n << 20n), 1n << 20n, [1n << 20n, 1n << 20n], '2^20'],
  [term(1n << 19n), 1n << 19n, [1n << 19n, 1n << 19n], '524_288'],
  [term('x'), 7n, [0n, 255n], 'x'],
  [term('y'), -5n, [-128n, 127n], 'y'],
  [term('own.side'), 3n, [-128n, 127n], 'own.side'],
  [add('x', 'y'), 2n, [-128n, 382n], 'x + y'],
  [sub('x', 'y'), 12n, [-127n, 383n], 'x − y'],
  [mul('x', 'y'), -35n, [-32_640n, 32_385n], 'x · y'],
  [mul('y', 'y'), 25n, [-16_256n, 16_384n], 'y · y'],
  [min('x', 'y'), -5n, [-128n, 127n], 'min(x, y)'],
  [max('x', 'y'), 7n, [0n, 255n], 'max(x, y)'],
  [min('x', 9), 7n, [0n, 9n], 'min(x, 9)'],
  [max('x', 9), 9n, [9n, 255n], 'max(x, 9)'],
  [abs('y'), 5n, [0n, 128n], '|y|'],
  [abs('x'), 7n, [0n, 255n], '|x|'],
  [abs(sub('y', 200)), 205n, [73n, 328n], '|y − 200|'],
  [abs(add('x', 9)), 16n, [9n, 264n], '|x + 9|'],
  [when('yes', 'x', 'y'), 7n, [-128n, 255n], 'yes ? x : y'],
  [when('no', 'x', 'y'), -5n, [-128n, 255n], 'no ? x : y'],
  [sum('rows', 'p', 'p.side'), -2n, [-(1n << 39n), 127n << 32n], 'Σ p ∈ rows: p.side'],
  [sum('rows', 'p', add('p.side', 300)), 598n, [0n, 427n << 32n], 'Σ p ∈ rows: (p.side + 300)'],
  [sum('rows', 'p', sub('p.side', 300)), -602n, [-428n << 32n, 0n], 'Σ p ∈ rows: (p.side − 300)'],
  [sum('none', 'p', 'p.side'), 0n, [-(1n << 39n), 127n << 32n], 'Σ p ∈ none: p.side'],
  [mul(add('x', 1), 'y'), -40n, [-32_768n, 32_512n], '(x + 1) · y'],
  [sub('x', add('y', 1)), 11n, [-128n, 382n], 'x − (y + 1)'],
  [sub(sub('x', 'y'), 1), 11n, [-128n, 382n], 'x − y − 1'],
  [mul('x', mul('y', 2)), -70n, [-65_280n, 64_770n], 'x · (y · 2)'],
  [mul(mul('x', 'y'), 2), -70n, [-65_280n, 64_770n], 'x · y · 2'],
  [mul(sub('y', 200), 'y'), 1_025n, [-41_656n, 41_984n], '(y − 200) · y'],
  [add('x', mul('y', 2)), -3n, [-256n, 509n], 'x + y · 2'],
  [sub('x', sub('y', 1)), 13n, [-126n, 384n], 'x − (y − 1)'],
  [lt('y', 'x'), true, undefined, 'y < x'],
  [lt('x', 7), false, undefined, 'x < 7'],
  [le('x', 7), true, undefined, 'x ≤ 7'],
  [le('x', 6), false, undefined, 'x ≤ 6'],
  [gt('x', 6), true, undefined, '6 < x'],
  [gt('x', 7), false, undefined, '7 < x'],
  [ge('x', 7), true, undefined, '7 ≤ x'],
  [ge('x', 8), false, undefined, '8 ≤ x'],
  [eq('x', 7), true, undefined, 'x = 7'],
  [eq('x', 8), false, undefined, 'x = 8'],
  [eq('h', 'h'), true, undefined, 'h = h'],
  [eq('h', 'k'), false, undefined, 'h = k'],
  [not(eq('h', 'k')), true, undefined, 'h ≠ k'],
  [not('yes'), false, undefined, '¬yes'],
  [not('no'), true, undefined, '¬no'],
  [not(and('yes', 'no')), true, undefined, '¬(yes ∧ no)'],
  [and('yes', 'yes'), true, undefined, 'yes ∧ yes'],
  [and('yes', 'no'), false, undefined, 'yes ∧ no'],
  [and(), true, undefined, ''],
  [or('no', 'yes'), true, undefined, 'no ∨ yes'],
  [or('no', 'no'), false, undefined, 'no ∨ no'],
  [or(), false, undefined, ''],
  [and('yes', and('no', 'yes')), false, undefined, 'yes ∧ no ∧ yes'],
  [or('no', and('yes', 'yes')), true, undefined, 'no ∨ (yes ∧ yes)'],
  [implies('yes', 'no'), false, undefined, '¬yes ∨ no'],
  [implies('no', 'no'), true, undefined, '¬no ∨ no'],
  [when('yes', lt('x', 8), 'no'), true, undefined, 'yes ? x < 8 : no'],
  [forall('rows', 'p', 'p.on'), false, undefined, '∀ p ∈ rows: p.on'],
  [forall('rows', 'p', lt('p.side', 'x')), true, undefined, '∀ p ∈ rows: p.side < x'],
  [forall('none', 'p', 'p.on'), true, undefined, '∀ p ∈ none: p.on'],
  [exists('rows', 'p', 'p.on'), true, undefined, '∃ p ∈ rows: p.on'],
  [exists('rows', 'p', eq('p.side', 'x')), false, undefined, '∃ p ∈ rows: p.side = x'],
  [exists('rows', 'p', and('p.on', 'yes')), true, undefined, '∃ p ∈ rows: (p.on ∧ yes)'],
  [exists('none', 'p', 'p.on'), false, undefined, '∃ p ∈ none: p.on'],
];

describe('terms', () => {
  for (const [made, value, interval, text] of cases) {
    it(`mean, lie and read as they should: ${text || made.op}`, () => {
      assert.equal(evaluate(made, values), value);
      const known = boundsOf(made, scope);
      if (interval === undefined) assert.deepEqual(known, { kind: 'bool' });
      else assert.deepEqual(known, { kind: 'int', low: interval[0], high: interval[1] });
      assert.equal(show(made), text);
    });
  }

  it('have variables of every scalar type', () => {
    assert.deepEqual(boundsOf(term('h'), scope), { kind: 'bytes32' });
    assert.deepEqual(boundsOf(term('own.on'), scope), { kind: 'bool' });
    assert.equal(typeOf('own.side', scope), row.fields.side);
    assert.throws(() => evaluate(term('gone'), values), /no variable gone/);
    assert.equal(evaluate(term('h'), values), hash);
  });

  it('are refused when ill-typed, each for its reason', () => {
    const wide = { ...scope, w: int(160, '') };
    const bad: [Term, RegExp][] = [
      [term('gone'), /no variable gone/],
      [term('x.side'), /x is not a record/],
      [term('own.gone'), /no field own\.gone/],
      [term('own'), /own is not a value/],
      [term('rows'), /rows is not a value/],
      [lt('yes', 1), /var is not a number/],
      [lt(1, 'yes'), /var is not a number/],
      [le('h', 'k'), /var is not a number/],
      [abs('yes'), /var is not a number/],
      [add('x', 'yes'), /var is not a number/],
      [eq('x', 'h'), /eq of different kinds/],
      [eq('yes', 'no'), /eq of different kinds/],
      [and('yes', 'x'), /var is not a boolean/],
      [or('x'), /var is not a boolean/],
      [not('x'), /var is not a boolean/],
      [when('x', 1, 2), /var is not a boolean/],
      [when('yes', 1, 'no'), /branches of different kinds/],
      [sum('x', 'p', 1), /x is not a list/],
      [sum('rows', 'p', 'p.on'), /var is not a number/],
      [sum('rows', 'x', 1), /x hides another variable/],
      [forall('rows', 'p', 'p.side'), /var is not a boolean/],
      [exists('rows', 'p', 'p.side'), /var is not a boolean/],
      [mul('w', 'w'), /can leave int256/],
      [sub(0, mul(mul('x', 1n << 247n), 2)), /can leave int256/],
    ];
    for (const [made, reason] of bad) {
      assert.throws(
        () => boundsOf(made, wide),
        (error) => {
          assert.ok(error instanceof AssertionError, String(error));
          assert.match(error.message, reason);
          return true;
        },
      );
    }
  });

  it('may come to the ends of int256 and no further', () => {
    const one = 1n << 255n;
    assert.deepEqual(boundsOf(term(one - 1n), {}), { kind: 'int', low: one - 1n, high: one - 1n });
    assert.deepEqual(boundsOf(term(-one), {}), { kind: 'int', low: -one, high: -one });
    assert.throws(() => boundsOf(term(one), {}), /can leave int256/);
    assert.throws(() => boundsOf(term(-one - 1n), {}), /can leave int256/);
  });
});

describe('types', () => {
  it('have the range of their width', () => {
    assert.deepEqual(range(uint(8, '')), { low: 0n, high: 255n });
    assert.deepEqual(range(int(8, '')), { low: -128n, high: 127n });
  });

  it('fit values that are whole, inside, and whole in every field', () => {
    const rows = list(row, '');
    const good: [InputType, unknown][] = [
      ...([0, 255, 0n, 255n] as const).map((value): [InputType, unknown] => [uint(8, ''), value]),
      ...([-128, 127, -128n, 127n] as const).map((value): [InputType, unknown] => [
        int(8, ''),
        value,
      ]),
      [bool(''), true],
      [bool(''), false],
      [bytes32(''), hash],
      [row, { side: 1, on: false }],
      [rows, []],
      [rows, [{ side: 1, on: false }]],
    ];
    for (const [type, value] of good) assert.equal(fits(type, value), true, String(value));
    const bad: [InputType, unknown][] = [
      ...[-1, 256, -1n, 256n, 0.5, Number.NaN, '1', undefined, null, true].map(
        (value): [InputType, unknown] => [uint(8, ''), value],
      ),
      ...[-129, 128, -129n, 128n].map((value): [InputType, unknown] => [int(8, ''), value]),
      ...[0, 'true', undefined].map((value): [InputType, unknown] => [bool(''), value]),
      ...['', `${hash}0`, `x${hash}`, hash.slice(0, -1), hash.toUpperCase(), 7, [hash]].map(
        (value): [InputType, unknown] => [bytes32(''), value],
      ),
      ...[null, 7, undefined, {}, { side: 1 }, { side: 1, on: 1 }, { side: 128, on: true }].map(
        (value): [InputType, unknown] => [row, value],
      ),
      ...[null, {}, 7, [{}], [{ side: 1, on: true }, 7]].map((value): [InputType, unknown] => [
        rows,
        value,
      ]),
    ];
    for (const [type, value] of bad) assert.equal(fits(type, value), false, String(value));
  });
});

describe('mutants of a law', () => {
  const law = (predicate: Term, more: Partial<Law> = {}): Law => ({
    id: 'L99',
    name: 'any',
    title: '',
    statement: '',
    assumes: '',
    inputs: scope,
    predicate,
    example: values as Law['example'],
    ...more,
  });
  const names = (predicate: Term, more: Partial<Law> = {}) =>
    mutantsOf(law(predicate, more)).map(
      ({ name, predicate: changed }) => `${name}: ${show(changed)}`,
    );

  it('change one node each, and are named after it', () => {
    const table: [Term, string[]][] = [
      [lt('x', 0), ['x < 0 not strict: x ≤ 0']],
      [le('x', 1), ['x ≤ 1 strict: x < 1', '1 + 1: x ≤ 2']],
      [eq('x', 'y'), ['x = y as ≤: x ≤ y', 'x = y as ≥: y ≤ x']],
      [not('yes'), ['¬yes without ¬: yes']],
      [and('yes', 'no'), ['without yes: no', 'without no: yes']],
      [or('yes', 'no'), ['without yes: no', 'without no: yes']],
      [forall('rows', 'p', 'p.on'), ['∀ as ∃ in ∀ p ∈ rows: p.on: ∃ p ∈ rows: p.on']],
      [exists('rows', 'p', 'p.on'), ['∃ as ∀ in ∃ p ∈ rows: p.on: ∀ p ∈ rows: p.on']],
      [lt(add('x', 'y'), 0), ['x + y < 0 not strict: x + y ≤ 0', 'x + y as −: x − y < 0']],
      [lt(sub('x', 'y'), 0), ['x − y < 0 not strict: x − y ≤ 0', 'x − y as +: x + y < 0']],
      [lt(abs('y'), 'x'), ['|y| < x not strict: |y| ≤ x', '|y| without | |: y < x']],
      [
        lt(min('x', 'y'), 0),
        ['min(x, y) < 0 not strict: min(x, y) ≤ 0', 'min(x, y) as max: max(x, y) < 0'],
      ],
      [
        lt(max('x', 'y'), 0),
        ['max(x, y) < 0 not strict: max(x, y) ≤ 0', 'max(x, y) as min: min(x, y) < 0'],
      ],
      [
        when('yes', lt('x', 0), not('no')),
        ['x < 0 not strict: yes ? x ≤ 0 : ¬no', '¬no without ¬: yes ? x < 0 : no'],
      ],
      [term('yes'), []],
    ];
    for (const [predicate, expected] of table) assert.deepEqual(names(predicate), expected);
  });

  it('are told apart by number where a term occurs twice', () => {
    assert.deepEqual(
      names(or(lt('x', 0), not(lt('x', 0)))).filter((name) => /not strict/.test(name)),
      ['x < 0 not strict: x ≤ 0 ∨ ¬x < 0', 'x < 0 not strict (2): x < 0 ∨ ¬x ≤ 0'],
    );
  });

  it('leave out the order of hashes and what the law calls equal', () => {
    assert.deepEqual(names(eq('h', 'k')), []);
    const equalMutants = ['x ≤ 1 strict'];
    assert.deepEqual(names(le('x', 1), { equalMutants }), ['1 + 1: x ≤ 2']);
  });

  it('can differ in verdict, and no input outside its width is ever lawful', () => {
    const [mutant] = mutantsOf(law(lt('x', 7)));
    assert.ok(mutant);
    assert.equal(verdict(law(lt('x', 7)), values as Law['example']), false);
    assert.equal(verdict(law(lt('x', 7)), values as Law['example'], mutant.predicate), true);
    assert.equal(verdict(law(lt('x', 999)), { ...values, y: 128n } as Law['example']), false);
  });

  it('are of scalar laws where no list is asked', () => {
    assert.equal(isScalarLaw(law(term('yes'))), false);
    assert.equal(isScalarLaw(law(term('yes'), { inputs: { x: uint(8, ''), own: row } })), true);
  });
});
