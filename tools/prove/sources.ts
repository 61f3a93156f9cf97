/** The sources that a proof is about: collected, mutated, shaped and pruned, all in memory. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '../sources.mjs';
import type { Mutant } from './property.ts';
import { plainLeft, plainWidths, withChecks, withNarrow } from './rewrite.ts';

/** Text by the name under which the compiler knows it. */
export type Sources = ReadonlyMap<string, string>;

const importPattern = /^\s*import\s+(?:[^'";]*?\bfrom\s+)?["']([^"']+)["']/gm;

/** A source and everything that it imports; `read` gives the text of one, by its name. */
export function collect(name: string, read = readSource): Map<string, string> {
  const sources = new Map<string, string>();
  const visit = (path: string): void => {
    if (sources.has(path)) return;
    const text = read(path);
    sources.set(path, text);
    for (const match of text.matchAll(importPattern)) visit(resolved(path, match[1]!));
  };
  visit(name);
  return sources;
}

function resolved(from: string, name: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(from), name) : name;
}

function readSource(name: string): string {
  const path = join(root, name.startsWith('@') ? 'node_modules' : '', name);
  if (!existsSync(path)) throw new Error(`prove: source not found: ${name}`);
  return readFileSync(path, 'utf8');
}

/**
 * The sources with one mutant applied.
 *
 * @throws Error unless its text is in its file, and there once: a patch that has gone stale must
 *   not pass for one that survives
 */
export function mutated(sources: Sources, mutant: Mutant): Map<string, string> {
  const text = sources.get(mutant.file);
  if (text === undefined) throw new Error(`mutant ${mutant.name}: no source ${mutant.file}`);
  const count = text.split(mutant.from).length - 1;
  if (count !== 1) {
    throw new Error(`mutant ${mutant.name}: found ${count} times in ${mutant.file}, not once`);
  }
  if (mutant.from === mutant.to) throw new Error(`mutant ${mutant.name} changes nothing`);
  const changed = text.split(mutant.from).join(mutant.to);
  return new Map(sources).set(mutant.file, changed);
}

/**
 * Rewrites of the text that leave its meaning. What was private or external can be read and called
 * by a harness that inherits it. `wide` and `left` write shifts as arithmetic, `casts` asserts that
 * nothing is lost by a narrower type, `checks` gives the blocks without checks of the libraries
 * theirs: see `rewrite.ts`.
 */
export function shaped(sources: Sources, plain: readonly string[]): Map<string, string> {
  return new Map(
    [...sources].map(([name, text]) => {
      let out = text;
      if (!name.startsWith('contracts/proofs/')) {
        out = out.replace(/\bprivate\b/g, 'internal');
        if (!name.includes('/interfaces/') && name.startsWith('contracts/')) {
          out = out.replace(/\bexternal\b/g, 'public');
        }
        if (plain.includes('wide')) out = plainWidths(out);
        if (plain.includes('left')) out = plainLeft(out);
        if (plain.includes('casts')) out = withNarrow(name, out);
        if (plain.includes('checks') && name.includes('/libraries/')) out = withChecks(out);
      }
      return [name, out];
    }),
  );
}

/** The part of a node of the compiler's syntax tree that is used here. */
export type Node = {
  id: number;
  src: string;
  nodeType: string;
  name?: string;
  contractKind?: string;
  kind?: string;
  overrides?: Node | null;
  documentation?: Node | null;
  referencedDeclaration?: number | null;
  nodes?: Node[];
  expression?: Node;
  arguments?: Node[];
};

/** A function, or the rest of a contract: what is kept or dropped as a whole. */
type Unit = { file: string; node: Node; parts: Unit[] };

/**
 * The sources with only what a contract reaches, because the checker encodes all that is there:
 * no other contracts, and of libraries and of contracts that it inherits no other functions;
 * reverts as the checker understands them. What is left computes the same: if anything were missing
 * it would not compile. `whole` keeps all functions of what is inherited: anyone may call them.
 */
export function pruned(
  sources: Sources,
  trees: ReadonlyMap<string, Node>,
  harness: string,
  contract: string,
  whole: boolean,
): Map<string, string> {
  const { units, owners } = unitsOf(trees, whole);
  const reached = new Set<Unit>();
  const reach = (unit: Unit | undefined): void => {
    if (unit === undefined || reached.has(unit)) return;
    reached.add(unit);
    const parts = new Set(unit.parts.map(({ node }) => node));
    walk(unit.node, (node) => {
      if (parts.has(node)) return false;
      reach(owners.get(node.referencedDeclaration ?? -1));
      return true;
    });
  };
  reach(units.find(({ file, node }) => file === harness && node.name === contract));
  const out = new Map(sources);
  for (const [file, tree] of trees) {
    const dropped = units.filter((unit) => unit.file === file && !reached.has(unit));
    out.set(file, edited(out.get(file)!, [...dropped.flatMap(dropEdits), ...revertsOf(tree)]));
  }
  return out;
}

function dropEdits({ node }: Unit): Edit[] {
  const empty = node.nodeType === 'ContractDefinition' ? `abstract contract ${node.name} {}` : '';
  return [...(node.documentation ? [editOf(node.documentation, '')] : []), editOf(node, empty)];
}

/** Units of all sources, and the unit that each declaration of the syntax trees is in. */
function unitsOf(trees: ReadonlyMap<string, Node>, whole: boolean) {
  const units: Unit[] = [];
  const owners = new Map<number, Unit>();
  const add = (file: string, node: Node, parts: Unit[] = []): Unit => {
    const unit = { file, node, parts };
    units.push(unit);
    walk(node, ({ id }) => {
      if (!owners.has(id)) owners.set(id, unit);
      return true;
    });
    return unit;
  };
  for (const [file, tree] of trees) {
    for (const node of tree.nodes ?? []) {
      if (node.nodeType !== 'ContractDefinition' || node.contractKind === 'interface') continue;
      const isLibrary = node.contractKind === 'library';
      const isKept = !isLibrary && (whole || file.startsWith('contracts/proofs/'));
      const functions = (node.nodes ?? []).filter(isPlainFunction);
      const parts = isKept ? [] : functions.map((part) => add(file, part));
      if (!isLibrary) add(file, node, parts);
    }
  }
  return { units, owners };
}

/** A function that only a call can need: no constructor, and none that an interface wants. */
function isPlainFunction({ nodeType, kind, overrides }: Node): boolean {
  return nodeType === 'FunctionDefinition' && kind === 'function' && !overrides;
}

/** Calls `visit` with every node below and including one, as long as it says to go on. */
function walk(value: unknown, visit: (node: Node) => boolean): void {
  if (value === null || typeof value !== 'object') return;
  if ('nodeType' in value && !visit(value as Node)) return;
  for (const child of Object.values(value)) walk(child, visit);
}

type Edit = { start: number; end: number; text: string };

function editOf({ src }: Node, text: string): Edit {
  const [start, length] = src.split(':').map(Number) as [number, number];
  return { start, end: start + length, text };
}

/**
 * Reverts with an error as failed requirements. The engine for single calls takes no notice of the
 * former, and would look for counterexamples on paths that end there.
 */
function revertsOf(tree: Node): Edit[] {
  const edits: Edit[] = [];
  walk(tree, (node) => {
    if (node.nodeType === 'RevertStatement') edits.push(editOf(node, 'require(false)'));
    return true;
  });
  return edits;
}

/**
 * The text with some parts replaced; offsets count bytes, and what is inside another part goes with
 * it. What is shorter is filled with spaces: offsets and lines behind it keep their meaning.
 */
function edited(text: string, edits: readonly Edit[]): string {
  const bytes = Buffer.from(text);
  let end = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (edit.start < end) continue;
    end = edit.end;
    if (edit.text.length > end - edit.start) throw new Error(`no room for ${edit.text}`);
    for (let at = edit.start; at < end; at += 1) if (bytes[at] !== 10) bytes[at] = 32;
    bytes.write(edit.text, edit.start);
  }
  return bytes.toString('utf8');
}

/** The source of a contract in which every assertion says that it is never reached. */
export function denied(text: string, tree: Node, contract: string): string {
  const conditions = callsOf(tree, contract).map(({ arguments: [condition] = [] }) =>
    editOf(condition!, 'false'),
  );
  return edited(text, conditions);
}

/** Where the assertions of a contract start: offsets in its source. */
export const assertionsOf = (tree: Node, contract: string): number[] =>
  callsOf(tree, contract).map(({ src }) => Number(src.split(':')[0]));

function callsOf(tree: Node, contract: string): Node[] {
  const calls: Node[] = [];
  for (const node of (tree.nodes ?? []).filter(({ name }) => name === contract)) {
    walk(node, (inner) => {
      const { nodeType, expression } = inner;
      if (nodeType === 'FunctionCall' && expression?.name === 'assert') calls.push(inner);
      return true;
    });
  }
  return calls;
}
