/** The type and the interval of every term: the proof that no term can leave int256. */
import { invariant, maxBig, minBig } from '@holdfast/units';
import { type InputType, isInt, range } from './law.ts';
import type { Term } from './term.ts';

/** What is known of a term before any input is. */
export type Known =
  | { readonly kind: 'int'; readonly low: bigint; readonly high: bigint }
  | { readonly kind: 'bool' }
  | { readonly kind: 'bytes32' };

/** Types of the variables in scope. */
export type Scope = Readonly<Record<string, InputType>>;

const wordHigh = (1n << 255n) - 1n;
/** Lists are shorter than this: they could not be held in memory otherwise. */
const listLengthMax = 1n << 32n;

/** The type of a variable path. @throws AssertionError if there is no such variable */
export function typeOf(path: string, scope: Scope): InputType {
  const [name = '', field] = path.split('.');
  const type = scope[name];
  invariant(type !== undefined, `no variable ${path}`);
  if (field === undefined) return type;
  invariant(type.kind === 'record', `${name} is not a record`);
  const inner = type.fields[field];
  invariant(inner !== undefined, `no field ${path}`);
  return inner;
}

/** The scope inside the body of a quantifier. */
export function inner(node: Extract<Term, { list: string }>, scope: Scope): Scope {
  const type = typeOf(node.list, scope);
  invariant(type.kind === 'list', `${node.list} is not a list`);
  invariant(scope[node.as] === undefined, `${node.as} hides another variable`);
  return { ...scope, [node.as]: type.of };
}

function interval(low: bigint, high: bigint): Known {
  invariant(low >= -wordHigh - 1n && high <= wordHigh, `a term can leave int256: ${low}..${high}`);
  return { kind: 'int', low, high };
}

const least = (...all: bigint[]) => all.reduce((x, y) => minBig(x, y));
const most = (...all: bigint[]) => all.reduce((x, y) => maxBig(x, y));

function arithmetic(
  op: 'add' | 'sub' | 'mul' | 'min' | 'max',
  a: { low: bigint; high: bigint },
  b: { low: bigint; high: bigint },
): Known {
  if (op === 'add') return interval(a.low + b.low, a.high + b.high);
  if (op === 'sub') return interval(a.low - b.high, a.high - b.low);
  if (op === 'min') return interval(least(a.low, b.low), least(a.high, b.high));
  if (op === 'max') return interval(most(a.low, b.low), most(a.high, b.high));
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  return interval(least(...corners), most(...corners));
}

/** The interval of a number. @throws AssertionError if the term is not a number */
export function intervalOf(term: Term, scope: Scope): { low: bigint; high: bigint } {
  const known = boundsOf(term, scope);
  invariant(known.kind === 'int', `${term.op} is not a number`);
  return known;
}

function holds(term: Term, scope: Scope): void {
  invariant(boundsOf(term, scope).kind === 'bool', `${term.op} is not a boolean`);
}

function absolute(a: { low: bigint; high: bigint }): Known {
  const low = a.low > 0n ? a.low : a.high < 0n ? -a.high : 0n;
  return interval(low, most(-a.low, a.high));
}

/** Checks types and widths of a term. @throws AssertionError if it is ill-typed or too wide */
export function boundsOf(term: Term, scope: Scope): Known {
  switch (term.op) {
    case 'int':
      return interval(term.value, term.value);
    case 'var': {
      const type = typeOf(term.path, scope);
      if (isInt(type)) return { kind: 'int', ...range(type) };
      invariant(type.kind === 'bool' || type.kind === 'bytes32', `${term.path} is not a value`);
      return { kind: type.kind };
    }
    case 'abs':
      return absolute(intervalOf(term.a, scope));
    case 'eq': {
      const a = boundsOf(term.a, scope);
      const same = a.kind === boundsOf(term.b, scope).kind && a.kind !== 'bool';
      invariant(same, 'eq of different kinds');
      return { kind: 'bool' };
    }
    case 'lt':
    case 'le':
      intervalOf(term.a, scope);
      intervalOf(term.b, scope);
      return { kind: 'bool' };
    case 'and':
    case 'or':
      for (const part of term.all) holds(part, scope);
      return { kind: 'bool' };
    case 'not':
      holds(term.a, scope);
      return { kind: 'bool' };
    case 'if':
      return either(term, scope);
    case 'sum': {
      const each = intervalOf(term.body, inner(term, scope));
      return interval(least(0n, each.low * listLengthMax), most(0n, each.high * listLengthMax));
    }
    case 'forall':
    case 'exists':
      holds(term.body, inner(term, scope));
      return { kind: 'bool' };
    default:
      return arithmetic(term.op, intervalOf(term.a, scope), intervalOf(term.b, scope));
  }
}

function either(term: Extract<Term, { op: 'if' }>, scope: Scope): Known {
  holds(term.cond, scope);
  const a = boundsOf(term.a, scope);
  const b = boundsOf(term.b, scope);
  invariant(a.kind === b.kind, 'branches of different kinds');
  if (a.kind !== 'int' || b.kind !== 'int') return a;
  return interval(least(a.low, b.low), most(a.high, b.high));
}
