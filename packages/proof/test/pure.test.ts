import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { baseAlone, health } from '@holdfast/risk';
import { isRejection } from '@holdfast/units';
import fc from 'fast-check';
import { encodeAbiParameters, keccak256 } from 'viem';
import {
  addMembers,
  bookFault,
  branchOf,
  challengeOf,
  chunkLevels,
  chunkMembers,
  chunkRoot,
  contextWord,
  contextWords,
  domainOf,
  drawnPoint,
  fieldPrime,
  fingerprint,
  hash2,
  hash16,
  holdingFault,
  isIncluded,
  leafOf,
  type Member,
  markets,
  memberKey,
  nobody,
  noSums,
  type PoolContext,
  planEpoch,
  rootFrom,
  slotOf,
  standingOf,
  vectorAt,
  vectorHash,
} from '../src/index.ts';
import { blindsFor, bookOf, circuit, context, factsOf, memberAt, pool, sizesOf } from './world.ts';

const codeOf = (value: unknown): string => (isRejection(value) ? value.code : 'none');

describe('hashes', () => {
  it('are those of circomlib', () => {
    // From circomlib's own tests of Poseidon.
    const two = 7853200120776062878684798364095072458815029376092732009249414926327459813530n;
    const sixteen = 9989051620750914585850546081941653841776809718687451684622678807385399211877n;
    assert.equal(hash2(1n, 2n), two);
    const values = Array.from({ length: 16 }, (_, i) => BigInt(i + 1));
    assert.equal(hash16(values), sixteen);
  });

  it('take nothing but elements of the field', () => {
    assert.throws(() => hash2(fieldPrime, 0n), /not in the field/);
    assert.throws(() => hash2(-1n, 0n), /not in the field/);
    assert.throws(() => hash16([1n]), /16 are hashed/);
  });
});

describe('words that the chain computes as well', () => {
  const uints = (count: number) =>
    Array.from({ length: count }, () => ({ type: 'uint256' }) as const);
  const keccak = (values: readonly bigint[]): bigint =>
    BigInt(keccak256(encodeAbiParameters(uints(values.length), [...values]))) >> 8n;

  it('domain and challenge are keccak over abi.encode, without the lowest byte', () => {
    assert.equal(domainOf(31_337n, pool, 77n), keccak([31_337n, pool, 77n]));
    const asked = { chainId: 1n, verifier: 2n, requester: 3n, nonce: 4n, expiry: 5n };
    assert.equal(challengeOf(asked), keccak([1n, 2n, 3n, 4n, 5n]));
  });

  it('the drawn point is keccak(abi.encode(circuitId, vector, h)) >> 8', () => {
    const types = [{ type: 'uint256' }, { type: 'uint256[]' }, { type: 'uint256' }] as const;
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, fieldPrime - 1n), { maxLength: 40 }), (vector) => {
        const encoded = encodeAbiParameters(types, [9n, vector, 8n]);
        assert.equal(drawnPoint(9n, vector, 8n), BigInt(keccak256(encoded)) >> 8n);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('any other vector has another fingerprint, for the same h as well', () => {
    const vector = Array.from({ length: 45 }, (_, i) => BigInt(i));
    const real = fingerprint(5n, vector);
    for (const i of vector.keys()) {
      const other = vector.with(i, vector[i]! + 1n);
      assert.notEqual(vectorHash(other), real.h);
      const claimed = drawnPoint(5n, other, real.h);
      assert.notEqual(vectorAt(other, claimed), vectorAt(vector, claimed));
    }
    assert.notEqual(fingerprint(6n, vector).r, real.r);
  });
});

const slots = fc.record({
  lotValue: fc.bigInt(1n, (1n << 80n) - 1n),
  maintenancePpm: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  initialPpm: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  fundingIndex: fc.bigInt(1n - (1n << 112n), (1n << 112n) - 1n),
});

describe('context words', () => {
  it('give back what they were made of, and an unused slot is 0', () => {
    fc.assert(
      fc.property(slots, (slot) => {
        const word = contextWord(slot);
        assert.ok(typeof word === 'bigint' && word < 1n << 241n);
        assert.deepEqual(slotOf(word), { ...slot });
      }),
      { seed: 2 },
    );
    assert.equal(contextWord(undefined), 0n);
    assert.equal(slotOf(0n), undefined);
  });

  it('refuse what does not fit', () => {
    const good = context[0]!;
    for (const bad of [
      { lotValue: 0n },
      { lotValue: 1n << 80n },
      { maintenancePpm: 2 ** 24 },
      { initialPpm: -1 },
      { fundingIndex: 1n << 112n },
      { fundingIndex: -(1n << 112n) },
    ]) {
      assert.equal(codeOf(contextWord({ ...good, ...bad })), 'ContextOutOfRange');
    }
    const many = Array.from({ length: markets + 1 }, () => good);
    assert.equal(codeOf(contextWords(many)), 'ContextOutOfRange');
  });
});

describe('standing', () => {
  it('is health of the risk package at base margins', () => {
    const size = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    const market = fc.record({
      price: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      tickValue: fc.integer({ min: 1, max: 1_000_000 }),
      initialPpm: fc.integer({ min: 1, max: 1_000_000 }),
      maintenancePpm: fc.integer({ min: 1, max: 1_000_000 }),
      index: fc.bigInt(-(1n << 90n), 1n << 90n),
    });
    const both = fc.array(fc.tuple(size, market), { maxLength: markets });
    fc.assert(
      fc.property(fc.bigInt(-(1n << 120n), 1n << 120n), both, (cash, list) => {
        const pooled: PoolContext = list.map(([, each]) => ({
          lotValue: BigInt(each.price) * BigInt(each.tickValue),
          maintenancePpm: each.maintenancePpm,
          initialPpm: each.initialPpm,
          fundingIndex: each.index,
        }));
        const positions = new Map(list.map(([lots], i) => [i, lots] as const));
        const account = { cash, positions } as unknown as Parameters<typeof health>[0];
        const wanted = health(account, (id) => baseAlone(list[id]![1] as never));
        const sizes = sizesOf(...list.map(([lots]) => BigInt(lots)));
        const found = standingOf({ cash, sizes }, pooled);
        assert.ok(!isRejection(found));
        const { equity, maintenance, initial } = found;
        assert.deepEqual({ equity, initial, maintenance }, wanted);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('refuses a position where there is no market, and holdings out of range', () => {
    const sizes = sizesOf(0n, 0n, 1n);
    assert.equal(codeOf(standingOf({ cash: 0n, sizes }, context)), 'SizeInUnusedSlot');
    assert.equal(codeOf(holdingFault({ cash: 1n << 127n, sizes: sizesOf() })), 'CashOutOfRange');
    assert.equal(codeOf(holdingFault({ cash: 0n, sizes: [] })), 'SizeOutOfRange');
    const wide = { cash: 0n, sizes: sizesOf(-(1n << 56n)) };
    assert.equal(codeOf(holdingFault(wide)), 'SizeOutOfRange');
    assert.equal(
      holdingFault({ cash: 1n - (1n << 127n), sizes: sizesOf((1n << 56n) - 1n) }),
      undefined,
    );
  });
});

describe('leaves and chunks', () => {
  it('every part of a member is in its leaf', () => {
    const member = memberAt(1, 5n, [1n, -2n]);
    const leaf = leafOf(member);
    const others: Partial<Member>[] = [
      { key: member.key + 1n },
      { salt: member.salt + 1n },
      { cash: member.cash + 1n },
      ...member.sizes.map((size, i) => ({ sizes: member.sizes.with(i, size + 1n) })),
    ];
    for (const change of others) assert.notEqual(leafOf({ ...member, ...change }), leaf);
  });

  it('a branch leads from every place to the root, and from no other', () => {
    const members = chunkMembers(bookOf(7), 0, 8);
    const levels = chunkLevels(members);
    const root = chunkRoot(members);
    members.forEach((member, i) => {
      const branch = branchOf(levels, i);
      assert.equal(rootFrom(leafOf(member), branch), root);
      assert.ok(isIncluded(member, 8 + i, branch.siblings, root));
      assert.ok(!isIncluded({ ...member, cash: member.cash + 1n }, i, branch.siblings, root));
      assert.ok(!isIncluded(member, i ^ 1, branch.siblings, root) || member === nobody);
    });
    assert.throws(() => chunkLevels(bookOf(3)), /no tree/);
  });
});

describe('books', () => {
  const members = bookOf(6);
  const facts = factsOf(members);
  const cases: readonly [string, () => unknown][] = [
    ['none', () => bookFault(facts, members)],
    ['none', () => bookFault(factsOf([]), [])],
    ['MemberCountDiffers', () => bookFault(facts, members.slice(1))],
    ['KeyDiffers', () => bookFault(facts, members.toReversed())],
    [
      'MemberUncovered',
      () => bookFault(facts, [{ ...members[0]!, cash: -(1n << 60n) }, ...members.slice(1)]),
    ],
    [
      'CashOutOfRange',
      () => bookFault(facts, [{ ...members[0]!, cash: 1n << 127n }, ...members.slice(1)]),
    ],
    [
      'SizeInUnusedSlot',
      () => bookFault(facts, [{ ...members[0]!, sizes: sizesOf(0n, 0n, 1n) }, ...members.slice(1)]),
    ],
    ['TotalsDiffer', () => bookFault({ ...facts, totals: { ...facts.totals, cash: 1n } }, members)],
    [
      'TotalsDiffer',
      () => bookFault({ ...facts, totals: { ...facts.totals, sizes: sizesOf(1n) } }, members),
    ],
    [
      'TotalsOutOfRange',
      () => bookFault({ ...facts, totals: { ...facts.totals, cash: 1n << 127n } }, members),
    ],
    ['KeyMissing', () => bookFault({ ...facts, keys: facts.keys.with(2, 0n) }, members)],
    ['NotInField', () => bookFault({ ...facts, epoch: fieldPrime }, members)],
    [
      'NotInField',
      () => bookFault(facts, [{ ...members[0]!, salt: fieldPrime }, ...members.slice(1)]),
    ],
    ['BlindsDiffer', () => planEpoch(circuit, facts, members, blindsFor(1))],
    ['BlindsDiffer', () => planEpoch(circuit, facts, members, [1n, fieldPrime])],
  ];
  for (const [code, act] of cases) {
    it(`says ${code}: ${String(act).slice(6, 80)}`, () => {
      assert.equal(codeOf(act()), code);
    });
  }

  it('chunks follow one another, and only the last one shows the totals', () => {
    const plans = planEpoch(circuit, facts, members, blindsFor(2));
    assert.ok(!isRejection(plans));
    const [first, last] = plans;
    assert.equal(first!.statement.sumsBefore, 0n);
    assert.equal(last!.statement.sumsBefore, first!.statement.sumsAfter);
    assert.equal(first!.statement.totals, undefined);
    assert.deepEqual(last!.statement.totals, facts.totals);
    assert.deepEqual(last!.statement.keys, [...facts.keys.slice(4), 0n, 0n]);
    assert.equal(addMembers(noSums, members).count, 6);
  });

  it('a member key is the hash of secret and address', () => {
    assert.equal(memberKey(1n, 2n), hash2(1n, 2n));
  });
});
