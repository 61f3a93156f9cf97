/** The sources that a proof is about: collected, mutated, shaped and pruned, all in memory. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '../sources.mjs';
import type { Mutant } from './property.ts';
import { plainLeft, plainWidths, withNarrow } from './rewrite.ts';

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
 * nothing is lost by a narrower type: see `rewrite.ts`.
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
  documentation?: Node | null;
  referencedDeclaration?: number | null;
  nodes?: Node[];
  expression?: Node;
};

/** A function of a library, or a whole contract: what is kept or dropped. */
type Unit = { file: string; node: Node };

/**
 * The sources with only what a contract reaches, because the checker encodes all that is there:
 * no other contracts, and of libraries no other functions; reverts as the checker understands
 * them. What is left computes the same: if anything were missing it would not compile.
 */
export function pruned(
  sources: Sources,
  trees: ReadonlyMap<string, Node>,
  harness: string,
  contract: string,
): Map<string, string> {
  const { units, owners } = unitsOf(trees);
  const reached = new Set<Unit>();
  const reach = (unit: Unit | undefined): void => {
    if (unit === undefined || reached.has(unit)) return;
    reached.add(unit);
    walk(unit.node, ({ referencedDeclaration: id }) => reach(owners.get(id ?? -1)));
  };
  reach(units.find(({ file, node }) => file === harness && node.name === contract));
  const out = new Map(sources);
  for (const [file, tree] of trees) {
    const dropped = units.filter((unit) => unit.file === file && !reached.has(unit));
    const edits = dropped.flatMap(({ node }) => [
      ...(node.documentation ? [editOf(node.documentation, '')] : []),
      editOf(
        node,
        node.nodeType === 'ContractDefinition' ? `abstract contract ${node.name} {}` : '',
      ),
    ]);
    const reverts = revertsOf(tree).filter(
      ({ start }) => !edits.some((edit) => edit.start <= start && start < edit.end),
    );
    out.set(file, edited(out.get(file)!, [...edits, ...reverts]));
  }
  return out;
}

/** Units of all sources, and the unit that each declaration of the syntax trees is in. */
function unitsOf(trees: ReadonlyMap<string, Node>) {
  const units: Unit[] = [];
  const owners = new Map<number, Unit>();
  for (const [file, tree] of trees) {
    for (const node of tree.nodes ?? []) {
      if (node.nodeType !== 'ContractDefinition' || node.contractKind === 'interface') continue;
      const members = (node.nodes ?? []).filter((m) => m.nodeType === 'FunctionDefinition');
      const own = node.contractKind === 'library' ? members : [node];
      for (const part of own) {
        const unit = { file, node: part };
        units.push(unit);
        walk(part, ({ id }) => owners.set(id, unit));
      }
    }
  }
  return { units, owners };
}

/** Calls `visit` with every node below and including one. */
function walk(value: unknown, visit: (node: Node) => void): void {
  if (value === null || typeof value !== 'object') return;
  if ('nodeType' in value) visit(value as Node);
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
  });
  return edits;
}

/**
 * The text with some parts replaced; offsets count bytes. What is shorter is filled with spaces, so
 * that the offsets of what stays behind it keep their meaning.
 */
function edited(text: string, edits: readonly Edit[]): string {
  let bytes = Buffer.from(text);
  for (const { start, end, text: next } of [...edits].sort((a, b) => b.start - a.start)) {
    const filled = Buffer.from(next.padEnd(end - start));
    bytes = Buffer.concat([bytes.subarray(0, start), filled, bytes.subarray(end)]);
  }
  return bytes.toString('utf8');
}

/** Where the assertions of a contract start: offsets in its source. */
export function assertionsOf(tree: Node, contract: string): number[] {
  const offsets: number[] = [];
  for (const node of (tree.nodes ?? []).filter(({ name }) => name === contract)) {
    walk(node, ({ nodeType, expression, src }) => {
      const isCall = nodeType === 'FunctionCall' && expression?.name === 'assert';
      if (isCall) offsets.push(Number(src.split(':')[0]));
    });
  }
  return offsets;
}
