/** Mutants of Solidity sources, from the compiler's own syntax tree. */
import { createHash } from 'node:crypto';
import type { Mutant } from './instrument.ts';

/** A node of the compiler's syntax tree: what is used of it here. */
export type Node = {
  readonly nodeType: string;
  readonly src: string;
  readonly id?: number;
  readonly [field: string]: unknown;
};

/** A mutant of a source, and the source with it. */
export type SolidityMutant = Mutant & { readonly text: string };

/** Operators and what each becomes. */
const swaps: Readonly<Record<string, readonly string[]>> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
  '&&': ['||'],
  '||': ['&&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '|=': ['&='],
};

/** A part of a source, in bytes, and what stands there instead. */
export type Change = { from: number; to: number; kind: string; replacement: string };

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).nodeType === 'string';

/** Every node below one, itself included. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield* walk(each);
  }
}

/** Place of a node, in bytes. */
export function spanOf({ src }: Node): [number, number] {
  const [start = 0, length = 0] = src.split(':').map(Number);
  return [start, start + length];
}

function* operatorChanges(node: Node, bytes: Buffer): Generator<Change> {
  const [left, right] =
    node.nodeType === 'Assignment'
      ? [node.leftHandSide, node.rightHandSide]
      : [node.leftExpression, node.rightExpression];
  const operator = String(node.operator);
  const from = spanOf(left as Node)[1];
  const to = spanOf(right as Node)[0];
  const between = bytes.subarray(from, to).toString();
  for (const other of swaps[operator] ?? []) {
    yield { from, to, kind: 'Operator', replacement: between.replace(operator, () => other) };
  }
}

/** What is changed at a node itself. */
export function* changesAt(node: Node, bytes: Buffer): Generator<Change> {
  const [from, to] = spanOf(node);
  if (node.nodeType === 'BinaryOperation' || node.nodeType === 'Assignment') {
    yield* operatorChanges(node, bytes);
  } else if (node.nodeType === 'IfStatement') {
    const [start, end] = spanOf(node.condition as Node);
    for (const replacement of ['true', 'false']) {
      yield { from: start, to: end, kind: 'Condition', replacement };
    }
  } else if (node.nodeType === 'Conditional') {
    const text = (of: unknown): string => bytes.subarray(...spanOf(of as Node)).toString();
    yield { from, to, kind: 'Branch', replacement: `(${text(node.trueExpression)})` };
    yield { from, to, kind: 'Branch', replacement: `(${text(node.falseExpression)})` };
  } else if (node.nodeType === 'ExpressionStatement') {
    // Not nothing: the semicolon behind it stays, and does not compile alone.
    yield { from, to, kind: 'Statement', replacement: '0' };
  } else if (node.nodeType === 'Literal' && node.kind === 'number') {
    const text = bytes.subarray(from, to).toString();
    yield { from, to, kind: 'Number', replacement: `(${text} + 1)` };
  } else if (node.nodeType === 'UnaryOperation' && ['!', '-', '~'].includes(`${node.operator}`)) {
    const [start, end] = spanOf(node.subExpression as Node);
    yield { from, to, kind: 'Unary', replacement: bytes.subarray(start, end).toString() };
  }
}

/**
 * Gives changes of one source their names: the same as long as the line, the function and the
 * change stay.
 *
 * @param file path from the root
 */
export function createNamer(file: string, source: string) {
  const bytes = Buffer.from(source);
  const lines = source.split('\n');
  const seen = new Map<string, number>();
  return (within: string, { from, to, kind, replacement }: Change): Omit<Mutant, 'id'> => {
    const original = bytes.subarray(from, to).toString();
    const line = bytes.subarray(0, from).toString().split('\n').length;
    const own = (lines[line - 1] ?? '').trim();
    const hash = createHash('sha256');
    hash.update([file, within, own, kind, original, replacement].join('\0'));
    const named = hash.digest('hex').slice(0, 12);
    const again = seen.get(named) ?? 0;
    seen.set(named, again + 1);
    const key = again === 0 ? named : `${named}.${again}`;
    return { file, line, kind, original, replacement, key };
  };
}

/**
 * Mutants inside the functions that count. Assembly is not changed: its literals are layouts, which
 * every test would notice.
 *
 * @param file path from the root
 * @param functions ids of the functions that the tests can reach
 */
export function solidityMutants(
  file: string,
  source: string,
  tree: Node,
  functions: ReadonlySet<number>,
): SolidityMutant[] {
  const bytes = Buffer.from(source);
  const name = createNamer(file, source);
  const mutants: SolidityMutant[] = [];
  for (const node of walk(tree)) {
    if (node.nodeType !== 'FunctionDefinition' || !functions.has(node.id as number)) continue;
    if (!isNode(node.body)) continue;
    for (const inner of walk(node.body)) {
      for (const change of changesAt(inner, bytes)) {
        const { from, to, replacement } = change;
        const before = bytes.subarray(0, from).toString();
        const text = before + replacement + bytes.subarray(to).toString();
        mutants.push({ id: String(mutants.length), ...name(String(node.name), change), text });
      }
    }
  }
  return mutants;
}

/** Ids of the functions that are called from a source, through any number of others. */
export function reachable(trees: readonly Node[], from: Node): Set<number> {
  const bodies = new Map<number, Node>();
  for (const tree of trees) {
    for (const node of walk(tree)) {
      if (node.nodeType === 'FunctionDefinition') bodies.set(node.id as number, node);
    }
  }
  const found = new Set<number>();
  const queue: Node[] = [from];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (const { referencedDeclaration: id } of walk(node)) {
      const body = typeof id === 'number' ? bodies.get(id) : undefined;
      if (body === undefined || found.has(id as number)) continue;
      found.add(id as number);
      queue.push(body);
    }
  }
  return found;
}
