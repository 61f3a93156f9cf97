/** Terms as Solidity expressions, and the width checks that make unchecked arithmetic safe. */
import { invariant } from '@holdfast/units';
import { boundsOf, inner, intervalOf, type Scope } from './bounds.ts';
import { type InputType, isInt } from './law.ts';
import { type Chain, flat, joined, needsParens } from './show.ts';
import type { Term } from './term.ts';

/** Widest line of generated Solidity. */
export const solidityWidth = 100;

/** How to write a quantifier: it becomes a function of its own, returned as a call. */
export type Quantify = (node: Extract<Term, { list: string }>, scope: Scope) => string;

const none: Quantify = () => {
  throw new Error('a scalar law has no lists');
};

function literal(value: bigint): string {
  const bits = value.toString(2).length - 1;
  if (bits >= 20 && value === 1n << BigInt(bits)) return `2 ** ${bits}`;
  return value.toString().replace(/\B(?=(\d{3})+$)/g, '_');
}

/** The Solidity type of a number: the operators below keep to it. */
export function isUnsigned(term: Term, scope: Scope): boolean {
  if (term.op === 'int') return term.value >= 0n;
  if (term.op === 'abs') return true;
  if (term.op === 'sub') return false;
  if (term.op === 'var') return intervalOf(term, scope).low >= 0n;
  if (term.op === 'sum') return isUnsigned(term.body, inner(term, scope));
  if ('a' in term && 'b' in term) return isUnsigned(term.a, scope) && isUnsigned(term.b, scope);
  return false;
}

type Emit = { readonly scope: Scope; readonly quantify: Quantify };

/** A number as int256 if `signed`, otherwise as it comes. */
function number(term: Term, e: Emit, signed: boolean): string {
  const text = bare(term, e);
  if (!signed || !isUnsigned(term, e.scope)) return text;
  if (term.op === 'int' && term.value < 256n) return text;
  return `int256(${text})`;
}

/** An operand of + − ·, in parentheses where they are needed. */
function operand(op: 'add' | 'sub' | 'mul', side: Term, left: boolean, e: Emit, signed: boolean) {
  const text = number(side, e, signed);
  const isCast = signed && isUnsigned(side, e.scope);
  return !isCast && needsParens(op, side, left) ? `(${text})` : text;
}

/** A branch of ?:, whose sides must have one type; a literal has none by itself. */
function branch(side: Term, e: Emit, signed: boolean): string {
  const text = number(side, e, signed);
  return side.op === 'int' && !text.includes('(') ? `${signed ? 'int' : 'uint'}256(${text})` : text;
}

const infix = { add: '+', sub: '-', mul: '*', lt: '<', le: '<=', eq: '==' } as const;

function bare(term: Term, e: Emit): string {
  switch (term.op) {
    case 'int':
      return literal(term.value);
    case 'var':
      return term.path;
    case 'abs':
      return `_abs(${bare(term.a, e)})`;
    case 'sum':
      return e.quantify(term, e.scope);
    case 'if': {
      const signed = !isUnsigned(term, e.scope);
      const [a, b] = [term.a, term.b].map((side) => branch(side, e, signed));
      return `(${condition(term.cond, e)} ? ${a} : ${b})`;
    }
    case 'min':
    case 'max': {
      const signed = !isUnsigned(term, e.scope);
      return `_${term.op}(${number(term.a, e, signed)}, ${number(term.b, e, signed)})`;
    }
    case 'add':
    case 'sub':
    case 'mul': {
      const signed = term.op === 'sub' || !isUnsigned(term, e.scope);
      const a = operand(term.op, term.a, true, e, signed);
      return `${a} ${infix[term.op]} ${operand(term.op, term.b, false, e, signed)}`;
    }
    default:
      throw new Error(`${term.op} is not a number`);
  }
}

function condition(term: Term, e: Emit): string {
  return flat(chain(term, e), true);
}

function comparison(
  term: Extract<Term, { op: 'lt' | 'le' | 'eq' }>,
  e: Emit,
  sign: string = infix[term.op],
): Chain {
  if (boundsOf(term.a, e.scope).kind === 'bytes32') {
    return joined(sign, [bare(term.a, e), bare(term.b, e)]);
  }
  const signed = !isUnsigned(term.a, e.scope) || !isUnsigned(term.b, e.scope);
  return joined(
    sign,
    [term.a, term.b].map((side) => number(side, e, signed)),
  );
}

/** A boolean term as a chain of conditions. */
function chain(term: Term, e: Emit): Chain {
  switch (term.op) {
    case 'and':
    case 'or':
      return joined(
        term.op === 'and' ? '&&' : '||',
        term.all.map((part) => chain(part, e)),
      );
    case 'not':
      if (term.a.op === 'eq') return comparison(term.a, e, '!=');
      if (term.a.op === 'var') return `!${bare(term.a, e)}`;
      if ('list' in term.a) return `!${e.quantify(term.a, e.scope)}`;
      return `!(${flat(chain(term.a, e))})`;
    case 'lt':
    case 'le':
    case 'eq':
      return comparison(term, e);
    case 'if':
      return {
        joins: ['?', ':'],
        parts: [chain(term.cond, e), chain(term.a, e), chain(term.b, e)],
      };
    case 'forall':
    case 'exists':
      return e.quantify(term, e.scope);
    default:
      return bare(term, e);
  }
}

/** A boolean term as a chain of conditions. */
export function solidityChain(term: Term, scope: Scope, quantify = none): Chain {
  invariant(boundsOf(term, scope).kind === 'bool', 'a law is not a boolean');
  return chain(term, { scope, quantify });
}

/** A number as an expression of int256 or uint256, as {@link isUnsigned} says. */
export function solidityNumber(term: Term, scope: Scope, quantify: Quantify): string {
  return bare(term, { scope, quantify });
}

/**
 * Conditions that hold if a value is out of its width. Unsigned values of one width share a
 * condition as long as it stays within `columns`.
 */
export function tooWide(
  fields: readonly (readonly [string, InputType])[],
  columns: number,
): string[] {
  const groups: { bits: number; paths: string[] }[] = [];
  const conditions: string[] = [];
  for (const [path, type] of fields) {
    if (!isInt(type)) continue;
    if (type.kind === 'int') {
      conditions.push(`uint256(${path} + 2 ** ${type.bits - 1}) >> ${type.bits} != 0`);
      continue;
    }
    const group = groups.find(
      ({ bits, paths }) => bits === type.bits && shared([...paths, path], bits).length <= columns,
    );
    if (group === undefined) groups.push({ bits: type.bits, paths: [path] });
    else group.paths.push(path);
  }
  return [...conditions, ...groups.map(({ bits, paths }) => shared(paths, bits))];
}

function shared(paths: readonly string[], bits: number): string {
  const words = paths.join(' | ');
  return `${paths.length > 1 ? `(${words})` : words} >> ${bits} != 0`;
}

/** The Solidity type of an input. */
export function solidityType(type: InputType): string {
  if (type.kind === 'int') return 'int256';
  if (type.kind === 'uint') return 'uint256';
  if (type.kind === 'record') return `${type.name} memory`;
  if (type.kind === 'list') return `${type.of.name}[] memory`;
  return type.kind;
}
