/**
 * Building of terms, simplified: whoever packs fields with shifts, masks and sums gets back the
 * fields themselves side by side, so that most of what is asked needs no solver. Every rule holds
 * for all values of the variables.
 */
import { pick, type Range, rawRange, signedRange, unsignedRange } from './range.ts';
import { constant, isConst, isOnes, isValue, node, ones, type Term } from './term.ts';

export const bit = (value: boolean): Term => constant(value ? 1n : 0n, 1);
/** Operands of what does not ask for their order, in one order. */
export const sorted = (...args: Term[]): Term[] => args.sort((a, b) => a.id - b.id);

/** `width` bits of a term from the bit `low` up. */
export function slice(term: Term, low: number, width: number): Term {
  const { op, args } = term;
  if (low < 0 || low + width > term.width) throw new Error('a slice outside of its term');
  if (width === term.width) return term;
  if (op === 'const') return constant(term.value >> BigInt(low), width);
  if (op === 'slice') return slice(args[0]!, low + Number(term.value), width);
  if (op === 'concat') return concat(overlap(args, low, width));
  if (op === 'sext') return sliceExtended(args[0]!, low, width);
  const cut = (arg: Term) => slice(arg, low, width);
  if (op === 'and' || op === 'or' || op === 'xor') return bitwise(op, cut(args[0]!), cut(args[1]!));
  if (op === 'ite') return ite(args[0]!, cut(args[1]!), cut(args[2]!));
  if (low === 0 && op === 'sum') return sum(args.map(cut), term.coefs, term.value, width);
  if (low === 0 && op === 'mul') return args.map(cut).reduce(mul);
  const found = node('slice', width, [term], { value: BigInt(low) });
  const [least, most] = unsignedRange(found);
  return least === most ? constant(least, width) : found;
}

function overlap(parts: readonly Term[], low: number, width: number): Term[] {
  const found: Term[] = [];
  let at = 0;
  for (const part of parts) {
    const from = Math.max(low, at);
    const to = Math.min(low + width, at + part.width);
    if (from < to) found.push(slice(part, from - at, to - from));
    at += part.width;
  }
  return found;
}

function sliceExtended(inner: Term, low: number, width: number): Term {
  if (low + width <= inner.width) return slice(inner, low, width);
  const from = Math.min(low, inner.width - 1);
  return sext(slice(inner, from, inner.width - from), width);
}

/** Terms side by side, the first lowest. */
export function concat(terms: readonly Term[]): Term {
  const out: Term[] = [];
  for (const part of terms.flatMap((each) => (each.op === 'concat' ? each.args : [each]))) {
    const last = out.at(-1);
    const joined = last && join(last, part);
    if (joined) out.pop();
    out.push(joined ?? part);
  }
  const [below, top] = out.slice(-2) as [Term, Term?];
  if (top && isValue(top, 0n)) {
    const wide = lifted(below, below.width + top.width, false);
    if (wide) return concat([...out.slice(0, -2), wide]);
  }
  const width = out.reduce((bits, part) => bits + part.width, 0);
  return out.length === 1 ? out[0]! : node('concat', width, out);
}

/** Two neighbours as one term, if both are known or parts of the same. */
function join(low: Term, high: Term): Term | undefined {
  const width = low.width + high.width;
  if (isConst(low) && isConst(high)) {
    return constant((high.value << BigInt(low.width)) | low.value, width);
  }
  if (high.op !== 'slice') return undefined;
  const from = Number(high.value) - low.width;
  if (from < 0 || slice(high.args[0]!, from, low.width) !== low) return undefined;
  return slice(high.args[0]!, from, width);
}

export const zext = (term: Term, width: number): Term =>
  width === term.width ? term : concat([term, constant(0n, width - term.width)]);

/** A term with its highest bit repeated up to `width`. */
export function sext(term: Term, width: number): Term {
  if (width === term.width) return term;
  if (term.op === 'sext') return sext(term.args[0]!, width);
  if (isConst(term)) return constant(BigInt.asIntN(term.width, term.value), width);
  const isPlain = unsignedRange(term)[1] <= ones(term.width - 1);
  if (isPlain || isValue(slice(term, term.width - 1, 1), 0n)) return zext(term, width);
  return lifted(term, width, true) ?? node('sext', width, [term]);
}

/** The wider term whose low part this is, or that computes the same, if nothing was lost. */
function lifted(term: Term, width: number, isSigned: boolean): Term | undefined {
  const { op, args } = term;
  const limits: Range = isSigned
    ? [-(1n << BigInt(term.width - 1)), ones(term.width - 1)]
    : [0n, ones(term.width)];
  const fits = ([low, high]: Range) => low >= limits[0] && high <= limits[1];
  if (op === 'slice' && term.value === 0n && args[0]!.width >= width) {
    const wide = slice(args[0]!, 0, width);
    return fits(isSigned ? signedRange(wide) : unsignedRange(wide)) ? wide : undefined;
  }
  if ((op !== 'sum' && op !== 'mul') || !fits(rawRange(term))) return undefined;
  const wide = args.map((arg) => (pick(arg).isSigned ? sext(arg, width) : zext(arg, width)));
  if (op === 'mul') return wide.reduce(mul);
  const signed = (value: bigint) => BigInt.asIntN(term.width, value);
  return sum(wide, term.coefs.map(signed), signed(term.value), width);
}

/** And, or, exclusive or: field by field where the fields of an operand are known. */
export function bitwise(op: 'and' | 'or' | 'xor', a: Term, b: Term): Term {
  if (isConst(a) && isConst(b)) {
    const results = { and: a.value & b.value, or: a.value | b.value, xor: a.value ^ b.value };
    return constant(results[op], a.width);
  }
  if (a.op === 'sext' && b.op === 'sext') {
    const width = Math.max(a.args[0]!.width, b.args[0]!.width);
    return sext(bitwise(op, slice(a, 0, width), slice(b, 0, width)), a.width);
  }
  const fields = fieldsOf(a, b, [...edges(a), ...edges(b)]);
  if (fields.length > 1) return concat(fields.map(([x, y]) => bitwise(op, x, y)));
  for (const [known, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (isValue(known, 0n)) return op === 'and' ? known : other;
    if (isOnes(known) && op !== 'xor') return op === 'and' ? other : known;
    if (isOnes(known)) return complement(other);
  }
  if (a === b) return op === 'xor' ? constant(0n, a.width) : a;
  const absorbing = constant(op === 'and' ? 0n : -1n, a.width);
  if (complement(a) === b) return absorbing;
  for (const [part, whole] of [
    [a, b],
    [b, a],
  ] as const) {
    if (op === 'xor' || whole.op !== op) continue;
    if (whole.args.includes(part)) return whole;
    if (whole.args.includes(complement(part))) return absorbing;
  }
  return node(op, a.width, sorted(a, b));
}

/** Every bit turned; of a truth value, its opposite. */
export function complement(term: Term): Term {
  const { op, args, width } = term;
  if (isConst(term)) return constant(~term.value, width);
  if (op === 'xor' && args.some(isOnes)) return args.find((arg) => !isOnes(arg))!;
  if (op === 'sext') return sext(complement(args[0]!), width);
  return node('xor', width, sorted(term, constant(-1n, width)));
}

/** Two words in pieces that end where `ends` says. */
export function fieldsOf(a: Term, b: Term, ends: readonly number[]): [Term, Term][] {
  let from = 0;
  return [...new Set(ends)]
    .sort((x, y) => x - y)
    .map((to) => {
      const piece = (term: Term) => slice(term, from, to - from);
      const field: [Term, Term] = [piece(a), piece(b)];
      from = to;
      return field;
    });
}

/** Where the fields of a term end: of a constant, its runs of equal bits. */
export function edges(term: Term): number[] {
  if (term.op === 'concat') {
    let end = 0;
    return term.args.map((part) => {
      end += part.width;
      return end;
    });
  }
  if (!isConst(term)) return [term.width];
  const bits = term.value.toString(2).padStart(term.width, '0');
  return [...bits.matchAll(/0+|1+/g)].map(({ index }) => term.width - index);
}

export function ite(condition: Term, yes: Term, no: Term): Term {
  if (isConst(condition)) return condition.value === 1n ? yes : no;
  if (yes === no) return yes;
  if (yes.width === 1 && (isConst(yes) || isConst(no))) {
    if (isValue(yes, 1n)) return bitwise('or', condition, no);
    if (isValue(no, 0n)) return bitwise('and', condition, yes);
    const other = complement(condition);
    return isConst(yes) ? bitwise('and', other, no) : bitwise('or', other, yes);
  }
  if (condition.op === 'xor' && condition.args.some(isOnes)) {
    return ite(complement(condition), no, yes);
  }
  return node('ite', yes.width, [condition, yes, no]);
}

/** Operands with their factors, and a constant. */
type Linear = { parts: Map<Term, bigint>; value: bigint };

/** A word as a sum of products with factors, which may be beyond its width. */
export function linear(term: Term): Linear {
  const found: Linear = { parts: new Map(), value: 0n };
  addTo(found, term, 1n);
  return found;
}

/**
 * A word as a sum of integers, each operand read as `pick` does, if that is what the word is read
 * as and nothing wraps; with the bounds of the sum.
 */
export function exact(term: Term, isSigned: boolean): (Linear & { range: Range }) | undefined {
  const found = linear(term);
  const range = rangeOf(found);
  const half = 1n << BigInt(term.width - 1);
  const [least, most] = isSigned ? [-half, half - 1n] : [0n, 2n * half - 1n];
  return range[0] >= least && range[1] <= most ? { ...found, range } : undefined;
}

/** Bounds of a sum of integers, each operand read as `pick` does. */
export function rangeOf({ parts, value }: Linear): Range {
  let [low, high] = [value, value];
  for (const [term, factor] of parts) {
    const [least, most] = term.op === 'mul' ? rawRange(term) : pick(term).range;
    low += factor * (factor < 0n ? most : least);
    high += factor * (factor < 0n ? least : most);
  }
  return [low, high];
}

function addTo(to: Linear, term: Term, factor: bigint): void {
  const { op, args, width } = term;
  if (isConst(term)) to.value += factor * term.value;
  else if (op === 'sum') {
    const signed = (value: bigint) => factor * BigInt.asIntN(width, value);
    to.value += signed(term.value);
    for (const [at, arg] of args.entries()) addTo(to, arg, signed(term.coefs[at]!));
  } else if (op === 'xor' && args.some(isOnes)) {
    to.value -= factor;
    addTo(to, complement(term), -factor);
  } else if (op === 'concat' && isConst(args[0]!)) {
    const { width: zeros, value } = args[0]!;
    to.value += factor * value;
    const rest = slice(term, zeros, width - zeros);
    const base = rest.op === 'slice' && rest.value === 0n ? rest.args[0]! : undefined;
    const extend = pick(rest).isSigned ? sext : zext;
    const wide = base && base.width >= width ? slice(base, 0, width) : extend(rest, width);
    addTo(to, wide, factor << BigInt(zeros));
  } else to.parts.set(term, (to.parts.get(term) ?? 0n) + factor);
}

const zerosOf = (value: bigint, width: number): number => {
  const bits = BigInt.asUintN(width, value);
  return bits === 0n ? width : bits.toString(2).length - bits.toString(2).lastIndexOf('1') - 1;
};

/** Sum of products with factors, and of a constant; like operands are taken together. */
export function sum(
  terms: readonly Term[],
  factors: readonly bigint[],
  value: bigint,
  width: number,
): Term {
  const all: Linear = { parts: new Map(), value };
  for (const [at, term] of terms.entries()) addTo(all, term, factors[at]!);
  const rest = BigInt.asUintN(width, all.value);
  const parts = [...all.parts]
    .map(([term, factor]) => ({ term, factor: BigInt.asUintN(width, factor) }))
    .filter(({ factor }) => factor !== 0n)
    .sort((a, b) => a.term.id - b.term.id);
  const [first] = parts;
  if (!first) return constant(rest, width);
  if (parts.length === 1 && rest === 0n && first.factor === 1n) return first.term;
  if (parts.length === 1 && width > 1) {
    const flag = flagOf(first.term);
    if (flag && rest !== 0n) {
      return ite(flag, constant(first.factor + rest, width), constant(rest, width));
    }
  }
  const low = lowPart(parts, rest, width);
  if (low) return low;
  const coefs = parts.map(({ factor }) => factor);
  return node(
    'sum',
    width,
    parts.map(({ term }) => term),
    { value: rest, coefs },
  );
}

/** A truth value that is the whole of a word. */
function flagOf({ op, args }: Term): Term | undefined {
  const isFlag = op === 'concat' && args.length === 2 && args[0]!.width === 1;
  return isFlag && isValue(args[1]!, 0n) ? args[0] : undefined;
}

type Part = { term: Term; factor: bigint };

/** A sum whose low bits are known, or the low fields of one operand, as those beside the rest. */
function lowPart(parts: readonly Part[], value: bigint, width: number): Term | undefined {
  const zeros = parts.map(({ factor }) => zerosOf(factor, width));
  const bits = Math.min(...zeros);
  const lone = bits === 0 ? loneFields(parts, zeros, value) : undefined;
  const low = lone?.bits ?? bits;
  if (low === 0 || low >= width) return undefined;
  const rest = width - low;
  const terms = parts.map(({ term }) =>
    term === lone?.term ? slice(term, low, rest) : slice(term, 0, rest),
  );
  const factors = parts.map(({ term, factor }) =>
    term === lone?.term ? 1n : factor >> BigInt(low),
  );
  const below = lone ? slice(lone.term, 0, low) : constant(value, low);
  return concat([below, sum(terms, factors, value >> BigInt(low), rest)]);
}

/** The operand whose low fields no other operand reaches, and how many bits they are. */
function loneFields(parts: readonly Part[], zeros: readonly number[], value: bigint) {
  const [lone, ...more] = parts.filter((_, at) => zeros[at]! < 8);
  if (!lone || more.length > 0 || lone.factor !== 1n || parts.length === 1) return undefined;
  const { term } = lone;
  const least = Math.min(...zeros.filter((count) => count >= 8));
  const ends = term.op === 'var' ? [least] : term.op === 'concat' ? edges(term) : [];
  const bits = Math.max(0, ...ends.filter((end) => end <= least));
  const isField = bits > 0 && !isValue(slice(term, bits, term.width - bits), 0n);
  return isField && BigInt.asUintN(bits, value) === 0n ? { term, bits } : undefined;
}

export const add = (a: Term, b: Term): Term => sum([a, b], [1n, 1n], 0n, a.width);
export const sub = (a: Term, b: Term): Term => sum([a, b], [1n, -1n], 0n, a.width);

/** Product; known factors go to the front. */
export function mul(a: Term, b: Term): Term {
  const width = a.width;
  if (isConst(a) || isConst(b)) {
    const [known, other] = isConst(a) ? [a, b] : [b, a];
    if (other.op === 'ite' && isConst(other.args[1]!) && isConst(other.args[2]!)) {
      return ite(other.args[0]!, mul(other.args[1]!, known), mul(other.args[2]!, known));
    }
    return sum([other], [known.value], 0n, width);
  }
  for (const [choice, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const flag = flagOf(choice);
    if (flag) return ite(flag, other, constant(0n, width));
    const { op, args } = choice;
    if (op === 'ite' && isConst(args[1]!) && isConst(args[2]!)) {
      return ite(args[0]!, mul(args[1]!, other), mul(args[2]!, other));
    }
    const { parts, value } = linear(choice);
    const [part, ...more] = parts;
    if (part && more.length === 0 && value === 0n && part[1] !== 1n) {
      return sum([mul(part[0], other)], [part[1]], 0n, width);
    }
  }
  const factors = [a, b].flatMap((each) => (each.op === 'mul' ? each.args : [each]));
  return node('mul', width, sorted(...factors));
}

/** A product without the factors of another, if it has them all. */
export function withoutFactor(term: Term, factor: Term): Term | undefined {
  const factorsOf = (each: Term) => (each.op === 'mul' ? each.args : [each]);
  const rest = [...factorsOf(term)];
  for (const each of factorsOf(factor)) {
    const at = rest.indexOf(each);
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return rest.reduce(mul, constant(1n, term.width));
}
