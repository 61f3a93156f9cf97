/**
 * Mutants of a law: its predicate with one small change each. Tests hold every law to the rule
 * that some input tells each mutant from it, so that no part of a predicate is idle.
 */
import type { Law } from './law.ts';
import { show } from './show.ts';
import type { Term } from './term.ts';

/** A changed predicate and what was changed. */
export type Mutant = { readonly name: string; readonly predicate: Term };

/** Replacements of one node itself, with a name for each. */
function changes(node: Term): [string, Term][] {
  const text = show(node);
  switch (node.op) {
    case 'lt':
      return [[`${text} not strict`, { ...node, op: 'le' }]];
    case 'le':
      return [[`${text} strict`, { ...node, op: 'lt' }]];
    case 'eq':
      return [
        [`${text} as ≤`, { ...node, op: 'le' }],
        [`${text} as ≥`, flipped(node)],
      ];
    case 'int':
      return node.value === 0n ? [] : [[`${text} + 1`, { op: 'int', value: node.value + 1n }]];
    case 'add':
      return [[`${text} as −`, { ...node, op: 'sub' }]];
    case 'sub':
      return [[`${text} as +`, { ...node, op: 'add' }]];
    case 'abs':
      return [[`${text} without | |`, node.a]];
    case 'min':
      return [[`${text} as max`, { ...node, op: 'max' }]];
    case 'max':
      return [[`${text} as min`, { ...node, op: 'min' }]];
    case 'not':
      return [[`${text} without ¬`, node.a]];
    case 'forall':
      return [[`∀ as ∃ in ${text}`, { ...node, op: 'exists' }]];
    case 'exists':
      return [[`∃ as ∀ in ${text}`, { ...node, op: 'forall' }]];
    case 'and':
    case 'or':
      return node.all.map((part, i) => [
        `without ${show(part)}`,
        { ...node, all: node.all.filter((_part, j) => j !== i) },
      ]);
    default:
      return [];
  }
}

function flipped(node: { readonly a: Term; readonly b: Term }): Term {
  return { op: 'le', a: node.b, b: node.a };
}

const branches = ['a', 'b', 'cond', 'body'] as const;

function mutate(node: Term): [string, Term][] {
  const found = changes(node);
  if ('all' in node) {
    node.all.forEach((part, i) => {
      for (const [name, changed] of mutate(part)) {
        found.push([name, { ...node, all: node.all.map((old, j) => (j === i ? changed : old)) }]);
      }
    });
  }
  for (const key of branches) {
    const child = (node as Partial<Record<typeof key, Term>>)[key];
    if (child === undefined) continue;
    for (const [name, changed] of mutate(child))
      found.push([name, { ...node, [key]: changed } as Term]);
  }
  return found;
}

/** Whether an eq compares hashes, which have no order to mutate. */
function ordersHashes(law: Law, name: string): boolean {
  const hashes = Object.entries(law.inputs).filter(([, type]) => type.kind === 'bytes32');
  return hashes.some(([input]) => name.startsWith(`${input} = `) && / as [≤≥]$/.test(name));
}

/** Names told apart: a term may occur twice. */
function numbered(mutants: readonly Mutant[]): Mutant[] {
  const seen = new Map<string, number>();
  return mutants.map(({ name, predicate }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { name: count === 1 ? name : `${name} (${count})`, predicate };
  });
}

/** Every mutant of a law, minus those that it declares equal to itself. */
export function mutantsOf(law: Law): Mutant[] {
  return numbered(mutate(law.predicate).map(([name, predicate]) => ({ name, predicate }))).filter(
    ({ name }) => !ordersHashes(law, name) && !(law.equalMutants ?? []).includes(name),
  );
}
