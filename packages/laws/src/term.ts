/**
 * The term language in which laws are stated: whole numbers, booleans, 32-byte hashes, records and
 * lists of records. Terms are plain data; the functions below only spare the writer braces.
 *
 * Numbers are unbounded in the meaning of a term. Every input has a declared width, a value outside
 * its width makes the verdict false, and `bounds.ts` proves that no term can leave int256 when all
 * inputs are inside theirs. So the EVM, which has only 256 bits, comes to the same verdict.
 */

/** Operators on two numbers that give a number. */
export type ArithmeticOp = 'add' | 'sub' | 'mul' | 'min' | 'max';
/** Operators on two numbers (or, for `eq`, two hashes) that give a boolean. */
export type CompareOp = 'lt' | 'le' | 'eq';

/** A term. Variables are paths: `price`, or `before.tickValue` for a field of a record. */
export type Term =
  | { readonly op: 'int'; readonly value: bigint }
  | { readonly op: 'var'; readonly path: string }
  | { readonly op: ArithmeticOp; readonly a: Term; readonly b: Term }
  | { readonly op: 'abs'; readonly a: Term }
  | { readonly op: CompareOp; readonly a: Term; readonly b: Term }
  | { readonly op: 'and' | 'or'; readonly all: readonly Term[] }
  | { readonly op: 'not'; readonly a: Term }
  | { readonly op: 'if'; readonly cond: Term; readonly a: Term; readonly b: Term }
  | {
      readonly op: 'sum' | 'forall' | 'exists';
      readonly list: string;
      readonly as: string;
      readonly body: Term;
    };

/** A term, or shorthand: text is a variable path, a number a literal. */
export type Expr = Term | string | number | bigint;

/** Shorthand to term. */
export function term(e: Expr): Term {
  if (typeof e === 'string') return { op: 'var', path: e };
  if (typeof e === 'number' || typeof e === 'bigint') return { op: 'int', value: BigInt(e) };
  return e;
}

const two =
  <O extends ArithmeticOp | CompareOp>(op: O) =>
  (a: Expr, b: Expr): Term =>
    ({ op, a: term(a), b: term(b) }) as Term;

/** a + b */
export const add = two('add');
/** a − b */
export const sub = two('sub');
/** a · b */
export const mul = two('mul');
/** the smaller */
export const min = two('min');
/** the larger */
export const max = two('max');
/** a < b */
export const lt = two('lt');
/** a ≤ b */
export const le = two('le');
/** a = b */
export const eq = two('eq');
/** a > b */
export const gt = (a: Expr, b: Expr): Term => lt(b, a);
/** a ≥ b */
export const ge = (a: Expr, b: Expr): Term => le(b, a);
/** |a| */
export const abs = (a: Expr): Term => ({ op: 'abs', a: term(a) });
/** A conjunct that is itself a conjunction is spread out, so that terms stay shallow. */
function many(op: 'and' | 'or', all: readonly Expr[]): Term {
  return { op, all: all.map(term).flatMap((part) => (part.op === op ? part.all : [part])) };
}

/** all hold */
export const and = (...all: Expr[]): Term => many('and', all);
/** at least one holds */
export const or = (...all: Expr[]): Term => many('or', all);
/** does not hold */
export const not = (a: Expr): Term => ({ op: 'not', a: term(a) });
/** if a then b */
export const implies = (a: Expr, b: Expr): Term => or(not(a), b);
/** a if cond, else b */
export const when = (cond: Expr, a: Expr, b: Expr): Term => ({
  op: 'if',
  cond: term(cond),
  a: term(a),
  b: term(b),
});

const over =
  (op: 'sum' | 'forall' | 'exists') =>
  (list: string, as: string, body: Expr): Term => ({ op, list, as, body: term(body) });

/** Σ body over the records of a list */
export const sum = over('sum');
/** body holds for every record of a list */
export const forall = over('forall');
/** body holds for some record of a list */
export const exists = over('exists');
