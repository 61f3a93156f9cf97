/**
 * Inputs of laws for tests, close to the boundaries: lawful examples with a few fields changed,
 * small numbers that often coincide, edges of every width and one beyond, and pairs of inputs that
 * differ by one in one field and in the verdict. All randomness comes from the caller.
 */
import { type Input, type InputType, type IntType, isInt, type Law, range } from './law.ts';
import type { Term } from './term.ts';

type Leaf = { readonly holder: Record<string, unknown>; readonly key: string; type: InputType };
type Draft = Record<string, unknown>;
type Random = () => number;

/** number where generated TypeScript takes one, otherwise bigint. */
function asTyped(value: bigint, type: IntType): number | bigint {
  const narrow = type.kind === 'uint' ? type.bits <= 53 : type.bits <= 54;
  return narrow ? Number(value) : value;
}

function literals(term: Term, found: bigint[] = []): bigint[] {
  if (term.op === 'int') found.push(term.value);
  if ('all' in term) for (const part of term.all) literals(part, found);
  for (const key of ['a', 'b', 'cond', 'body'] as const) {
    const child = (term as Partial<Record<typeof key, Term>>)[key];
    if (child !== undefined) literals(child, found);
  }
  return found;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
}

function leavesOf(law: Law, draft: Draft): Leaf[] {
  const leaves: Leaf[] = [];
  const fields = (holder: Draft, types: Readonly<Record<string, InputType>>) => {
    for (const [key, type] of Object.entries(types)) {
      if (type.kind === 'record') fields(holder[key] as Draft, type.fields);
      else if (type.kind === 'list') {
        for (const item of holder[key] as Draft[]) fields(item, type.of.fields);
      } else leaves.push({ holder, key, type });
    }
  };
  fields(draft, law.inputs);
  return leaves;
}

const pick = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)] as T;

const below = (random: Random, count: number): number => Math.floor(random() * count);

const chance = (random: Random, percent: number): boolean => below(random, 100) < percent;

function bits(random: Random, count: number): bigint {
  let value = 0n;
  for (let i = 0; i < count; i += 24) value = (value << 24n) | BigInt(below(random, 1 << 24));
  return value & ((1n << BigInt(count)) - 1n);
}

function someInt(random: Random, type: IntType, near: readonly bigint[]): bigint {
  const { low, high } = range(type);
  const choice = below(random, 10);
  const step = BigInt(below(random, 3) - 1);
  if (choice < 2) return pick(random, [low, high]) + step;
  if (choice < 6 && near.length > 0) return pick(random, near) + step;
  if (choice < 8) return BigInt(below(random, 5)) * (type.kind === 'int' && step < 0n ? -1n : 1n);
  const magnitude = bits(random, 1 + below(random, type.bits));
  return type.kind === 'int' && chance(random, 50) ? -magnitude : magnitude;
}

function change(random: Random, law: Law, draft: Draft): void {
  const leaves = leavesOf(law, draft);
  if (leaves.length === 0) return;
  const leaf = pick(random, leaves);
  const { holder, key, type } = leaf;
  if (type.kind === 'bool') holder[key] = chance(random, 50);
  if (type.kind === 'bytes32') {
    const others = leaves.filter((other) => other.type.kind === 'bytes32');
    const from = pick(random, others);
    const fresh = `0x${bits(random, 256).toString(16).padStart(64, '0')}`;
    holder[key] = chance(random, 50) ? from.holder[from.key] : fresh;
  }
  if (!isInt(type)) return;
  const peers = leaves.filter((other) => isInt(other.type));
  const near = [
    ...peers.map((other) => BigInt(other.holder[other.key] as number | bigint)),
    ...literals(law.predicate),
  ];
  holder[key] = asTyped(someInt(random, type, near), type);
}

/** Moves an amount from one number to another, so that sums stay. */
function shift(random: Random, law: Law, draft: Draft): void {
  const numbers = leavesOf(law, draft).filter((leaf) => isInt(leaf.type));
  if (numbers.length < 2) return;
  const a = pick(random, numbers);
  const peers = numbers.filter((leaf) => leaf !== a && leaf.key === a.key);
  const b = peers.length > 0 ? pick(random, peers) : pick(random, numbers);
  const amount = chance(random, 50) ? 1n : bits(random, 1 + below(random, 40));
  for (const [leaf, by] of [
    [a, amount],
    [b, -amount],
  ] as const) {
    const old = BigInt(leaf.holder[leaf.key] as number | bigint);
    leaf.holder[leaf.key] = asTyped(old + by, leaf.type as IntType);
  }
}

function resize(random: Random, law: Law, draft: Draft): void {
  const lists = Object.entries(law.inputs).filter(([, type]) => type.kind === 'list');
  if (lists.length === 0) return;
  const [name] = pick(random, lists);
  const items = draft[name] as unknown[];
  if (chance(random, 30)) items.length = 0;
  else if (chance(random, 50) && items.length > 0) items.splice(below(random, items.length), 1);
  else if (items.length > 0) items.push(copy(pick(random, items)));
}

/** Every number at most 4: products and sums coincide often. */
function shrink(random: Random, law: Law, draft: Draft): void {
  for (const { holder, key, type } of leavesOf(law, draft)) {
    if (type.kind === 'bool') holder[key] = chance(random, 50);
    if (!isInt(type)) continue;
    const sign = type.kind === 'int' && chance(random, 50) ? -1n : 1n;
    holder[key] = asTyped(sign * BigInt(below(random, 5)), type);
  }
}

/** Two inputs that differ by one in one field and in the verdict, if the field has such a point. */
function boundary(random: Random, law: Law, draft: Draft, judge: (i: Input) => boolean): Input[] {
  const numbers = leavesOf(law, draft).filter((leaf) => isInt(leaf.type));
  if (numbers.length === 0) return [];
  const { holder, key, type } = pick(random, numbers);
  const { low, high } = range(type as IntType);
  const at = (value: bigint): boolean => {
    holder[key] = asTyped(value, type as IntType);
    return judge(draft as Input);
  };
  let known = BigInt(holder[key] as number | bigint);
  if (known < low || known > high) known = low;
  const verdict = at(known);
  const far = [low, high].filter((end) => at(end) !== verdict);
  if (far.length === 0) return [];
  let other = pick(random, far);
  while (known - other > 1n || other - known > 1n) {
    const middle = (known + other) / 2n;
    if (at(middle) === verdict) known = middle;
    else other = middle;
  }
  return [known, other].map((value) => {
    at(value);
    return copy(draft) as Input;
  });
}

/**
 * A source of inputs of one law; each call gives one to three.
 *
 * @param judge - the verdict of the law, to search boundaries with
 * @param random - numbers in [0, 1), the only source of chance
 */
export function sampler(law: Law, judge: (input: Input) => boolean, random: Random) {
  // The example comes twice: most samples should start from what is usual.
  const starts = [law.example, law.example, ...(law.edges ?? [])];
  return (): Input[] => {
    const draft = copy(pick(random, starts)) as Draft;
    if (chance(random, 30)) resize(random, law, draft);
    if (chance(random, 35)) shrink(random, law, draft);
    const changes = below(random, 4);
    for (let i = 0; i < changes; i++) {
      if (chance(random, 30)) shift(random, law, draft);
      else change(random, law, draft);
    }
    const start = copy(draft) as Input;
    return chance(random, 50) ? [start] : [start, ...boundary(random, law, draft, judge)];
  };
}
