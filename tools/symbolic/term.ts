/**
 * Terms: what is known of a word when its inputs are not. A term stands for the bits of a word of
 * any width, a truth value for a word of one bit. Equal terms are one object.
 */
export type Op =
  | ('const' | 'var' | 'slice' | 'concat' | 'sext' | 'sum' | 'mul' | 'hash')
  | ('udiv' | 'urem' | 'sdiv' | 'srem' | 'shl' | 'lshr' | 'ashr')
  | ('and' | 'or' | 'xor' | 'eq' | 'ult' | 'slt' | 'ite');

/**
 * @property width Bits.
 * @property args Operands; of `concat` from the low bits up.
 * @property value Of `const` its value, of `slice` its lowest bit, of `sum` its constant.
 * @property coefs Of `sum`: one factor for each operand, below 2^width.
 * @property name Of `var`.
 */
export type Term = {
  readonly id: number;
  readonly op: Op;
  readonly width: number;
  readonly args: readonly Term[];
  readonly value: bigint;
  readonly coefs: readonly bigint[];
  readonly name: string;
};

type Rest = { value?: bigint; coefs?: readonly bigint[]; name?: string };

const known = new Map<string, Term>();

/** The one term of this shape, as it stands: `build.ts` simplifies first. */
export function node(op: Op, width: number, args: readonly Term[], rest: Rest = {}): Term {
  if (width < 1) throw new Error(`a term ${op} of ${width} bits`);
  const { value = 0n, coefs = [], name = '' } = rest;
  const key = `${op} ${width} ${args.map(({ id }) => id).join()} ${value} ${coefs.join()} ${name}`;
  const found = known.get(key);
  if (found) return found;
  const term = { id: known.size, op, width, args, value, coefs, name };
  known.set(key, term);
  return term;
}

/** The largest value of a width. */
export const ones = (width: number): bigint => (1n << BigInt(width)) - 1n;

/** A value as a word; negative ones wrap. */
export const constant = (value: bigint, width = 256): Term =>
  node('const', width, [], { value: BigInt.asUintN(width, value) });

export const variable = (name: string, width: number): Term => node('var', width, [], { name });

export const isConst = ({ op }: Term): boolean => op === 'const';

export const isValue = ({ op, value }: Term, wanted: bigint): boolean =>
  op === 'const' && value === wanted;

export const isOnes = (term: Term): boolean => isValue(term, ones(term.width));
