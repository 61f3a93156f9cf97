/**
 * Sources in which every mutant is built in and asleep: `block.prevrandao`, which no contract here
 * reads, wakes one by its number. So contracts that take minutes are compiled once for all of them.
 *
 * A statement becomes a chain of its variants, a condition a chain of conditions. What a pure
 * function reads is then the block: `pure` becomes `view`. Not changed: assembly, events, the
 * arguments of `try`, the steps of loops, and what stands outside of functions.
 */
import type { Mutant } from './instrument.ts';
import { type Change, changesAt, createNamer, isNode, type Node, spanOf, walk } from './solidity.ts';

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
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield* inside(each);
  }
}

/** Places of the uses of modifiers are told from those of functions by this. */
const usesFrom = 1_000_000;

/** The next numbers of all sources together. */
type Numbers = { mutant: number; body: number };

/** A part of a source, in bytes, and what stands there instead. */
export type Edit = { readonly from: number; readonly to: number; readonly text: string };

/** Instruments the functions and modifiers of one source. */
export function createInstrumenter(
  file: string,
  source: string,
  numbers: Numbers,
  modifiers: ReadonlySet<number>,
) {
  const bytes = Buffer.from(source);
  const name = createNamer(file, source);
  const mutants: AsleepMutant[] = [];
  let within = '';

  /** Without a semicolon: the compiler counts it to a plain `return;`, and to no other. */
  const textOf = (node: Node): string => {
    return bytes
      .subarray(...spanOf(node))
      .toString()
      .replace(/;$/, '');
  };

  function named(change: Change, place: (number: number) => number = () => numbers.body): string {
    const number = numbers.mutant++;
    const id = String(number);
    mutants.push({ id, ...name(within, change), within: place(number) });
    return id;
  }

  /** The text of a node with one change in it. */
  function changed(node: Node, { from, to, replacement }: Change): string {
    const [start, end] = spanOf(node);
    const [before, after] = [bytes.subarray(start, from), bytes.subarray(to, end)];
    return `${before}${replacement}${after}`;
  }

  /** Numbers and texts of the variants of a node. */
  function variants(node: Node, more: readonly Change[] = []): [string, string][] {
    const found = [...more];
    for (const each of inside(node)) {
      found.push(...changesAt(each, bytes), ...furtherChanges(each, bytes));
    }
    return found.map((change) => [named(change), changed(node, change)]);
  }

  function condition(node: Node, isBranch: boolean): string {
    const [from, to] = spanOf(node);
    const both = ['true', 'false'].map((replacement) => {
      return { from, to, kind: 'Condition', replacement };
    });
    const chain = variants(node, isBranch ? both : both.slice(1)).map(([id, text]) => {
      return `${on(id)} ? (${text}) : `;
    });
    return `${chain.join('')}(${textOf(node)})`;
  }

  function chain(node: Node, original: string, wrap: (text: string) => string): string {
    const all = variants(node).map(([id, text]) => `if (${on(id)}) { ${wrap(text)}; } else `);
    return all.length === 0 ? `${original};` : `${all.join('')}{ ${wrap(textOf(node))}; }`;
  }

  function declaration(node: Node): string {
    const value = node.initialValue;
    if (!isNode(value)) return `${textOf(node)};`;
    const declared = (node.declarations as (Node | null)[]) ?? [];
    const names = declared.map((each) => (each === null ? '' : String(each.name)));
    const left = names.length === 1 ? names[0] : `(${names.join(', ')})`;
    const rest = chain(value, '', (text) => `${left} = ${text}`);
    if (rest === ';') return `${textOf(node)};`;
    const heads = declared.filter((each) => each !== null).map((each) => `${textOf(each)};`);
    return `${heads.join(' ')} ${rest}`;
  }

  /** The text of a node in which some nodes below it stand as given. */
  function replaced(node: Node, parts: readonly (readonly [Node, string])[]): string {
    const [start, end] = spanOf(node);
    let [at, text] = [start, ''];
    for (const [part, instead] of parts) {
      const [from, to] = spanOf(part);
      text += bytes.subarray(at, from).toString() + instead;
      // The semicolon of a statement stands behind it.
      at = bytes[to] === 0x3b ? to + 1 : to;
    }
    return text + bytes.subarray(at, Math.max(at, end)).toString();
  }

  function loop(node: Node): string {
    const { initializationExpression: first, condition: until, body } = node;
    const head = isNode(first) ? statement(first) : '';
    const test = isNode(until) ? condition(until, false) : '';
    const step = isNode(node.loopExpression) ? textOf(node.loopExpression) : '';
    return `{ ${head} for (; ${test}; ${step}) { ${statement(body as Node)} } }`;
  }

  function branch(node: Node): string {
    const test = condition(node.condition as Node, true);
    const yes = statement(node.trueBody as Node);
    const no = isNode(node.falseBody) ? ` else { ${statement(node.falseBody)} }` : '';
    return `if (${test}) { ${yes} }${no}`;
  }

  /** A statement and its semicolon. */
  function statement(node: Node): string {
    switch (node.nodeType) {
      case 'Block':
      case 'UncheckedBlock':
        return replaced(
          node,
          nodesOf(node.statements).map((each) => [each, statement(each)] as const),
        );
      case 'IfStatement':
        return branch(node);
      case 'ForStatement':
        return loop(node);
      case 'WhileStatement':
        return `while (${condition(node.condition as Node, false)}) { ${statement(node.body as Node)} }`;
      case 'VariableDeclarationStatement':
        return declaration(node);
      case 'ExpressionStatement':
      case 'Return':
      case 'RevertStatement':
        return chain(node, textOf(node), (text) => text);
      case 'TryStatement':
        return replaced(
          node,
          nodesOf(node.clauses).map((each) => {
            const block = each.block as Node;
            return [each, replaced(each, [[block, statement(block)]])] as const;
          }),
        );
      default:
        return bytes[spanOf(node)[1]] === 0x3b ? `${textOf(node)};` : bytes.subarray(...spanOf(node)).toString();
    }
  }

  function body(node: Node): Edit {
    const [from, to] = spanOf(node.body as Node);
    const text = statement(node.body as Node);
    const tell = `if (block.prevrandao == ${probe}) Probe.reach(${numbers.body});`;
    return { from, to, text: text.replace('{', () => `{ ${tell}`) };
  }

  /** A modifier that a number of its use puts to sleep. None here has parameters. */
  function modifier(node: Node, isMutated: boolean): Edit[] {
    const [from, to] = spanOf(node.body as Node);
    const head = bytes.subarray(spanOf(node)[0], from).toString();
    if (!/^modifier\s+\w+\s*(\(\s*\))?\s*$/.test(head)) throw new Error(`mutate: ${head}`);
    const own = isMutated ? body(node).text : textOf(node.body as Node);
    const tell = `if (block.prevrandao == ${probe}) Probe.reach(${usesFrom} + use_);`;
    const text = `{ ${tell} if (block.prevrandao == use_) { _; } else ${own} }`;
    const name = head.replace(/\s*(\(\s*\))?\s*$/, '');
    return [{ from: spanOf(node)[0], to, text: `${name}(uint256 use_) ${text}` }];
  }

  /** A use of a modifier, with the number that lets everyone through. */
  function use(node: Node, isMutated: boolean): Edit | undefined {
    const { referencedDeclaration: found, src } = node.modifierName as Node;
    if (node.kind !== 'modifierInvocation' || !modifiers.has(found as number)) return undefined;
    const [from, to] = spanOf({ nodeType: '', src });
    const change = { from, to, kind: 'Modifier', replacement: '' };
    const id = isMutated ? named(change, (number) => usesFrom + number) : '0';
    return { from: to, to, text: `(${id})` };
  }

  return {
    mutants,
    /** What is written otherwise in the source; without `isMutated` only its modifiers. */
    edits(tree: Node, isMutated: boolean): Edit[] {
      const edits: Edit[] = [];
      for (const node of walk(tree)) {
        const isModifier = node.nodeType === 'ModifierDefinition';
        if ((!isModifier && node.nodeType !== 'FunctionDefinition') || !isNode(node.body)) continue;
        within = String(node.name || node.kind);
        numbers.body++;
        edits.push(...nodesOf(node.modifiers).flatMap((each) => use(each, isMutated) ?? []));
        if (isModifier) edits.push(...modifier(node, isMutated));
        else if (isMutated) edits.push(body(node));
      }
      return edits;
    },
  };
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
