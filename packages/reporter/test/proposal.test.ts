import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assembleReport,
  type DecodedReport,
  encodeReport,
  type SignedObservation,
} from '@holdfast/oracle';
import {
  committeeSeparator,
  createProposalJudge,
  proposalGuards,
  viewPricePpmMax,
} from '@holdfast/reporter';
import { isRejection } from '@holdfast/units';
import { at, committeeVenue, type Said, say } from './fixture.ts';

const venue = committeeVenue();
type Name = keyof typeof proposalGuards;
type Guards = readonly (typeof proposalGuards)[Name][];

const all: Guards = Object.values(proposalGuards);
const without = (name: Name): Guards => all.filter((guard) => guard !== proposalGuards[name]);

async function proposal(
  said: readonly (readonly [number, Said?])[],
  change: (report: DecodedReport) => DecodedReport = (report) => report,
): Promise<Uint8Array> {
  const observations = await Promise.all(said.map(([index, of]) => say(venue, index, of)));
  const report = assembleReport(observations, 1);
  assert.ok(!isRejection(report), JSON.stringify(report));
  return encodeReport(change(report));
}

/** The judge of reporter 0, who saw what it says. */
function judgeOf(own: readonly SignedObservation[], guards: Guards = all) {
  const judge = createProposalJudge(venue, guards as never);
  for (const each of own) judge.observed(each);
  return (message: Uint8Array): string => judge.judge(message)?.code ?? 'signed';
}

const honest = [[0], [1, { price: 1_000_100 }], [2, { price: 1_000_200 }]] as const;

/** What a liar asks for, after what was signed before it, and the guard that alone stops it. */
const attacks: {
  readonly name: string;
  readonly guard: Name;
  readonly code: string;
  readonly before?: readonly Uint8Array[];
  readonly message: Uint8Array;
}[] = [
  {
    name: 'medians that are not those of the observations',
    guard: 'proved',
    code: 'MedianWrong',
    message: await proposal(honest, (report) => {
      const [first, ...rest] = report.quotes;
      return { ...report, quotes: [{ ...first, price: 1_000_101 }, ...rest] as never };
    }),
  },
  {
    name: 'fewer observations than a quorum',
    guard: 'proved',
    code: 'QuorumShort',
    message: await proposal([[0], [1]]),
  },
  {
    name: 'an observation of a stranger',
    guard: 'proved',
    code: 'SignerUnknown',
    message: await proposal([[0], [1], [5]]),
  },
  {
    name: 'an observation that was changed after it was signed',
    guard: 'proved',
    code: 'SignerUnknown',
    message: await proposal(honest, (report) => {
      const [first, ...rest] = report.observations;
      const values = first?.values.map((value) => ({ ...value, rate: 1 }));
      return { ...report, observations: [{ ...first, values }, ...rest] as never };
    }),
  },
  {
    name: 'a report that is composed past us',
    guard: 'included',
    code: 'OwnMissing',
    message: await proposal([[1], [2], [3]]),
  },
  {
    name: 'a price that two of three liars made',
    guard: 'agreed',
    code: 'ViewApart',
    message: await proposal([[0], [1, { price: 1_050_000 }], [2, { price: 1_050_000 }]]),
  },
  {
    name: 'another report of a round that was signed',
    guard: 'once',
    code: 'RoundSigned',
    before: [await proposal(honest)],
    message: await proposal([[0], [3, { price: 1_000_050 }], [4, { price: 1_000_060 }]]),
  },
  {
    name: 'a report of a round before the one that was signed',
    guard: 'once',
    code: 'RoundSigned',
    before: [await proposal(honest)],
    message: await proposal([0, 1, 2].map((i) => [i, { round: at - 2 }] as const)),
  },
];

describe('the judge of a proposal', async () => {
  const own = [await say(venue, 0, { round: at - 2 }), await say(venue, 0)];

  it('signs what it saw, and the same again for the next leader', async () => {
    const judge = judgeOf(own);
    const message = await proposal(honest);
    assert.deepEqual([judge(message), judge(message)], ['signed', 'signed']);
    // The same medians of other observations are the same report.
    assert.equal(judge(await proposal([...honest, [3, { price: 1_000_100 }]])), 'signed');
  });

  for (const { name, guard, code, before = [], message } of attacks) {
    it(`refuses ${name}, which nothing but "${guard}" stops`, () => {
      for (const guards of [all, without(guard)]) {
        const judge = judgeOf(own, guards);
        for (const each of before) assert.equal(judge(each), 'signed');
        assert.equal(judge(message), guards === all ? code : 'signed');
      }
    });
  }

  it('signs the whole round after a part of it: who leads first cannot spoil it', async () => {
    const part = await proposal([[0], [3, { price: 1_000_050 }], [4, { price: 1_000_060 }]]);
    const whole = await proposal([...honest, [3, { price: 1_000_050 }], [4, { price: 1_000_060 }]]);
    const judge = judgeOf(own);
    assert.deepEqual([judge(part), judge(whole)], ['signed', 'signed']);
    // And not back, nor another part of it.
    assert.equal(judge(part), 'RoundSigned');
    assert.equal(judge(await proposal([...honest, [3, { price: 1_000_900 }]])), 'RoundSigned');
  });

  it('refuses what is no proposal, and a round that it slept through', async () => {
    const judge = judgeOf(own);
    assert.equal(judge(new Uint8Array(40)), 'ReportMalformed');
    const later = [0, 1, 2].map((i) => [i, { round: at + 2 }] as const);
    assert.equal(judge(await proposal(later)), 'OwnMissing');
  });

  it('allows the stated distance and not one unit more', async () => {
    const two = async (said: Said) => judgeOf(own)(await proposal([[0], [1, said], [2, said]]));
    const part = (ppm: number) => 1_000_000 + ppm;
    assert.equal(await two({ price: part(viewPricePpmMax), mark: part(0) }), 'signed');
    assert.equal(await two({ price: part(viewPricePpmMax + 1), mark: part(0) }), 'ViewApart');
    assert.equal(await two({ price: part(-viewPricePpmMax), mark: part(0) }), 'signed');
    assert.equal(await two({ price: part(-viewPricePpmMax - 1), mark: part(0) }), 'ViewApart');
    const [{ markClampPpm, fundingRatePpmMax } = { markClampPpm: 0, fundingRatePpmMax: 0 }] = [
      ...venue.markets,
    ].sort((a, b) => a.id - b.id);
    assert.equal(await two({ mark: part(markClampPpm) }), 'signed');
    assert.equal(await two({ mark: part(markClampPpm + 1) }), 'ViewApart');
    assert.equal(await two({ rate: fundingRatePpmMax }), 'signed');
    assert.equal(await two({ rate: fundingRatePpmMax + 1 }), 'ViewApart');
    assert.equal(await two({ rate: -fundingRatePpmMax - 1 }), 'ViewApart');
  });

  it('signs the digest of the medians, whatever proves them', async () => {
    const judge = createProposalJudge(venue);
    const digest = judge.digest(await proposal(honest));
    assert.equal(digest?.length, 32);
    assert.deepEqual(judge.digest(await proposal([...honest, [3, { price: 1_000_100 }]])), digest);
    assert.notDeepEqual(judge.digest(await proposal([[0], [1], [2]])), digest);
    assert.equal(judge.digest(new Uint8Array(32)), undefined);
    assert.equal(committeeSeparator(venue).length, 32);
  });
});
