/** The circuits and the TypeScript agree on what is covered, to the last unit. */
import { strict as assert } from 'node:assert';
import { before, describe, it } from 'node:test';
import { isRejection } from '@holdfast/units';
import fc from 'fast-check';
import {
  bookFault,
  challengeOf,
  describeMargin,
  type Holding,
  marginStatement,
  nullifierOf,
  type PoolContext,
  planMargin,
  standingOf,
} from '../src/index.ts';
import { type Bench, benchOf, factsOf, marginWorld, memberAt, plansOf, sizesOf } from './world.ts';

const edge = (1n << 56n) - 1n;
const within = (bits: number): fc.Arbitrary<bigint> => {
  const end = 1n << BigInt(bits);
  return fc.oneof(fc.bigInt(1n - end, end - 1n), fc.constantFrom(1n - end, end - 1n));
};
const ppm = fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(1, 2 ** 24 - 1));

/** A market and a position in it whose worth is within 2^120 Q32, up to the widest of either. */
const pair = fc.integer({ min: 0, max: 56 }).chain((bits) =>
  fc.tuple(
    fc.record(
      {
        lotValue: within(Math.min(80, 86 - bits)).map((value) => (value < 1n ? 1n - value : value)),
        maintenancePpm: ppm,
        initialPpm: ppm,
        fundingIndex: within(Math.min(112, 118 - bits)),
      },
      { noNullPrototype: true },
    ),
    within(bits),
  ),
);
const pairs = fc
  .array(pair, { minLength: 1, maxLength: 16 })
  .filter((list) => list.every(([{ lotValue }]) => lotValue < 1n << 80n));

/** Cash that leaves exactly `more` (Q32) above what `kind` asks for; undefined: out of range. */
function exactCash(
  sizes: readonly bigint[],
  context: PoolContext,
  kind: 'maintenance' | 'initial',
  more: bigint,
): bigint | undefined {
  const at = standingOf({ cash: 0n, sizes }, context);
  if (isRejection(at)) throw new Error(at.message);
  const cash = (at[kind] << 32n) - at.equityQ32 + more;
  return cash > -(1n << 127n) && cash < 1n << 127n ? cash : undefined;
}

describe('boundaries', () => {
  let margin: Bench;
  let solvency: Bench;
  before(async () => {
    [margin, solvency] = [await benchOf('margin'), await benchOf('solvency')];
  });

  /** Whether the margin circuit has a witness for a holding that TypeScript did not judge. */
  function hasMargin(holding: Holding, context: PoolContext, kind: 'maintenance' | 'initial') {
    const world = marginWorld([memberAt(0, holding.cash, holding.sizes)], 0, context);
    const question = { ...world.question, kind };
    const plan = planMargin(5n, world.facts, question, world.witness);
    if (!isRejection(plan)) return { told: true, found: calculates(margin, plan.input) };
    assert.equal(plan.code, 'EquityBelow');
    const { secret } = world.witness;
    const nullifier = nullifierOf(secret, challengeOf(question), world.facts.chunkRoot);
    const statement = marginStatement(5n, world.facts, question, nullifier);
    const lie = describeMargin(5n, statement, world.witness);
    return { told: false, found: calculates(margin, lie.input) };
  }

  const calculates = (bench: Bench, input: object): boolean => {
    try {
      bench.calculate(input);
      return true;
    } catch (error) {
      assert.match((error as Error).message, /constraint does not hold.*Covered/s);
      return false;
    }
  };

  it('equal is enough and 2^-32 of a unit less is not, for random and extreme accounts', () => {
    let tried = 0;
    const kinds = fc.constantFrom('maintenance', 'initial');
    fc.assert(
      fc.property(pairs, kinds, fc.constantFrom(-1n, 0n, 1n), (list, kind, more) => {
        const context = list.map(([market]) => market);
        const sizes = sizesOf(...list.map(([, lots]) => lots));
        const cash = exactCash(sizes, context, kind, more);
        if (cash === undefined) return;
        tried++;
        const { told, found } = hasMargin({ cash, sizes }, context, kind);
        assert.equal(told, more >= 0n);
        assert.equal(found, told);
      }),
      { seed: 11, numRuns: 60 },
    );
    assert.ok(tried > 15, `${tried} accounts`);
  });

  it('the largest account has a proof, and a chunk of the largest has one too', () => {
    const context: PoolContext = Array.from({ length: 16 }, () => ({
      lotValue: (1n << 60n) - 1n,
      maintenancePpm: 999_999,
      initialPpm: 999_999,
      fundingIndex: 1n - (1n << 112n),
    }));
    const most = sizesOf(...Array.from({ length: 16 }, () => edge));
    const members = [0, 1, 2].map((i) => memberAt(i, (1n << 125n) - 1n, most));
    // Their sums do not fit the omnibus account's own ranges, which the facts say.
    assert.equal(bookFault(factsOf(members, context), members)?.code, 'TotalsOutOfRange');
    const less = most.map((lots) => lots / 4n);
    const fitting = [0, 1, 2].map((i) => memberAt(i, (1n << 125n) - 1n, less));
    const [plan] = plansOf(fitting, context);
    assert.equal(solvency.calculate(plan!.input)[0], 1n);
  });

  it('no members, one member and full chunks have proofs', () => {
    for (const count of [0, 1, 4, 5]) {
      const members = Array.from({ length: count }, (_, i) => memberAt(i, 1n << 60n, [1n]));
      for (const { input } of plansOf(members)) assert.equal(solvency.calculate(input)[0], 1n);
    }
  });
});
