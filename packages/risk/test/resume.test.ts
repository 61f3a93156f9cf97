import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { noResume, resumeAfterHalt, resumeAfterReport, resumeLevel } from '../src/index.ts';

const age = 60;

describe('the way back', () => {
  it('loosens in order, and not to liquidation before the end of the grace', () => {
    const way = fc.record({ start: fc.nat(1e6), grace: fc.integer({ min: 1, max: 1_800 }) });
    fc.assert(
      fc.property(way, fc.nat(4_000), fc.nat(4_000), (resume, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const before = resumeLevel(resume, resume.start + low);
        assert(before >= resumeLevel(resume, resume.start + high));
        assert.equal(before >= 2, low < resume.grace);
      }),
    );
  });

  it('has a grace as long as a halt, at most half an hour', () => {
    assert.deepEqual(resumeAfterHalt(100, 400), { start: 400, grace: 300 });
    assert.deepEqual(resumeAfterHalt(0, 86_400), { start: 86_400, grace: 1_800 });
    assert.equal(resumeLevel(noResume, 5), 0);
  });

  it('starts with the report that ends an outage, and with no other', () => {
    assert.equal(resumeAfterReport(noResume, 0, 1e6, age), noResume);
    assert.equal(resumeAfterReport(noResume, 1_000, 1_060, age), noResume);
    const first = resumeAfterReport(noResume, 1_000, 1_160, age);
    assert.deepEqual(first, { start: 1_160, grace: 100 });
    // Cut short: what was left when prices stopped being usable.
    assert.deepEqual(resumeAfterReport(first, 1_180, 2_000, age), { start: 2_000, grace: 20 });
    // After it: no more than was open in between.
    assert.deepEqual(resumeAfterReport(first, 1_230, 2_000, age), { start: 2_000, grace: 30 });
    assert.equal(resumeAfterReport(first, 1_200, 2_000, age), first);
  });
});
