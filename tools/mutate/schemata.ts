/**
 * Sources in which every mutant is built in and asleep: `block.prevrandao`, which no contract here
 * reads, wakes one by its number. So contracts that take minutes are compiled once for all of them.
 *
 * A statement becomes a chain of its variants, a condition a chain of conditions. What a pure
 * function reads is then the block: `pure` becomes `view`. Not changed: assembly, events, the
 * arguments of `try`, the steps of loops, and what stands outside of functions.
 */
import type { Mutant } from './instrument.ts';
import {
  type Change,
  changesAt,
  createNamer,
  isNode,
  type Node,
  spanOf,
  walk,
} from './solidity.ts';

/** A mutant, and the number of the place that must be reached to wake it. */
export type AsleepMutant = Mutant & { readonly within: number };

/** The block's value under which functions tell that they were reached. */
export const probe = String((1n << 256n) - 1n);

const on = (id: string): string => `block.prevrandao == ${id}`;
const nodesOf = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

/** Changes that only contracts with state are given: the rules have no such places. */
function* furtherChanges(node: Node, bytes: Buffer): Generator<Change> {
  const [from, to] = spanOf(node);
  if (node.nodeType === 'Literal' && node.kind === 'bool') {
    yield { from, to, kind: 'Boolean', replacement: node.value === 'true' ? 'false' : 'true' };
  } else if (node.nodeType === 'UnaryOperation' && /^(\+\+|--)$/.test(`${node.operator}`)) {
    const other = node.operator === '++' ? '--' : '++';
    const text = bytes.subarray(from, to).toString();
    yield { from, to, kind: 'Count', replacement: text.replace(`${node.operator}`, () => other) };
  } else if (bytesOf(node) !== undefined) {
    const width = bytesOf(node) as number;
    const [given] = nodesOf(node.arguments);
    const more = `${bytes.subarray(...spanOf(given as Node))} + 1`;
    yield { from, to, kind: 'Number', replacement: `bytes${width}(uint${width * 8}(${more}))` };
  }
}

/** The number of bytes of `bytes32(0)` and its like, which cannot be written with a sum in it. */
function bytesOf(node: Node): number | undefined {
  const [given] = nodesOf(node.arguments);
  if (node.kind !== 'typeConversion' || given?.nodeType !== 'Literal') return undefined;
  const { typeString = '' } = (node.typeDescriptions ?? {}) as { typeString?: string };
  const [, width] = /^bytes(\d+)$/.exec(typeString) ?? [];
  return width === undefined ? undefined : Number(width);
}

/** Expressions and statements of a statement, without the names of types. */
function* inside(node: Node): Generator<Node> {
  if (/TypeName$/.test(node.nodeType)) return;
  yield node;
  if (bytesOf(node) !== undefined) return;
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (isNode(each)) yield* inside(each);
  }
}

/** Places of the uses of modifiers are told from those of functions by this. */
const usesFrom = 1_000_000;

/** The next numbers of all sources together. */
export type Numbers = { mutant: number; body: number; readonly uses: Map<number, number[]> };

/** A part of a source, in bytes, and what stands there instead. */
export type Edit = { readonly from: number; readonly to: number; readonly text: string };

/** A source that is being written anew. */
type Writer = {
  readonly bytes: Buffer;
  readonly name: ReturnType<typeof createNamer>;
  readonly numbers: Numbers;
  readonly mutants: AsleepMutant[];
  /** The function in hand. */
  within: string;
};

/** The text of a node, without a semicolon: the compiler counts it to `return;` and to no other. */
function textOf({ bytes }: Writer, node: Node): string {
  const [from, to] = spanOf(node);
  return bytes.subarray(from, to).toString().replace(/;$/, '');
}

const isSemicolon = ({ bytes }: Writer, at: number): boolean => bytes[at] === 0x3b;

/** Enters a mutant and gives it its number. */
function named(w: Writer, change: Change, place?: (number: number) => number): string {
  const number = w.numbers.mutant++;
  const within = place === undefined ? w.numbers.body : place(number);
  w.mutants.push({ id: String(number), ...w.name(w.within, change), within });
  return String(number);
}

/** Numbers and texts of the variants of a node. */
function variants(w: Writer, node: Node, more: readonly Change[] = []): [string, string][] {
  const [start, end] = spanOf(node);
  const found = [...more];
  for (const each of inside(node)) {
    found.push(...changesAt(each, w.bytes), ...furtherChanges(each, w.bytes));
  }
  return found.map((change) => {
    const before = w.bytes.subarray(start, change.from);
    const after = w.bytes.subarray(change.to, end);
    return [named(w, change), `${before}${change.replacement}${after}`];
  });
}

function condition(w: Writer, node: Node, constants: readonly string[]): string {
  const [from, to] = spanOf(node);
  const always = constants.map((replacement) => ({ from, to, kind: 'Condition', replacement }));
  const chain = variants(w, node, always).map(([id, text]) => `${on(id)} ? (${text}) : `);
  return `${chain.join('')}(${textOf(w, node)})`;
}

/** A statement made of a node; `wrap` completes it. */
function choice(w: Writer, node: Node, wrap: (text: string) => string): string {
  const chain = variants(w, node).map(([id, text]) => {
    return `if (${on(id)}) { ${wrap(text.replace(/;$/, ''))}; } else `;
  });
  const original = `${wrap(textOf(w, node))};`;
  return chain.length === 0 ? original : `${chain.join('')}{ ${original} }`;
}

/** Variables are declared first: what is in the branches of a chain is not seen behind them. */
function declaration(w: Writer, node: Node): string {
  const whole = `${textOf(w, node)};`;
  if (!isNode(node.initialValue)) return whole;
  const declared = node.declarations as (Node | null)[];
  const names = declared.map((each) => (each === null ? '' : String(each.name)));
  const left = names.length === 1 ? names[0] : `(${names.join(', ')})`;
  const count = w.mutants.length;
  const rest = choice(w, node.initialValue, (text) => `${left} = ${text}`);
  if (w.mutants.length === count) return whole;
  const heads = declared.flatMap((each) => (each === null ? [] : [`${textOf(w, each)};`]));
  return `${heads.join(' ')} ${rest}`;
}

/** The text of a node in which some nodes below it stand as given. */
function replaced(w: Writer, node: Node, parts: readonly (readonly [Node, string])[]): string {
  const [start, end] = spanOf(node);
  let [at, text] = [start, ''];
  for (const [part, instead] of parts) {
    const [from, to] = spanOf(part);
    text += w.bytes.subarray(at, from).toString() + instead;
    // The semicolon of a statement stands behind it.
    at = isSemicolon(w, to) ? to + 1 : to;
  }
  return text + w.bytes.subarray(at, Math.max(at, end)).toString();
}

function loop(w: Writer, node: Node): string {
  const { initializationExpression: first, condition: until, loopExpression: step } = node;
  const head = isNode(first) ? statement(w, first) : '';
  const test = isNode(until) ? condition(w, until, ['false']) : '';
  const next = isNode(step) ? textOf(w, step) : '';
  return `{ ${head} for (; ${test}; ${next}) { ${statement(w, node.body as Node)} } }`;
}

function branch(w: Writer, node: Node): string {
  const test = condition(w, node.condition as Node, ['true', 'false']);
  const yes = statement(w, node.trueBody as Node);
  const no = isNode(node.falseBody) ? ` else { ${statement(w, node.falseBody)} }` : '';
  return `if (${test}) { ${yes} }${no}`;
}

function clause(w: Writer, node: Node): [Node, string] {
  const block = node.block as Node;
  return [node, replaced(w, node, [[block, statement(w, block)]])];
}

/** A statement and its semicolon. */
function statement(w: Writer, node: Node): string {
  switch (node.nodeType) {
    case 'Block':
    case 'UncheckedBlock': {
      const parts = nodesOf(node.statements).map((each) => [each, statement(w, each)] as const);
      return replaced(w, node, parts);
    }
    case 'IfStatement':
      return branch(w, node);
    case 'ForStatement':
      return loop(w, node);
    case 'WhileStatement': {
      const test = condition(w, node.condition as Node, ['false']);
      return `while (${test}) { ${statement(w, node.body as Node)} }`;
    }
    case 'VariableDeclarationStatement':
      return declaration(w, node);
    case 'ExpressionStatement':
    case 'Return':
    case 'RevertStatement':
      return choice(w, node, (text) => text);
    case 'TryStatement':
      return replaced(
        w,
        node,
        nodesOf(node.clauses).map((each) => clause(w, each)),
      );
    default:
      return replaced(w, node, []) + (isSemicolon(w, spanOf(node)[1]) ? ';' : '');
  }
}

function body(w: Writer, node: Node): Edit {
  const [from, to] = spanOf(node.body as Node);
  const text = statement(w, node.body as Node);
  const tell = `if (block.prevrandao == ${probe}) Probe.reach(${w.numbers.body});`;
  return { from, to, text: text.replace('{', () => `{ ${tell}`) };
}

/**
 * A modifier for each of its uses: a parameter would need a place on the stack. Read when all uses
 * are known. None here has parameters.
 */
function modifier(w: Writer, node: Node, isMutated: boolean): Edit {
  const [start] = spanOf(node);
  const [from, to] = spanOf(node.body as Node);
  const head = w.bytes.subarray(start, from).toString();
  const [name] = /^modifier\s+\w+(?=\s*(\(\s*\))?\s*$)/.exec(head) ?? [];
  if (name === undefined) throw new Error(`mutate: a modifier with parameters: ${head}`);
  const own = isMutated ? body(w, node).text : textOf(w, node.body as Node);
  const made = (id: number): string => {
    const tell = `if (block.prevrandao == ${probe}) Probe.reach(${usesFrom + id});`;
    return ` ${name}_${id}() { ${tell} if (${on(String(id))}) { _; } else ${own} }`;
  };
  const { uses } = w.numbers;
  return {
    from: start,
    to,
    get text() {
      return `${name}() ${own}${(uses.get(node.id as number) ?? []).map(made).join('')}`;
    },
  };
}

/** The use of a modifier, of which it gets one of its own that lets everyone through. */
function use(w: Writer, node: Node): Edit {
  const { referencedDeclaration, src } = node.modifierName as Node;
  const [from, to] = spanOf({ nodeType: '', src });
  const change = { from, to, kind: 'Modifier', replacement: '' };
  const id = Number(named(w, change, (number) => usesFrom + number));
  const modifierId = referencedDeclaration as number;
  w.numbers.uses.set(modifierId, [...(w.numbers.uses.get(modifierId) ?? []), id]);
  return { from: to, to, text: `_${id}` };
}

/**
 * What is written otherwise in a source, and its mutants.
 *
 * @param file path from the root
 * @param numbers counted on
 * @param modifiers ids of those that are rewritten
 * @param isMutated without, only the modifiers are written, for their uses elsewhere
 */
export function instrumentSource(
  file: string,
  source: string,
  tree: Node,
  numbers: Numbers,
  modifiers: ReadonlySet<number>,
  isMutated: boolean,
): { edits: Edit[]; mutants: AsleepMutant[] } {
  const bytes = Buffer.from(source);
  const w: Writer = { bytes, name: createNamer(file, source), numbers, mutants: [], within: '' };
  const edits: Edit[] = [];
  for (const node of walk(tree)) {
    const isModifier = node.nodeType === 'ModifierDefinition';
    if ((!isModifier && node.nodeType !== 'FunctionDefinition') || !isNode(node.body)) continue;
    w.within = String(node.name || node.kind);
    numbers.body++;
    for (const each of nodesOf(node.modifiers)) {
      const { referencedDeclaration: id } = each.modifierName as Node;
      if (isMutated && modifiers.has(id as number)) edits.push(use(w, each));
    }
    if (isModifier) edits.push(modifier(w, node, isMutated));
    else if (isMutated) edits.push(body(w, node));
  }
  return { edits, mutants: w.mutants };
}

/** A source with parts of it replaced. */
export function edited(source: string, edits: readonly Edit[]): string {
  const bytes = Buffer.from(source);
  let text = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.from - b.from)) {
    text += bytes.subarray(at, edit.from).toString() + edit.text;
    at = edit.to;
  }
  return text + bytes.subarray(at).toString();
}
