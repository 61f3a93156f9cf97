/**
 * The meaning of a law: an interpreter over bigint. It is the reference that the generated
 * TypeScript and the generated Solidity are compared with; it is not for hot paths.
 */
import { invariant } from '@holdfast/units';
import { type Input, type InputType, isInt, type Law, type RecordValue, range } from './law.ts';
import type { Term } from './term.ts';

type Value = bigint | boolean | string;
type Scope = Readonly<Record<string, unknown>>;

const hash = /^0x[0-9a-f]{64}$/;

/** Whether a value has the type that is declared: whole, inside its width, every field there. */
export function fits(type: InputType, value: unknown): boolean {
  if (isInt(type)) {
    if (typeof value === 'number' ? !Number.isInteger(value) : typeof value !== 'bigint') {
      return false;
    }
    const { low, high } = range(type);
    const whole = BigInt(value as number | bigint);
    return whole >= low && whole <= high;
  }
  if (type.kind === 'bool') return typeof value === 'boolean';
  if (type.kind === 'bytes32') return typeof value === 'string' && hash.test(value);
  if (type.kind === 'list') {
    return Array.isArray(value) && value.every((item) => fits(type.of, item));
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(type.fields).every(([name, field]) =>
    fits(field, (value as RecordValue)[name]),
  );
}

function lookUp(path: string, scope: Scope): Value {
  let value: unknown = scope;
  for (const part of path.split('.')) value = (value as Record<string, unknown>)[part];
  invariant(value !== undefined, `no variable ${path}`);
  return typeof value === 'number' ? BigInt(value) : (value as Value);
}

function num(term: Term, scope: Scope): bigint {
  return evaluate(term, scope) as bigint;
}

function arithmetic(op: 'add' | 'sub' | 'mul' | 'min' | 'max', a: bigint, b: bigint): bigint {
  if (op === 'add') return a + b;
  if (op === 'sub') return a - b;
  if (op === 'mul') return a * b;
  return (op === 'min') === a < b ? a : b;
}

/** The value of a term. The caller has checked types by `boundsOf` and inputs by {@link fits}. */
export function evaluate(term: Term, scope: Scope): Value {
  switch (term.op) {
    case 'int':
      return term.value;
    case 'var':
      return lookUp(term.path, scope);
    case 'abs': {
      const a = num(term.a, scope);
      return a < 0n ? -a : a;
    }
    case 'lt':
      return num(term.a, scope) < num(term.b, scope);
    case 'le':
      return num(term.a, scope) <= num(term.b, scope);
    case 'eq':
      return evaluate(term.a, scope) === evaluate(term.b, scope);
    case 'and':
      return term.all.every((part) => evaluate(part, scope) === true);
    case 'or':
      return term.all.some((part) => evaluate(part, scope) === true);
    case 'not':
      return evaluate(term.a, scope) === false;
    case 'if':
      return evaluate(evaluate(term.cond, scope) === true ? term.a : term.b, scope);
    case 'sum':
    case 'forall':
    case 'exists': {
      const items = scope[term.list] as readonly RecordValue[];
      const body = (item: RecordValue) => evaluate(term.body, { ...scope, [term.as]: item });
      if (term.op === 'forall') return items.every((item) => body(item) === true);
      if (term.op === 'exists') return items.some((item) => body(item) === true);
      return items.reduce((total, item) => total + (body(item) as bigint), 0n);
    }
    default:
      return arithmetic(term.op, num(term.a, scope), num(term.b, scope));
  }
}

/** The verdict of a law, or of a mutant of it: false too if an input is outside its width. */
export function verdict(law: Law, input: Input, predicate: Term = law.predicate): boolean {
  for (const [name, type] of Object.entries(law.inputs)) {
    if (!fits(type, input[name])) return false;
  }
  return evaluate(predicate, input) === true;
}
