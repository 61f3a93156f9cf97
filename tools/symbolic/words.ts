/** The operations of the EVM on words of 256 bits, as terms. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import * as build from './build.ts';
import { eq, slt, ult } from './compare.ts';
import { signedRange, unsignedRange } from './range.ts';
import { constant, isConst, isValue, node, type Term } from './term.ts';

const { add, bitwise, complement, concat, ite, mul, sext, slice, sub, zext } = build;

const zero = constant(0n);
const word = (flag: Term): Term => zext(flag, 256);
const signed = ({ value }: Term): bigint => BigInt.asIntN(256, value);

/** Whether a word is not zero: what a jump asks. */
export const isTrue = (term: Term): Term => complement(eq(term, zero));

type Division = 'udiv' | 'urem' | 'sdiv' | 'srem';

function divide(op: Division, a: Term, b: Term): Term {
  if (isValue(b, 0n)) return constant(0n, a.width);
  if (isConst(a) && isConst(b)) return constant(quotient(op, a, b), a.width);
  const [least] = [a, b].map((term) => signedRange(term)[0]).sort((x, y) => (x < y ? -1 : 1));
  if (op === 'sdiv' && least! >= 0n) return divide('udiv', a, b);
  if (op === 'srem' && least! >= 0n) return divide('urem', a, b);
  if (op === 'udiv' || op === 'urem') {
    if (unsignedRange(a)[1] < unsignedRange(b)[0]) return op === 'udiv' ? constant(0n, a.width) : a;
    const bits = b.value.toString(2);
    if (isConst(b) && /^10*$/.test(bits)) {
      const zeros = bits.length - 1;
      if (zeros === 0) return op === 'udiv' ? a : constant(0n, a.width);
      if (op === 'urem') return zext(slice(a, 0, zeros), a.width);
      return zext(slice(a, zeros, a.width - zeros), a.width);
    }
  }
  const reduced = op === 'udiv' ? byCommonFactor(a, b) : undefined;
  if (reduced) return divide(op, ...reduced);
  const result = wholeQuotient(op, a, b) ?? node(op, a.width, [a, b]);
  const byZero = eq(b, constant(0n, b.width));
  return ite(byZero, constant(0n, a.width), result);
}

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));

/** A sum that did not wrap and a known divisor, both without the factor that they share. */
function byCommonFactor(a: Term, b: Term): [Term, Term] | undefined {
  const sum = isConst(b) ? build.exact(a, false) : undefined;
  if (!sum || sum.parts.size === 0) return undefined;
  const factors = [...sum.parts.values()];
  const common = [...factors, sum.value].reduce(gcd, b.value);
  if (common <= 1n || common === b.value || sum.value < 0n || factors.some((each) => each < 0n)) {
    return undefined;
  }
  const rest = factors.map((each) => each / common);
  const less = build.sum([...sum.parts.keys()], rest, sum.value / common, a.width);
  return [less, constant(b.value / common, b.width)];
}

/** A product that did not wrap, by one of its factors: what checked multiplication asks. */
function wholeQuotient(op: Division, a: Term, b: Term): Term | undefined {
  const isSigned = op === 'sdiv';
  const left = isSigned || op === 'udiv' ? build.exact(a, isSigned) : undefined;
  if (!left || !build.exact(b, isSigned)) return undefined;
  const { parts, value } = build.linear(b);
  const times = (left.parts.get([...parts.keys()][0]!) ?? 0n) / ([...parts.values()][0] ?? 1n);
  const isMultiple =
    left.parts.size === parts.size &&
    left.value === times * value &&
    [...parts].every(([term, factor]) => left.parts.get(term) === times * factor);
  if (isMultiple && parts.size > 0) return constant(times, a.width);
  const isSingle = parts.size === 1 && value === 0n;
  const [divisor, factor] = isSingle ? [...parts][0]! : isConst(b) ? [undefined, b.value] : [b, 1n];
  if (left.value % factor !== 0n || (divisor && left.value !== 0n)) return undefined;
  const rests: Term[] = [];
  for (const [term, times] of left.parts) {
    const rest = divisor ? build.withoutFactor(term, divisor) : term;
    if (times % factor !== 0n || !rest) return undefined;
    rests.push(rest);
  }
  const factors = [...left.parts.values()].map((times) => times / factor);
  return build.sum(rests, factors, left.value / factor, a.width);
}

function quotient(op: Division, a: Term, b: Term): bigint {
  if (op === 'udiv') return a.value / b.value;
  if (op === 'urem') return a.value % b.value;
  return op === 'sdiv' ? signed(a) / signed(b) : signed(a) % signed(b);
}

function power(base: Term, exponent: Term): Term {
  if (!isConst(base) || !isConst(exponent)) throw new Error('a power of what is not known');
  let [result, square, rest] = [1n, base.value, exponent.value];
  for (; rest > 0n; rest >>= 1n) {
    if (rest % 2n === 1n) result = BigInt.asUintN(256, result * square);
    square = BigInt.asUintN(256, square * square);
  }
  return constant(result);
}

function shift(op: 'shl' | 'lshr' | 'ashr', by: Term, term: Term): Term {
  if (!isConst(by)) return node(op, 256, [term, by]);
  const bits = by.value < 256n ? Number(by.value) : 256;
  if (bits === 0) return term;
  if (bits === 256) return op === 'ashr' ? sext(slice(term, 255, 1), 256) : zero;
  if (op === 'shl') return concat([constant(0n, bits), slice(term, 0, 256 - bits)]);
  const rest = slice(term, bits, 256 - bits);
  return op === 'lshr' ? zext(rest, 256) : sext(rest, 256);
}

function signextend(from: Term, term: Term): Term {
  if (!isConst(from)) throw new Error('SIGNEXTEND from a byte that is not known');
  return from.value >= 31n ? term : sext(slice(term, 0, Number(from.value) * 8 + 8), 256);
}

function byteOf(index: Term, term: Term): Term {
  if (!isConst(index)) throw new Error('BYTE at an index that is not known');
  return index.value >= 32n ? zero : zext(slice(term, 248 - Number(index.value) * 8, 8), 256);
}

/** The remainder of a sum or product that does not wrap. */
function modular(combine: (a: Term, b: Term) => Term, a: Term, b: Term, by: Term): Term {
  const [x, y, z] = [a, b, by].map((term) => zext(term, 512)) as [Term, Term, Term];
  return slice(divide('urem', combine(x, y), z), 0, 256);
}

/** Keccak-256: of known bytes its value, of others an unknown one that only equal bytes share. */
export function keccak(data: Term | undefined): Term {
  if (data && !isConst(data)) return node('hash', 256, [data]);
  const text = data ? data.value.toString(16).padStart(data.width / 4, '0') : '';
  const digest = Buffer.from(keccak_256(Buffer.from(text, 'hex')));
  return constant(BigInt(`0x${digest.toString('hex')}`));
}

/** Operations by opcode: each takes its operands in the order of the stack, the top first. */
export const operations: Readonly<Record<number, (...operands: [Term, Term, Term]) => Term>> = {
  1: add,
  2: mul,
  3: sub,
  4: (a, b) => divide('udiv', a, b),
  5: (a, b) => divide('sdiv', a, b),
  6: (a, b) => divide('urem', a, b),
  7: (a, b) => divide('srem', a, b),
  8: (a, b, by) => modular(add, a, b, by),
  9: (a, b, by) => modular(mul, a, b, by),
  10: power,
  11: signextend,
  16: (a, b) => word(ult(a, b)),
  17: (a, b) => word(ult(b, a)),
  18: (a, b) => word(slt(a, b)),
  19: (a, b) => word(slt(b, a)),
  20: (a, b) => word(eq(a, b)),
  21: (a) => word(eq(a, zero)),
  22: (a, b) => bitwise('and', a, b),
  23: (a, b) => bitwise('or', a, b),
  24: (a, b) => bitwise('xor', a, b),
  25: complement,
  26: byteOf,
  27: (by, term) => shift('shl', by, term),
  28: (by, term) => shift('lshr', by, term),
  29: (by, term) => shift('ashr', by, term),
};
