/**
 * packages/laws/src/generated/checks.ts: every law as a typed function. Whole numbers of at most
 * 53 bits are `number`, wider ones `bigint`; an operation leaves `number` only where its interval
 * could leave the safe integers, so that the hot paths of the core stay cheap and exact.
 */
import { invariant } from '@holdfast/units';
import { boundsOf, inner, intervalOf, type Scope } from './bounds.ts';
import { recordsOf } from './emit-lawlib.ts';
import { type InputType, type IntType, isInt, type Law, range } from './law.ts';
import { broken, type Chain, flat, joined, needsParens, paragraph } from './show.ts';
import type { Term } from './term.ts';

const width = 100;
const safe = 1n << 53n;

function isNarrow({ low, high }: { low: bigint; high: bigint }): boolean {
  return low >= -safe && high <= safe;
}

/** Whether the value of a term is a `number` in the emitted code. */
function narrow(term: Term, scope: Scope): boolean {
  if (!isNarrow(intervalOf(term, scope))) return false;
  if (term.op === 'sum') return false;
  if ('a' in term && !narrow(term.a, scope)) return false;
  return !('b' in term) || narrow(term.b, scope);
}

function literal(value: bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, '_');
}

/** A number, as bigint if `wide`. */
function number(term: Term, scope: Scope, wide: boolean): string {
  if (term.op === 'int') return wide ? `${literal(term.value)}n` : literal(term.value);
  if (term.op === 'if' && wide) return ternary(term, scope, wide);
  const text = bare(term, scope);
  return wide && narrow(term, scope) ? `BigInt(${text})` : text;
}

function ternary(term: Extract<Term, { op: 'if' }>, scope: Scope, wide: boolean): string {
  const cond = flat(chain(term.cond, scope), true);
  return `(${cond} ? ${number(term.a, scope, wide)} : ${number(term.b, scope, wide)})`;
}

function operand(
  op: 'add' | 'sub' | 'mul',
  side: Term,
  left: boolean,
  scope: Scope,
  wide: boolean,
) {
  const text = number(side, scope, wide);
  const isCall = wide && narrow(side, scope);
  return !isCall && needsParens(op, side, left) ? `(${text})` : text;
}

const infix = { add: '+', sub: '-', mul: '*', lt: '<', le: '<=', eq: '===' } as const;

function variable(path: string, scope: Scope): string {
  const name = path.split('.')[0] as string;
  const bound = scope[name]?.kind === 'record' && boundNames.has(name);
  return bound ? path : `i.${path}`;
}

/** Names that quantifiers bind; inputs of laws never use them. */
const boundNames = new Set(['a', 'p', 'm']);

function bare(term: Term, scope: Scope): string {
  const wide = !narrow(term, scope);
  switch (term.op) {
    case 'var':
      return variable(term.path, scope);
    case 'abs':
      return `${wide ? 'absBig' : 'Math.abs'}(${number(term.a, scope, wide)})`;
    case 'min':
    case 'max': {
      const name = wide ? `${term.op}Big` : `Math.${term.op}`;
      return `${name}(${number(term.a, scope, wide)}, ${number(term.b, scope, wide)})`;
    }
    case 'if':
      return ternary(term, scope, wide);
    case 'sum': {
      const body = number(term.body, inner(term, scope), true);
      return `i.${term.list}.reduce((total, ${term.as}) => total + ${body}, 0n)`;
    }
    case 'add':
    case 'sub':
    case 'mul': {
      const a = operand(term.op, term.a, true, scope, wide);
      return `${a} ${infix[term.op]} ${operand(term.op, term.b, false, scope, wide)}`;
    }
    default:
      throw new Error(`${term.op} is not a number`);
  }
}

type Comparison = Extract<Term, { op: 'lt' | 'le' | 'eq' }>;

function comparison(term: Comparison, scope: Scope, sign: string = infix[term.op]): Chain {
  const sides = [term.a, term.b];
  if (boundsOf(term.a, scope).kind === 'bytes32') {
    return joined(
      sign,
      sides.map((side) => bareHash(side, scope)),
    );
  }
  const wide = sides.some((side) => !narrow(side, scope));
  return joined(
    sign,
    sides.map((side) => number(side, scope, wide)),
  );
}

function bareHash(term: Term, scope: Scope): string {
  invariant(term.op === 'var', 'hashes are variables');
  return variable(term.path, scope);
}

function chain(term: Term, scope: Scope): Chain {
  switch (term.op) {
    case 'and':
    case 'or':
      return joined(
        term.op === 'and' ? '&&' : '||',
        term.all.map((part) => chain(part, scope)),
      );
    case 'not':
      if (term.a.op === 'eq') return comparison(term.a, scope, '!==');
      return `!${flat(chain(term.a, scope), true)}`;
    case 'lt':
    case 'le':
    case 'eq':
      return comparison(term, scope);
    case 'if':
      return {
        joins: ['?', ':'],
        parts: [term.cond, term.a, term.b].map((part) => chain(part, scope)),
      };
    case 'forall':
    case 'exists': {
      const body = flat(chain(term.body, inner(term, scope)));
      const start = `i.${term.list}.${term.op === 'forall' ? 'every' : 'some'}((${term.as}) =>`;
      const long = start.length + body.length > width - 16;
      return long ? `${start}\n        ${body}\n      )` : `${start} ${body})`;
    }
    case 'var':
      return variable(term.path, scope);
    default:
      throw new Error(`${term.op} is not a boolean`);
  }
}

function typescriptType(type: InputType): string {
  if (isInt(type)) return isNarrow(range(type)) ? 'number' : 'bigint';
  if (type.kind === 'bool') return 'boolean';
  if (type.kind === 'bytes32') return 'string';
  return type.kind === 'record' ? type.name : `readonly ${type.of.name}[]`;
}

function widthName(type: IntType): string {
  return `${type.kind}${type.bits}`;
}

/** A condition that a value is inside its type, or undefined if the type says it all. */
function fitsCode(path: string, type: InputType): string[] {
  if (isInt(type)) return [`${widthName(type)}(${path})`];
  if (type.kind === 'bytes32') return [`hash.test(${path})`];
  if (type.kind === 'record') return [`fits${type.name}(${path})`];
  return type.kind === 'list' ? [`${path}.every(fits${type.of.name})`] : [];
}

function widthFunctions(laws: readonly Law[]): string[] {
  const records = recordsOf(laws).flatMap((record) => Object.values(record.fields));
  const types = [...laws.flatMap((law) => Object.values(law.inputs)), ...records].filter(isInt);
  const unique = new Map(types.map((type) => [widthName(type), type]));
  return [...unique.keys()].sort().map((name) => {
    const type = unique.get(name) as IntType;
    const { low, high } = range(type);
    if (isNarrow({ low, high })) {
      const [l, h] = [literal(low), literal(high)];
      return `const ${name} = (x: number) => Number.isInteger(x) && x >= ${l} && x <= ${h};`;
    }
    const power = type.kind === 'uint' ? type.bits : type.bits - 1;
    const bound = `power${power}`;
    const floor = type.kind === 'uint' ? '0n' : `-${bound}`;
    return `const ${name} = (x: bigint) => x >= ${floor} && x < ${bound};`;
  });
}

/** The powers of two that the wide checks name. */
function powers(code: string): string[] {
  const found = new Set([...code.matchAll(/\bpower(\d+)/g)].map((match) => Number(match[1])));
  return [...found].sort((a, b) => a - b).map((power) => `const power${power} = 2n ** ${power}n;`);
}

function recordCode(laws: readonly Law[]): string[] {
  return recordsOf(laws).flatMap((record) => {
    const fields = Object.entries(record.fields);
    const checks = fields.flatMap(([name, type]) => fitsCode(`x.${name}`, type));
    return [
      '',
      `/** ${record.doc} */`,
      `export type ${record.name} = {`,
      ...fields.flatMap(([name, type]) => [
        `  /** ${type.doc} */`,
        `  readonly ${name}: ${typescriptType(type)};`,
      ]),
      '};',
      `const fits${record.name} = (x: ${record.name}): boolean =>`,
      `  ${broken(joined('&&', checks), '  ', width - 4)};`,
    ];
  });
}

function lawCode(law: Law): string[] {
  const inputs = Object.entries(law.inputs);
  const checks = inputs.flatMap(([name, type]) => fitsCode(`i.${name}`, type));
  const predicate = chain(law.predicate, law.inputs);
  return [
    '',
    '/**',
    ...paragraph(`${law.id}. ${law.statement}`, ' * ', width),
    ' *',
    ...paragraph(`Assumes: ${law.assumes}`, ' * ', width),
    ' */',
    `export function ${law.name}(i: {`,
    ...inputs.flatMap(([name, type]) => [
      `  /** ${type.doc} */`,
      `  readonly ${name}: ${typescriptType(type)};`,
    ]),
    '}): boolean {',
    ...(checks.length > 0
      ? [
          `  const fits = ${broken(joined('&&', checks), '  ', width - 16)};`,
          '  if (!fits) return false;',
        ]
      : []),
    `  return ${broken(predicate, '  ', width - 8)};`,
    '}',
  ];
}

/** The text of checks.ts. */
export function typescriptChecks(laws: readonly Law[]): string {
  const body = [...widthFunctions(laws), ...recordCode(laws), ...laws.flatMap(lawCode)].join('\n');
  const helpers = ['absBig', 'maxBig', 'minBig'].filter((name) => body.includes(`${name}(`));
  const lines = [
    '// Generated from packages/laws by `npm run docs`. Do not edit.',
    `import { ${helpers.join(', ')} } from '@holdfast/units';`,
    '',
    'const hash = /^0x[0-9a-f]{64}$/;',
    ...powers(body),
    body,
    '',
    '/** Every law by name. */',
    'export const checks = {',
    ...laws.map((law) => `  ${law.name},`),
    '} as const;',
    '',
  ];
  return lines.join('\n');
}
