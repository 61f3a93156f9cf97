/** Books, facts and circuits that the tests of this package share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRejection } from '@holdfast/units';
import {
  addMembers,
  branchOf,
  type Circuit,
  chunkLevels,
  chunkMembers,
  type EpochFacts,
  type MarginFacts,
  type MarginKind,
  type MarginQuestion,
  type Member,
  markets,
  memberKey,
  noSums,
  type PoolContext,
  planEpoch,
  planMargin,
  type Witness,
} from '../src/index.ts';
import { type Compiled, compileCircuit, loadCircuit, toolbox } from '../src/node/index.ts';

export const root = join(import.meta.dirname, '../../..');
export const tools = toolbox(root);

/** Sixteen sizes, of which some are given. */
export const sizesOf = (...given: readonly bigint[]): bigint[] =>
  Array.from({ length: markets }, (_, i) => given[i] ?? 0n);

/** Two markets; what is after them is unused. */
export const context: PoolContext = [
  { lotValue: 1_000_000n, maintenancePpm: 50_000, initialPpm: 100_000, fundingIndex: -12_345n },
  { lotValue: 77n, maintenancePpm: 33_333, initialPpm: 66_666, fundingIndex: 99_999_999n },
];

export const circuit: Circuit = { circuitId: 123_456_789n, size: 4 };
export const pool = 0xabcdef0123456789abcdef0123456789abcdef01n;

/** Member i with secret i + 1. */
export const memberAt = (i: number, cash: bigint, sizes: readonly bigint[]): Member => ({
  key: memberKey(BigInt(i + 1), BigInt(1000 + i)),
  salt: BigInt(77 * (i + 1)),
  cash,
  sizes: sizesOf(...sizes),
});

/** A book of members that are all covered. */
export const bookOf = (count: number): Member[] =>
  Array.from({ length: count }, (_, i) =>
    memberAt(i, (BigInt(10_000_000 * (i + 1)) << 32n) + BigInt(i), [
      BigInt(i + 1) * 3n,
      -BigInt(i + 1) * 7n,
    ]),
  );

/** The facts of a book as a chain would tell them. */
export function factsOf(members: readonly Member[], at: PoolContext = context): EpochFacts {
  const { cash, sizes } = addMembers(noSums, members);
  const keys = members.map(({ key }) => key);
  return { chainId: 31_337n, pool, epoch: 7n, context: at, totals: { cash, sizes }, keys };
}

export const blindsFor = (chunks: number): bigint[] =>
  Array.from({ length: chunks }, (_, i) => BigInt(1000 + i));

/** Every chunk of a book. */
export function plansOf(members: readonly Member[], at: PoolContext = context) {
  const blinds = blindsFor(Math.max(1, Math.ceil(members.length / circuit.size)));
  const plans = planEpoch(circuit, factsOf(members, at), members, blinds);
  if (isRejection(plans)) throw new Error(plans.message);
  return plans;
}

/** A real circuit with linear constraints kept, and its witnesses. */
export type Bench = Compiled & { calculate: (input: object) => bigint[] };

const benches = new Map<string, Promise<Bench>>();

/** Compiled once; the files of an earlier run serve as long as the sources are the same. */
export function benchOf(name: 'solvency' | 'margin'): Promise<Bench> {
  const found = benches.get(name);
  if (found !== undefined) return found;
  const made = compileCircuit(tools, name, 4, 0).then((compiled) => ({
    ...compiled,
    calculate: loadCircuit(readFileSync(compiled.wasm)),
  }));
  benches.set(name, made);
  return made;
}

/** What a member of the first chunk of a book can say, and how it is asked. */
export function marginWorld(
  members: readonly Member[] = bookOf(6),
  i = 2,
  at: PoolContext = context,
) {
  const chunk = chunkMembers(members, Math.floor(i / circuit.size), circuit.size);
  const levels = chunkLevels(chunk);
  const { cash, sizes, salt } = members[i]!;
  const facts: MarginFacts = {
    chainId: 31_337n,
    pool,
    epoch: 7n,
    chunkIndex: Math.floor(i / circuit.size),
    chunkRoot: levels.at(-1)![0]!,
    context: at,
  };
  const witness: Witness = {
    ...branchOf(levels, i % circuit.size),
    secret: BigInt(i + 1),
    owner: BigInt(1000 + i),
    salt,
    cash,
    sizes,
  };
  const question: MarginQuestion = {
    chainId: 31_337n,
    verifier: 0x1111n,
    requester: 0x2222n,
    nonce: 5n,
    expiry: 2_000_000_000n,
    kind: 'maintenance',
    threshold: 0n,
  };
  return { facts, witness, question };
}

/** A margin statement of a kind. */
export function marginPlanOf(kind: MarginKind, threshold = kind === 'threshold' ? 12_345n : 0n) {
  const { facts, witness, question } = marginWorld();
  const plan = planMargin(circuit.circuitId, facts, { ...question, kind, threshold }, witness);
  if (isRejection(plan)) throw new Error(plan.message);
  return plan;
}
