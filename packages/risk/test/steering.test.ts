import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  composed,
  decayed,
  held,
  type RiskTuple,
  refuseMove,
  refuseNotice,
  type StewardView,
  tightest,
  towards,
  tupleFields,
  tupleOf,
} from '../src/index.ts';

const anchor = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: 1_000_000,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 900_000,
  concentrationPpm: 200_000,
  concentrationCapPpm: 300_000,
  isolated: 0,
  markClampPpm: 20_000,
  fundingGapSecondsMax: 30,
  liquidationPartPpm: 100_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 10_000,
};
const terms = {
  initialMaxPpm: 3_000_000,
  maintenanceMaxPpm: 1_500_000,
  concentrationMaxPpm: 3_000_000,
  capMinPpm: 250_000,
  tightenPpm: 100_000,
  loosenPpm: 5_000,
  decayPpm: 50_000,
  moveSeconds: 600,
  holdSeconds: 21_600,
  noticeSeconds: 86_400,
  inputAgeSeconds: 300,
};
const now = 1_900_000_000;
const course = {
  movedAt: 0,
  inputTime: 0,
  expiresAt: 0,
  decayedAt: 0,
  noticePpm: 0,
  noticeReadyAt: 0,
};
const view: StewardView = { anchor, current: tupleOf(anchor), terms, course, now };

const wanted: fc.Arbitrary<RiskTuple> = fc.record({
  initialPpm: fc.integer({ min: 1, max: 1_000_000 }),
  maintenancePpm: fc.integer({ min: 1, max: 800_000 }),
  concentrationPpm: fc.integer({ min: 0, max: 1_000_000 }),
  fundingRatePpmMax: fc.integer({ min: 0, max: 300_000 }),
  openInterestMax: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  backstopLotsMax: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
});

/** A walk of lawful moves towards what chance wants; the view after each. */
function walk(goals: readonly (readonly [RiskTuple, number])[]): StewardView[] {
  const views: StewardView[] = [];
  let at = view;
  for (const [goal, seconds] of goals) {
    const next = towards(goal, at.anchor, at.current, terms, at.course, at.now);
    assert.equal(refuseMove(at, next, at.now), undefined);
    const moved = { ...at.course, movedAt: at.now, inputTime: at.now };
    moved.expiresAt = at.now + terms.holdSeconds;
    at = { ...at, current: next, course: moved, now: at.now + 600 + seconds };
    views.push(at);
  }
  return views;
}

const goals = fc.array(fc.tuple(wanted, fc.integer({ min: 0, max: 10_000 })), { maxLength: 25 });

describe('steering', () => {
  it('finds a lawful tuple whatever is wanted, between the anchor and the band', () => {
    fc.assert(
      fc.property(goals, (list) => {
        const edge = tightest(anchor, terms);
        for (const { current } of walk(list)) {
          assert.ok(held(anchor, current));
          assert.equal(current.maintenancePpm, anchor.maintenancePpm);
          assert.ok(current.initialPpm <= edge.initialPpm);
          assert.ok(current.concentrationPpm <= edge.concentrationPpm);
          assert.ok(current.openInterestMax >= edge.openInterestMax);
          assert.ok(current.backstopLotsMax >= edge.backstopLotsMax);
          assert.ok(current.fundingRatePpmMax >= edge.fundingRatePpmMax);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('takes the whole step and not a unit more', () => {
    const goal = { ...tupleOf(anchor), initialPpm: 900_000, openInterestMax: 1 };
    const next = towards(goal, anchor, view.current, terms, course, now);
    assert.equal(next.initialPpm, 55_000);
    assert.equal(next.openInterestMax, 900_000);
    const more = { ...next, initialPpm: 55_001 };
    assert.equal(refuseMove(view, more, now), 'StepUnlawful');
    const less = { ...next, openInterestMax: 899_999 };
    assert.equal(refuseMove(view, less, now), 'StepUnlawful');
  });

  it('refuses what the contract refuses, by name', () => {
    const same = view.current;
    const moved = { ...course, movedAt: now - 599, inputTime: now - 599 };
    assert.equal(refuseMove({ ...view, course: moved }, same, now), 'MoveEarly');
    assert.equal(refuseMove(view, same, now + 1), 'InputTimeInvalid');
    assert.equal(refuseMove(view, same, now - 301), 'InputTimeInvalid');
    const seen = { ...course, movedAt: now - 600, inputTime: now - 10 };
    assert.equal(refuseMove({ ...view, course: seen }, same, now - 10), 'InputReplayed');
    assert.equal(refuseMove({ ...view, course: seen }, same, now - 9), undefined);
    for (const field of tupleFields) {
      const looser = { ...same, [field]: same[field] + (anchorRises(field) ? -1 : 1) };
      assert.equal(refuseMove(view, looser, now), 'StepUnlawful', field);
      assert.equal(held(anchor, looser), false, field);
    }
    const raised = { ...same, maintenancePpm: 30_001 };
    assert.equal(refuseMove(view, raised, now), 'NoticeMissing');
    const ready = { ...course, noticePpm: 30_001, noticeReadyAt: now };
    assert.equal(refuseMove({ ...view, course: ready }, raised, now), undefined);
    const early = { ...ready, noticeReadyAt: now + 1 };
    assert.equal(refuseMove({ ...view, course: early }, raised, now), 'NoticeNotReady');
    const late = { ...ready, noticeReadyAt: now - 86_401 };
    assert.equal(refuseMove({ ...view, course: late }, raised, now), 'NoticeNotReady');
  });

  it('asks the step before the notice, and the bounds last', () => {
    const both = { ...view.current, initialPpm: 60_000, maintenancePpm: 31_000 };
    assert.equal(refuseMove(view, both, now), 'StepUnlawful');
    assert.equal(refuseMove(view, view.current, now - 300), undefined);
    const current = { ...view.current, maintenancePpm: 39_000 };
    const high = { ...course, noticePpm: 40_001, noticeReadyAt: now };
    const raised = { ...current, maintenancePpm: 40_001 };
    assert.equal(
      refuseMove({ ...view, current, course: high }, raised, now),
      'ParameterOutOfBounds',
    );
  });

  it('stops at the end of the band, which is the nearer of band and hard bounds', () => {
    const goal = { ...tupleOf(anchor), initialPpm: 900_000, fundingRatePpmMax: 0 };
    const near = { ...view.current, initialPpm: 145_000, openInterestMax: 500_000 };
    const next = towards(goal, anchor, near, terms, course, now);
    assert.deepEqual([next.initialPpm, next.fundingRatePpmMax], [150_000, 108_000]);
    assert.equal(next.openInterestMax, 502_500);
    const edge = tightest(anchor, terms);
    assert.deepEqual([edge.initialPpm, edge.maintenancePpm], [150_000, 45_000]);
    assert.deepEqual([edge.concentrationPpm, edge.openInterestMax], [600_000, 250_000]);
    const dear = { ...anchor, initialPpm: 400_000, concentrationPpm: 400_000 };
    const hard = tightest(dear, terms);
    assert.deepEqual([hard.initialPpm, hard.concentrationPpm], [1_000_000, 1_000_000]);
    const narrow = tightest(anchor, { ...terms, initialMaxPpm: 1_000_000 });
    assert.equal(narrow.maintenancePpm, 40_000);
  });

  it('counts the time since the last move, and is held inside the hard bounds', () => {
    const goal = { ...tupleOf(anchor), initialPpm: 900_000, backstopLotsMax: 1 };
    const recent = { ...course, movedAt: now - 600 };
    const next = towards(goal, anchor, view.current, terms, recent, now);
    assert.deepEqual([next.initialPpm, next.backstopLotsMax], [50_834, 9_833]);
    const wild = { ...tupleOf(anchor), maintenancePpm: 45_000 };
    assert.equal(held(anchor, wild), false);
    assert.equal(held(anchor, { ...wild, initialPpm: 60_000 }), true);
  });

  it('announces a raise within a step and the band, and nothing else', () => {
    assert.equal(refuseNotice(view, 30_000), 'NoticeNeedless');
    assert.equal(refuseNotice(view, 33_000), undefined);
    assert.equal(refuseNotice(view, 33_001), 'StepUnlawful');
  });

  it('raises maintenance margin to what was announced, where initial margin leaves room', () => {
    const ready = { ...course, noticePpm: 33_000, noticeReadyAt: now };
    const goal = { ...tupleOf(anchor), maintenancePpm: 40_000 };
    const next = towards(goal, anchor, view.current, terms, ready, now);
    assert.equal(next.maintenancePpm, 33_000);
    assert.equal(composed(anchor, next).markClampPpm, 17_000);
    const tight = { ...view.current, maintenancePpm: 39_000 };
    const raise = (noticePpm: number, asked: number): number => {
      const wants = { ...goal, maintenancePpm: asked };
      return towards(wants, anchor, tight, terms, { ...ready, noticePpm }, now).maintenancePpm;
    };
    // Four fifths of the initial margin are 40,000.
    assert.deepEqual([raise(40_001, 50_000), raise(40_000, 50_000)], [39_000, 40_000]);
    assert.deepEqual([raise(40_000, 40_000), raise(40_000, 39_999)], [40_000, 39_000]);
    const last = { ...ready, noticeReadyAt: now - 86_400 };
    assert.equal(towards(goal, anchor, view.current, terms, last, now).maintenancePpm, 33_000);
  });

  it('decays to the anchor and stops there', () => {
    const current = { ...view.current, initialPpm: 100_000, openInterestMax: 300_000 };
    const expired = { ...course, expiresAt: now - 3_600 };
    const next = decayed({ ...view, current, course: expired });
    assert.ok(typeof next !== 'string');
    assert.equal(next.initialPpm, 95_000);
    assert.equal(next.openInterestMax, 315_000);
    const long = decayed({ ...view, current, course: { ...course, expiresAt: now - 360_000 } });
    assert.deepEqual(long, tupleOf(anchor));
    const due = decayed({ ...view, current, course: { ...course, expiresAt: now - 600 } });
    assert.ok(typeof due !== 'string');
    const fresh = { ...course, expiresAt: now - 599 };
    assert.equal(decayed({ ...view, current, course: fresh }), 'DecayEarly');
    assert.equal(decayed({ ...view, course: expired }), 'AnchorInForce');
  });
});

function anchorRises(field: string): boolean {
  return ['initialPpm', 'maintenancePpm', 'concentrationPpm'].includes(field);
}
