/** Attacks on the circuits, each as signals that are as consistent as the lie allows. */
import {
  addMembers,
  commitSums,
  contextWords,
  describe as describeChunk,
  describeMargin,
  fieldPrime,
  hash2,
  leafOf,
  type MarginStatement,
  type Member,
  marginStatement,
  noSums,
  nullifierOf,
  type SolvencyStatement,
  statementOf,
  type Totals,
  type Witness,
} from '../src/index.ts';
import { bookOf, circuit, context, factsOf, marginWorld } from './world.ts';

/** What a lying operator proves: any members, any statement, any running sums. */
type Lie = {
  readonly members?: readonly Member[];
  readonly present?: readonly bigint[];
  readonly statement?: Partial<SolvencyStatement>;
  /** Sums that it starts from. */
  readonly before?: { cash: bigint; sizes: readonly bigint[]; count: number };
  readonly totals?: Totals;
  readonly input?: Readonly<Record<string, unknown>>;
};

const four = bookOf(4);

/** Root of four leaves, whatever is in them. */
function rootOf(members: readonly Member[]): bigint {
  const [a, b, c, d] = members.map(leafOf) as [bigint, bigint, bigint, bigint];
  return hash2(hash2(a, b), hash2(c, d));
}

/** Signals of one chunk, the last one of a pool with four members, made consistent with a lie. */
export function chunkInput(lie: Lie = {}): Readonly<Record<string, unknown>> {
  const members = lie.members ?? four;
  const facts = factsOf(four);
  const start = lie.before ?? noSums;
  const present = lie.present ?? members.map(() => 1n);
  const sums = addMembers(start, members);
  const count = Number(present.reduce((sum, each) => sum + each, 0n) % fieldPrime);
  const after = { ...sums, count: count + (lie.statement?.chunkIndex ?? 0) * 4 };
  const published = {
    sumsBefore: 0n,
    sumsAfter: commitSums(after, 9n),
    chunkRoot: rootOf(members),
  };
  const totals = lie.totals ?? { cash: sums.cash, sizes: sums.sizes };
  const statement = {
    ...statementOf(circuit, { ...facts, totals }, 0, published),
    keys: members.map(({ key }) => key),
    ...lie.statement,
  };
  const { input } = describeChunk(circuit, statement, {
    cashBefore: start.cash,
    sizesBefore: start.sizes,
    blindBefore: 0n,
    blindAfter: 9n,
    present,
    salts: members.map(({ salt }) => salt),
    cash: members.map(({ cash }) => cash),
    sizes: members.map(({ sizes }) => [...sizes]),
  });
  return { ...input, ...lie.input };
}

const replaced = (i: number, change: Partial<Member>): Member[] =>
  four.map((member, j) => (i === j ? { ...member, ...change } : member));

/** Member 0 with the equity that is short of its requirement by one unit of Q32. */
function oneShort(): Member[] {
  const sizes = [3n, -7n, ...Array.from({ length: 14 }, () => 0n)];
  const worth = sizes.reduce((sum, size, i) => {
    const slot = context[i];
    return slot ? sum + size * ((slot.lotValue << 32n) - slot.fundingIndex) : sum;
  }, 0n);
  // ⌈3·1 000 000·5 %⌉ + ⌈7·77·3.3333 %⌉ = 150 000 + 18.
  return replaced(0, { cash: (150_018n << 32n) - worth - 1n, sizes });
}

export type Attack = readonly [
  what: string,
  lie: () => Readonly<Record<string, unknown>>,
  stop: RegExp,
];

const slack = /^Covered_\d+_\d+\[\d\]\.Range/;

export const solvencyAttacks: readonly Attack[] = [
  [
    'a member with negative equity',
    () => chunkInput({ members: replaced(1, { cash: -(1n << 80n) }) }),
    slack,
  ],
  [
    'a member short of its requirement by 2^-32 of a unit',
    () => chunkInput({ members: oneShort() }),
    slack,
  ],
  [
    'negative cash that is offset by another member',
    () =>
      chunkInput({
        members: replaced(0, { cash: four[0]!.cash - (1n << 70n) }).map((member, i) =>
          i === 1 ? { ...member, cash: member.cash + (1n << 70n) } : member,
        ),
      }),
    slack,
  ],
  ['a member left out at the end', () => chunkInput({ present: [1n, 1n, 1n, 0n] }), /^present/],
  [
    'a member left out of the count alone',
    () => chunkInput({ statement: { memberCount: 5 } }),
    /^memberCount$/,
  ],
  [
    'one member more than there are',
    () => chunkInput({ statement: { memberCount: 3 } }),
    /^memberCount$/,
  ],
  ['a gap in the places', () => chunkInput({ present: [1n, 0n, 1n, 1n] }), /^present/],
  [
    'a place that counts against another',
    () => chunkInput({ present: [1n, 1n, 1n, fieldPrime - 1n], statement: { memberCount: 2 } }),
    /^present/,
  ],
  [
    'an empty place that holds cash',
    () => {
      const members = replaced(3, { key: 0n, salt: 0n, sizes: four[3]!.sizes.map(() => 0n) });
      return chunkInput({ members, present: [1n, 1n, 1n, 0n], statement: { memberCount: 3 } });
    },
    /^present/,
  ],
  [
    'totals with more cash',
    () => chunkInput({ totals: { ...factsOf(four).totals, cash: 5n } }),
    /^totalCash$/,
  ],
  [
    'totals with other lots',
    () => chunkInput({ totals: { ...factsOf(four).totals, sizes: four[0]!.sizes } }),
    /^totalSizes/,
  ],
  [
    'totals kept closed in the last chunk',
    () => chunkInput({ input: { isLast: 0n } }),
    /^isLast$|^h$|^s$|Vector/,
  ],
  [
    'an early end: not last, with members missing',
    () => chunkInput({ present: [1n, 1n, 1n, 0n], statement: { totals: undefined } }),
    /^present/,
  ],
  [
    'isLast that is neither',
    () => chunkInput({ input: { isLast: 2n } }),
    /^isLast$|^h$|^s$|Vector/,
  ],
  [
    'sums that do not start from nothing',
    () => chunkInput({ before: { ...noSums, cash: 77n } }),
    /^cashBefore$/,
  ],
  [
    'lots that do not start from nothing',
    () => chunkInput({ before: { ...noSums, sizes: four[0]!.sizes } }),
    /^sizesBefore/,
  ],
  [
    'a second chunk on sums that no chunk left',
    () => chunkInput({ statement: { chunkIndex: 1, memberCount: 8, sumsBefore: 123n } }),
    /^sumsBefore$/,
  ],
  ['another root', () => chunkInput({ statement: { chunkRoot: 5n } }), /^chunkRoot$|^tree\./],
  [
    'another commitment after',
    () => chunkInput({ statement: { sumsAfter: 5n } }),
    /^sumsAfter$|^after$|^Sums/,
  ],
  [
    'keys in another order than they joined',
    () => {
      const keys = four.map(({ key }) => key).reverse();
      return chunkInput({ statement: { keys } });
    },
    /^chunkRoot$|^tree\.|^leaf/,
  ],
  [
    'a position where there is no market',
    () =>
      chunkInput({
        members: replaced(0, { sizes: four[0]!.sizes.map((s, i) => (i === 9 ? 1n : s)) }),
      }),
    /Position_\d+_\d+\[9\]|isUnused\[9\]/,
  ],
  [
    'a size beyond its bits, which runs into the next slot of the leaf',
    () =>
      chunkInput({
        members: replaced(0, {
          cash: 1n << 126n,
          sizes: four[0]!.sizes.map((size, i) => (i === 0 ? 1n << 60n : size)),
        }),
      }),
    /^leaf\[0\]\.Position_\d+_\d+\[0\]/,
  ],
  [
    'cash beyond its bits',
    () => chunkInput({ members: replaced(0, { cash: 1n << 130n }) }),
    /^leaf\[0\]\.Range/,
  ],
  [
    'a context word with bits above its own',
    () => {
      const words = contextWords(context) as bigint[];
      return chunkInput({ statement: { context: [words[0]! + (1n << 245n), ...words.slice(1)] } });
    },
    /^market\[0\]/,
  ],
  [
    'a copy of the vector with another epoch',
    () => chunkInput({ input: { epoch: 8n } }),
    /^h$|^s$|Vector/,
  ],
  ['a vector that only looks alike at r', () => chunkInput({ input: alike() }), /^h$|Vector/],
];

/** Epoch and domain changed so that s stays the same at this r: h tells them apart. */
function alike(): Readonly<Record<string, unknown>> {
  const honest = chunkInput() as { r: bigint; domain: bigint; epoch: bigint };
  const domain = (honest.domain + fieldPrime - honest.r) % fieldPrime;
  return { epoch: honest.epoch + 1n, domain };
}

export function marginInput(
  change: Partial<MarginStatement> = {},
  lie: Partial<Witness> = {},
  input: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { facts, witness, question } = marginWorld();
  const challengeless = marginStatement(circuit.circuitId, facts, question, 0n);
  const whole = { ...witness, ...lie };
  const statement = {
    ...challengeless,
    nullifier: nullifierOf(
      whole.secret,
      challengeless.challenge,
      change.chunkRoot ?? facts.chunkRoot,
    ),
    ...change,
  };
  return { ...describeMargin(circuit.circuitId, statement, whole).input, ...input };
}

/** The equity of the member that the margin tests know, whole units. */
const equity = (): bigint => {
  const { witness } = marginWorld();
  const worth = witness.sizes.reduce((sum, size, i) => {
    const slot = context[i];
    return slot ? sum + size * ((slot.lotValue << 32n) - slot.fundingIndex) : sum;
  }, witness.cash);
  return worth >> 32n;
};

export const marginAttacks: readonly Attack[] = [
  [
    'a threshold one above the equity',
    () => marginInput({ kind: 'threshold', threshold: equity() + 1n }),
    /^Covered/,
  ],
  [
    'a threshold that wraps the field',
    () => marginInput({ kind: 'threshold', threshold: fieldPrime - 1n }),
    /^Range_\d+_\d+\./,
  ],
  ['a threshold beside a requirement', () => marginInput({ threshold: 5n }), /^threshold$/],
  [
    'a kind that there is not',
    () => marginInput({}, {}, { kind: 3n }),
    /^initialOrMore$|^h$|^s$|Vector/,
  ],
  [
    'another holding than the leaf',
    () => marginInput({}, { cash: 1n << 120n }),
    /^chunkRoot$|^root$|^Branch/,
  ],
  ["another member's secret", () => marginInput({}, { secret: 99n }), /^chunkRoot$|^root$|^Branch/],
  ['another root', () => marginInput({ chunkRoot: 5n }), /^chunkRoot$|^root$|^Branch/],
  [
    'a nullifier of its own choice',
    () => marginInput({ nullifier: 5n }),
    /^nullifier$|^mark$|^Poseidon/,
  ],
  [
    'a nullifier for an old challenge',
    () => marginInput({ challenge: 5n }),
    /^nullifier$|^mark$|^Poseidon/,
  ],
  [
    'a copy of the vector with another requester',
    () => marginInput({}, {}, { requester: 3n }),
    /^h$|^s$|Vector/,
  ],
  [
    'a copy of the vector with another expiry',
    () => marginInput({}, {}, { expiry: 3n }),
    /^h$|^s$|Vector/,
  ],
  [
    'an inner node in place of a leaf',
    () => marginInput({}, { place: [0n, 2n] }),
    /^(Branch_\d+_\d+\.)?place|^chunkRoot$|^root$|^Branch/,
  ],
  [
    'an owner that is no address',
    () => marginInput({}, { owner: 1n << 170n }),
    /^Range|^chunkRoot$|^root$|^Branch/,
  ],
];
