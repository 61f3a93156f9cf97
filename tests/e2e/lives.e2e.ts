/**
 * Lives of a node on virtual time: real core, journal and books of settlement, over disks, lines,
 * clocks and endpoints that fail. Faulty nodes must be found, or the rest proves nothing.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mutants, runFaults } from '@holdfast/range';

const seed = 'e2e';
const lives = 30;
/** Lives in which each faulty node must be found. */
const mutantLives = 8;
const quiet = (): void => undefined;

interface Told {
  readonly steps: number;
  readonly crashes: number;
  readonly torn: number;
  readonly reorgs: number;
  readonly acked: number;
  readonly settled: number;
}

describe('lives of a node', () => {
  it(`keep every promise in ${lives} lives`, async () => {
    const { data, failed, text } = await runFaults({ seed, seeds: lives }, quiet);
    assert.deepEqual(failed, [], text);
    const { steps, crashes, torn, reorgs, acked, settled } = data as Told;
    // Weather in which nothing happens shows nothing.
    assert.ok(steps > lives * 1_000, text);
    assert.ok(crashes > lives && torn > lives / 4 && reorgs > lives / 4, text);
    assert.ok(acked > lives * 50 && settled > lives * 20, text);
  });

  for (const { name, title } of mutants) {
    it(`finds a node in which ${title}`, async () => {
      const { failed } = await runFaults({ seed, seeds: mutantLives, mutant: name }, quiet);
      assert.ok(failed.length > 0, `none of ${mutantLives} lives fails`);
      // The same life, alone, fails for the same reason.
      const again = await runFaults({ seed: failed[0] ?? '', seeds: 1, mutant: name }, quiet);
      assert.deepEqual(again.failed, failed.slice(0, 1));
    });
  }

  it('comes to the same end from the same seed', async () => {
    const wish = { seed: `${seed}/3`, seeds: 1 };
    const [one, other] = [await runFaults(wish, quiet), await runFaults(wish, quiet)];
    assert.deepEqual(one.data, other.data);
  });

  it('refuses a mutant that it does not know', async () => {
    const wish = { seed, seeds: 1, mutant: 'perfect' };
    await assert.rejects(runFaults(wish, quiet), { code: 'MutantUnknown' });
  });
});
