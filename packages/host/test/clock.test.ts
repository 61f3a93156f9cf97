import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClock, sleep } from '@holdfast/host';
import fc from 'fast-check';

describe('clock', () => {
  it('runs with wall time at speed 1 and faster above', () => {
    let wall = 5_000_000;
    const settings = { wallEpochMs: 5_000_000, venueEpoch: 1_700_000_000, speed: 60 };
    const clock = createClock(settings, () => wall);
    assert.equal(clock.now(), 1_700_000_000);
    wall += 1000;
    assert.equal(clock.now(), 1_700_000_060);
    assert.equal(clock.wallMs(60), 1000);
    assert.equal(clock.wallMsUntil(1_700_000_120), 1000);
    assert.equal(clock.wallMsUntil(1_600_000_000), 0);
  });

  it('rounds down and never runs backwards', () => {
    const speed = fc.double({ min: 0.1, max: 10_000, noNaN: true });
    const steps = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 20 });
    const property = fc.property(speed, steps, (rate, gaps) => {
      let wall = 1_000_000;
      const settings = { wallEpochMs: wall, venueEpoch: 1_700_000_000, speed: rate };
      const clock = createClock(settings, () => wall);
      let last = clock.now() as number;
      for (const gap of gaps) {
        wall += gap;
        const now = clock.now() as number;
        assert.ok(now >= last && now * 1000 <= clock.nowMs());
        last = now;
      }
    });
    fc.assert(property, { seed: 7, numRuns: 200 });
  });

  it('refuses a speed that is not positive', () => {
    const settings = { wallEpochMs: 0, venueEpoch: 0, speed: 0 };
    assert.throws(() => createClock(settings), /speed must be positive/);
  });

  it('wakes a sleeper when its signal aborts', async () => {
    const abort = new AbortController();
    const began = performance.now();
    const sleeping = sleep(60_000, abort.signal);
    abort.abort();
    await sleeping;
    await sleep(60_000, abort.signal);
    assert.ok(performance.now() - began < 5000);
  });
});
