/** Terms as mathematics for readers, and the line breaking that both emitters share. */
import type { Term } from './term.ts';

const signs = { add: '+', sub: '−', mul: '·', lt: '<', le: '≤', eq: '=' } as const;

/** 2^k for round powers, grouped digits otherwise. */
function literal(value: bigint): string {
  const bits = value.toString(2).length - 1;
  if (bits >= 20 && value === 1n << BigInt(bits)) return `2^${bits}`;
  return value.toString().replace(/\B(?=(\d{3})+$)/g, '_');
}

/** One line of mathematics. */
export function show(term: Term, nested = false): string {
  const wrap = (text: string) => (nested ? `(${text})` : text);
  switch (term.op) {
    case 'int':
      return literal(term.value);
    case 'var':
      return term.path;
    case 'abs':
      return `|${show(term.a)}|`;
    case 'min':
    case 'max':
      return `${term.op}(${show(term.a)}, ${show(term.b)})`;
    case 'and':
    case 'or':
      return wrap(term.all.map((part) => show(part, true)).join(term.op === 'and' ? ' ∧ ' : ' ∨ '));
    case 'not':
      if (term.a.op === 'eq') return show(term.a).replace(' = ', ' ≠ ');
      return `¬${show(term.a, true)}`;
    case 'if':
      return wrap(`${show(term.cond)} ? ${show(term.a, true)} : ${show(term.b, true)}`);
    case 'sum':
      return wrap(`Σ ${term.as} ∈ ${term.list}: ${show(term.body, true)}`);
    case 'forall':
      return wrap(`∀ ${term.as} ∈ ${term.list}: ${show(term.body, true)}`);
    case 'exists':
      return wrap(`∃ ${term.as} ∈ ${term.list}: ${show(term.body, true)}`);
    case 'add':
    case 'sub':
    case 'mul': {
      const [a, b] = [term.a, term.b].map((side, i) => {
        const tight = needsParens(term.op as 'add' | 'sub' | 'mul', side, i === 0);
        return isArithmetic(side) && !tight ? stripOuter(show(side, true)) : show(side, true);
      });
      return wrap(`${a} ${signs[term.op]} ${b}`);
    }
    default: {
      const [a, b] = [term.a, term.b].map((side) => show(side, !isArithmetic(side)));
      return `${a} ${signs[term.op]} ${b}`;
    }
  }
}

function isArithmetic(
  term: Term,
): term is Extract<Term, { op: 'add' | 'sub' | 'mul' | 'min' | 'max' }> {
  return term.op === 'add' || term.op === 'sub' || term.op === 'mul';
}

function stripOuter(text: string): string {
  return text.slice(1, -1);
}

/** An expression of a target language that can be broken before its operators. */
export type Chain =
  | string
  | { readonly joins: readonly string[]; readonly parts: readonly Chain[] };

/** Parts with one operator between all of them. */
export function joined(join: string, parts: readonly Chain[]): Chain {
  return { joins: parts.slice(1).map(() => join), parts };
}

/** The chain on one line. Comparisons bind tighter than anything around them: no parentheses. */
export function flat(chain: Chain, nested = false): string {
  if (typeof chain === 'string') return chain;
  const text = chain.parts
    .map((part, i) => (i === 0 ? '' : ` ${chain.joins[i - 1]} `) + flat(part, true))
    .join('');
  return nested && !isComparison(chain) ? `(${text})` : text;
}

/** The chain in lines of at most `width` columns, operators leading, four spaces a level. */
export function broken(chain: Chain, indent: string, width: number, nested = false): string {
  const line = flat(chain, nested);
  if (typeof chain === 'string' || indent.length + line.length <= width) return line;
  const deeper = `${indent}    `;
  const body = chain.parts
    .map((part, i) => {
      const text = broken(part, deeper, width - 4, true);
      return i === 0 ? text : `\n${deeper}${chain.joins[i - 1]} ${text}`;
    })
    .join('');
  return nested && !isComparison(chain) ? `(\n${deeper}${body}\n${indent})` : body;
}

function isComparison(chain: Exclude<Chain, string>): boolean {
  return chain.joins.length === 1 && /^[<=!]=?/.test(chain.joins[0] as string);
}

/** Whether an operand of + − · needs parentheses. */
export function needsParens(op: 'add' | 'sub' | 'mul', operand: Term, left: boolean): boolean {
  if (operand.op === 'mul') return op === 'mul' && !left;
  if (operand.op !== 'add' && operand.op !== 'sub') return false;
  return op === 'mul' || !left;
}

/** Text in lines of at most `width` columns, each after `prefix`. */
export function paragraph(text: string, prefix: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && prefix.length + line.length + 1 + word.length > width) {
      lines.push(prefix + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(prefix + line);
  return lines;
}
