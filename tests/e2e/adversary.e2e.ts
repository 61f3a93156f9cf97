/**
 * The random adversary of the range: it finds nothing in the venue as it is, and finds, shortens
 * and replays the theft where a control is switched off.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runAdversary } from '@holdfast/range';

const seed = 'e2e';
let folder: string;
const quiet = (): void => undefined;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-adversary-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly rows: readonly { lives: number; found: boolean; best: bigint; bound: bigint }[];
  readonly stories: readonly { steps: readonly unknown[]; problems: readonly string[] }[];
}

describe('the adversary', () => {
  it('finds nothing, whichever keys it holds', async () => {
    const { data, failed, text } = await runAdversary({ seed, seeds: 7, steps: 100 }, quiet);
    assert.deepEqual(failed, [], text);
    const { rows } = data as Told;
    assert.equal(rows.length, 7);
    for (const { lives, best, bound } of rows) {
      assert.ok(lives > 3);
      assert.ok(best <= bound + 1_000n);
    }
  });

  for (const [ablate, roles] of [
    ['withdrawal-margin', []],
    ['order-signature', ['sequencer']],
  ] as const) {
    it(`finds the theft without ${ablate}, shortens it, and it replays`, async () => {
      const out = join(folder, `${ablate}.json`);
      const wish = { seed, seeds: 1, steps: 2_400, ablate, roles, out };
      const { data, failed, text } = await runAdversary(wish, quiet);
      assert.equal(failed.length, 1, text);
      const [story] = (data as Told).stories;
      assert.ok(story !== undefined && story.steps.length <= 6, text);
      assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')).steps, story.steps);
      const hashes = [];
      for (let i = 0; i < 2; i++) {
        const again = await runAdversary({ ...wish, replay: out }, quiet);
        assert.equal(again.failed.length, 1, again.text);
        assert.match(again.text, /seed e2e\/0, commit /);
        hashes.push((again.data as { finalHash: string }).finalHash);
      }
      assert.equal(hashes[0], hashes[1]);
    });
  }

  it('refuses what it does not know', async () => {
    const wish = { seed, seeds: 1, steps: 1 };
    await assert.rejects(runAdversary({ ...wish, ablate: 'everything' }, quiet), {
      code: 'AblationUnknown',
    });
    await assert.rejects(runAdversary({ ...wish, roles: ['king'] }, quiet), {
      code: 'RoleUnknown',
    });
    const replay = join(folder, 'none.json');
    await assert.rejects(runAdversary({ ...wish, replay }, quiet), { code: 'StoryUnreadable' });
  });
});
