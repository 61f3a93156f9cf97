/**
 * Bounds of terms, over all values of their variables. What was required of them on a path does
 * not count here.
 */
import { ones, type Term } from './term.ts';

/** Least and greatest value, both included. */
export type Range = readonly [low: bigint, high: bigint];

const max = (a: bigint, b: bigint) => (a > b ? a : b);
const min = (a: bigint, b: bigint) => (a < b ? a : b);
const hull = ([a, b]: Range, [c, d]: Range): Range => [min(a, c), max(b, d)];

const raws = new Map<Term, Range>();

/**
 * Bounds of a sum or product of integers, each operand read as `pick` says: nothing wraps. Of any
 * other term bounds of a number that is its value modulo 2^width.
 */
export function rawRange(term: Term): Range {
  const known = raws.get(term);
  if (known) return known;
  const found = bounds(term);
  raws.set(term, found);
  return found;
}

/** Bounds of a word as an unsigned number. */
export const unsignedRange = (term: Term): Range => within(term, 0n, ones(term.width));

/** Bounds of a word as a signed number. */
export const signedRange = (term: Term): Range =>
  within(term, -(1n << BigInt(term.width - 1)), ones(term.width - 1));

/** The narrower of both readings, and whether it is the signed one. */
export function pick(term: Term): { range: Range; isSigned: boolean } {
  const [plain, signed] = [unsignedRange(term), signedRange(term)];
  const isSigned = signed[1] - signed[0] < plain[1] - plain[0];
  return { range: isSigned ? signed : plain, isSigned };
}

/** Bounds moved by a multiple of 2^width to where a reading has its values, if they fit there. */
function within(term: Term, least: bigint, greatest: bigint): Range {
  const [low, high] = rawRange(term);
  const size = 1n << BigInt(term.width);
  const away = low - least;
  const moved = (away - (((away % size) + size) % size)) as bigint;
  return high - moved <= greatest ? [low - moved, high - moved] : [least, greatest];
}

function bounds(term: Term): Range {
  const { op, width, args, value } = term;
  const all: Range = [0n, ones(width)];
  const [a, b] = args as [Term, Term];
  if (op === 'const') return [value, value];
  if (op === 'slice') {
    const [low, high] = unsignedRange(a).map((bound) => bound >> value) as [bigint, bigint];
    return high <= ones(width) ? [low, high] : all;
  }
  if (op === 'concat') return parts(args);
  if (op === 'sext') return signedRange(a);
  if (op === 'sum') return total(term);
  if (op === 'mul') return args.map((arg) => pick(arg).range).reduce(product);
  if (op === 'ite') {
    const [yes, no] = [args[1]!, args[2]!];
    const plain = hull(unsignedRange(yes), unsignedRange(no));
    const signed = hull(signedRange(yes), signedRange(no));
    return signed[1] - signed[0] < plain[1] - plain[0] ? signed : plain;
  }
  if (op === 'and') return [0n, min(unsignedRange(a)[1], unsignedRange(b)[1])];
  if (op === 'or' || op === 'xor') {
    const most = max(unsignedRange(a)[1], unsignedRange(b)[1]);
    return [0n, ones(most.toString(2).length)];
  }
  if (op === 'udiv') {
    const [[low, high], [least, most]] = [unsignedRange(a), unsignedRange(b)];
    return least === 0n ? all : [low / most, high / least];
  }
  if (op === 'urem') return [0n, min(unsignedRange(a)[1], max(unsignedRange(b)[1] - 1n, 0n))];
  return op === 'lshr' ? [0n, unsignedRange(a)[1]] : all;
}

function parts(args: readonly Term[]): Range {
  let [low, high, at] = [0n, 0n, 0n];
  for (const part of args) {
    const [least, most] = unsignedRange(part);
    low += least << at;
    high += most << at;
    at += BigInt(part.width);
  }
  return [low, high];
}

function total({ args, coefs, value, width }: Term): Range {
  let low = BigInt.asIntN(width, value);
  let high = low;
  for (const [at, arg] of args.entries()) {
    const factor = BigInt.asIntN(width, coefs[at]!);
    const [least, most] = product([factor, factor], pick(arg).range);
    low += least;
    high += most;
  }
  return [low, high];
}

function product([a, b]: Range, [c, d]: Range): Range {
  const ends = [a * c, a * d, b * c, b * d];
  return [ends.reduce(min), ends.reduce(max)];
}
