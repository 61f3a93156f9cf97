/** Auctions over random commands, judged by the laws and by a plain clearing of the same orders. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as engine from '../src/index.ts';
import { play } from './auction-play.ts';

describe('auctions over random commands', () => {
  for (const seed of [1, 2, 3]) {
    it(`hold the laws and what a plain clearing says, seed ${seed}`, () => {
      const { breach, watch } = play(engine, seed);
      assert.equal(breach, undefined);
      assert.ok(watch.auctions > 20 && watch.lots > 150, `${watch.auctions}, ${watch.lots}`);
    });
  }
});
