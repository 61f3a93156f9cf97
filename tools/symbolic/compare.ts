/** Comparisons as terms of one bit, decided where fields or bounds decide them. */
import {
  bit,
  bitwise,
  complement,
  edges,
  exact,
  fieldsOf,
  ite,
  rangeOf,
  slice,
  sorted,
  sub,
  sum,
} from './build.ts';
import { type Range, signedRange, unsignedRange } from './range.ts';
import { constant, isConst, isValue, node, type Term } from './term.ts';

/** The difference of two words as they are read: its bounds, and a word if it is a single part. */
function difference(a: Term, b: Term, isSigned: boolean) {
  const [left, right] = [exact(a, isSigned), exact(b, isSigned)];
  if (!left || !right) return undefined;
  const parts = new Map(left.parts);
  for (const [term, factor] of right.parts) parts.set(term, (parts.get(term) ?? 0n) - factor);
  for (const [term, factor] of parts) if (factor === 0n) parts.delete(term);
  const found = { parts, value: left.value - right.value };
  const range: Range = rangeOf(found);
  const half = 1n << BigInt(a.width - 1);
  const isLess = parts.size < left.parts.size + right.parts.size - 1;
  if (!isLess || range[0] < -half || range[1] >= half) return { range };
  const factors = [...parts.values()];
  return { range, word: sum([...parts.keys()], factors, found.value, a.width) };
}

/** Whether a word is less than another, as far as bounds tell. */
function lessByRange(a: Term, b: Term, isSigned: boolean): Term | undefined {
  const [[low, high], [least, most]] = isSigned
    ? [signedRange(a), signedRange(b)]
    : [unsignedRange(a), unsignedRange(b)];
  if (a === b || low >= most) return bit(false);
  if (high < least) return bit(true);
  const away = difference(a, b, isSigned);
  if (!away) return undefined;
  if (away.range[0] >= 0n) return bit(false);
  if (away.range[1] < 0n) return bit(true);
  return away.word && slice(away.word, a.width - 1, 1);
}

/** Whether two words are equal: field by field where both have fields. */
export function eq(a: Term, b: Term): Term {
  if (a === b) return bit(true);
  if (isConst(a) && isConst(b)) return bit(a.value === b.value);
  const [[low, high], [least, most]] = [unsignedRange(a), unsignedRange(b)];
  if (high < least || most < low) return bit(false);
  if (a.width === 1) return complement(bitwise('xor', a, b));
  const ends = [a, b].flatMap((each) => (isConst(each) ? [a.width] : edges(each)));
  if ([a, b].every(({ op }) => op === 'concat' || op === 'const')) {
    const fields = fieldsOf(a, b, ends).map(([x, y]) => eq(x, y));
    if (fields.length > 1) return fields.reduce((x, y) => bitwise('and', x, y));
  }
  if (a.op === 'sext' && b.op === 'sext' && a.args[0]!.width === b.args[0]!.width) {
    return eq(a.args[0]!, b.args[0]!);
  }
  if (a.op === 'sum' || b.op === 'sum') {
    const difference = sub(a, b);
    if (isConst(difference)) return bit(difference.value === 0n);
  }
  for (const [choice, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (choice.op === 'xor' && isValue(other, 0n)) return eq(choice.args[0]!, choice.args[1]!);
    if (choice.op !== 'ite') continue;
    const [flag, yes, no] = choice.args as [Term, Term, Term];
    const [same, different] = [eq(yes, other), eq(no, other)];
    if (isConst(same) || isConst(different)) return ite(flag, same, different);
  }
  return node('eq', 1, sorted(a, b));
}

/** Whether a word is less than another, both unsigned. */
export function ult(a: Term, b: Term): Term {
  const known = lessByRange(a, b, false);
  if (known) return known;
  if (isValue(a, 0n)) return complement(eq(b, a));
  return isValue(b, 1n) ? eq(a, constant(0n, a.width)) : node('ult', 1, [a, b]);
}

/** Whether a word is less than another, both signed. */
export function slt(a: Term, b: Term): Term {
  const known = lessByRange(a, b, true);
  if (known) return known;
  if (signedRange(a)[0] >= 0n && signedRange(b)[0] >= 0n) return ult(a, b);
  return isValue(b, 0n) ? slice(a, a.width - 1, 1) : node('slt', 1, [a, b]);
}
