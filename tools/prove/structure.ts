/**
 * Properties that are read off the syntax tree of all contracts: who can reach what. A call to
 * another contract is not followed; the other contract has rules of its own.
 */
import type { Node } from './sources.ts';

/** A function of a contract or library, what it refers to, and how it is guarded. */
type Function = {
  id: number;
  name: string;
  file: string;
  contract: string;
  isEntry: boolean;
  modifiers: readonly string[];
  refers: ReadonlySet<number>;
  members: ReadonlySet<string>;
  /** What it names without saying whose it is. */
  names: ReadonlySet<string>;
};

export type Graph = {
  functions: readonly Function[];
  /** Ids of the fields of structs, by `Struct.field`. */
  fields: ReadonlyMap<string, number>;
};

type Loose = Node & {
  visibility?: string;
  memberName?: string;
  members?: Loose[];
  modifiers?: { modifierName?: { name?: string } }[];
};

/** Everything declared in the sources below `contracts/src`. */
export function graphOf(trees: ReadonlyMap<string, Node>): Graph {
  const functions: Function[] = [];
  const fields = new Map<string, number>();
  const structs = (nodes: readonly Loose[]) => {
    for (const { nodeType, name, members } of nodes) {
      if (nodeType !== 'StructDefinition') continue;
      for (const field of members ?? []) fields.set(`${name}.${field.name}`, field.id);
    }
  };
  for (const [file, tree] of trees) {
    if (!file.startsWith('contracts/src/') || file.includes('/mocks/')) continue;
    structs(tree.nodes ?? []);
    for (const contract of tree.nodes ?? []) {
      structs(contract.nodes ?? []);
      for (const node of (contract.nodes ?? []) as Loose[]) {
        if (node.nodeType !== 'FunctionDefinition') continue;
        functions.push({ ...describe(node), file, contract: contract.name ?? '' });
      }
    }
  }
  return { functions, fields };
}

function describe(node: Loose) {
  const refers = new Set<number>();
  const members = new Set<string>();
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    const { referencedDeclaration, memberName, nodeType, name } = value as Loose;
    if (typeof referencedDeclaration === 'number') refers.add(referencedDeclaration);
    if (memberName !== undefined) members.add(memberName);
    if (nodeType === 'Identifier' && name !== undefined) names.add(name);
    for (const child of Object.values(value)) visit(child);
  };
  visit(node);
  const modifiers = (node.modifiers ?? []).map(({ modifierName }) => modifierName?.name ?? '');
  const isEntry = node.visibility === 'external' || node.visibility === 'public';
  return { id: node.id, name: node.name ?? '', isEntry, modifiers, refers, members, names };
}

/** All functions from which one of the given is reached, themselves included. */
function callersOf(graph: Graph, targets: readonly Function[]): Set<Function> {
  const found = new Set(targets);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    const ids = new Set([...found].map(({ id }) => id));
    for (const caller of graph.functions) {
      if ([...caller.refers].some((id) => ids.has(id))) found.add(caller);
    }
  }
  return found;
}

const label = ({ contract, name }: Function): string => `${contract}.${name}`;
/** What moves tokens or calls whatever it is told. */
const outgoing = new RegExp(
  '^(?:safe|trySafe|force)?(?:Transfer|TransferFrom|Approve|IncreaseAllowance)$|' +
    '^(?:transfer|transferFrom|approve|call|delegatecall|staticcall|sendValue)$',
);
const isVault = ({ file }: Function): boolean => /\/Vault\w*\.sol$/.test(file);

/** Entries of the vault from which a kind of function is reached, against those that may. */
function entriesReach(graph: Graph, targets: readonly Function[], allowed: readonly string[]) {
  const entries = [...callersOf(graph, targets)].filter((f) => isVault(f) && f.isEntry);
  const names = entries.map(label).sort();
  const wrong = names.filter((name) => !allowed.includes(name));
  const gone = allowed.filter((name) => !names.includes(name));
  return [
    ...wrong.map((name) => `${name} reaches ${targets.map(label).join(', ')}`),
    ...gone.map((name) => `${name} is not there any more: the rule names what is gone`),
  ];
}

/** Tokens leave by `pay`, `payForced` and `release` alone, and what waits was asked for. */
function vaultDoor(graph: Graph): string[] {
  const vault = graph.functions.filter(isVault);
  const out = vault.filter(({ members }) => [...members].some((name) => outgoing.test(name)));
  const doors = ['Vault.pay', 'Vault.payForced'];
  const guarded = [...doors, 'Vault.take', 'Vault.takeBack'];
  const open = vault.filter(
    (f) => guarded.includes(label(f)) && !f.modifiers.includes('onlyClearingHouse'),
  );
  const queueing = vault.filter(({ name }) => name === '_enqueue');
  return [
    ...entriesReach(graph, out, [...doors, 'Vault.release', 'Vault.take']),
    ...entriesReach(graph, queueing, doors),
    ...open.map((f) => `${label(f)} is open to anyone`),
  ];
}

/** The one place where what leaves may be asked for its scope, and what it may be reached from. */
const throttle = 'CustodyModule._holdThrottle';
const throttled = ['CustodyModule.withdraw', 'CustodyModule.withdrawSigned'];

/**
 * Who leaves asks no breaker: nothing on the way reads a level, but where prices are loaded, and
 * where a direct withdrawal asks for its own scope. The forced path and the exit do not come by.
 */
function exitOpen(graph: Graph): string[] {
  const level = graph.fields.get('Market.level');
  if (level === undefined) return ['Market.level is gone'];
  const readers = graph.functions.filter(
    (f) => f.refers.has(level) && !['Pricing._view', 'Pricing._raise'].includes(label(f)),
  );
  if (readers.length === 0) return ['nothing reads Market.level: the rule reads nothing'];
  const ways = /\/(?:CustodyModule|ExitModule|ForcedModule|ForcedQueue|Vault\w*|Backstop)\.sol$/;
  const breakers = graph.functions.filter(
    ({ file, members, names, name }) =>
      ways.test(file) && name !== '' && (members.has('breaker') || names.has('breaker')),
  );
  // A rule that finds nothing would hold of anything.
  if (!breakers.some((f) => label(f) === throttle)) return [`${throttle} asks no breaker`];
  return [
    ...[...callersOf(graph, readers)]
      .filter(({ file }) => ways.test(file))
      .map((f) => `${label(f)} reaches ${readers.map(label).join(', ')}`),
    ...breakers.filter((f) => label(f) !== throttle).map((f) => `${label(f)} names the breaker`),
    ...[...callersOf(graph, breakers)]
      .filter((f) => label(f) !== throttle && !throttled.includes(label(f)))
      .map((f) => `${label(f)} reaches ${throttle}`),
  ];
}

/** Rules by the name that a property gives; each lists what breaks it. */
export const structures: Readonly<Record<string, (graph: Graph) => string[]>> = {
  vaultDoor,
  exitOpen,
};
