import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apply, checkLaws, createState, restore, snapshot, stateHash } from '../src/index.ts';
import type { Command } from '../src/types.ts';
import { opening, stream } from './stream.ts';
import { config } from './support.ts';
import { Watch } from './watch.ts';

const seeds = [1, 2, 3, 4, 5];
const perSeed = 20_000;
/** The whole state is checked this often (its cost grows with the state), fills always. */
const fullCheckEvery = 200;

function run(seed: number) {
  const state = createState(config);
  const watch = new Watch();
  const next = stream(seed);
  const log: Command[] = [];
  const kinds = new Map<string, number>();
  const queue = opening();
  for (let i = 0; i < perSeed; i++) {
    const command = queue.shift() ?? next(state);
    if (replayed.includes(seed)) log.push(command);
    const { events } = apply(state, command);
    watch.see(state, command, events);
    for (const { type } of events) kinds.set(type, (kinds.get(type) ?? 0) + 1);
    if (i % fullCheckEvery === 0) assert.deepEqual(checkLaws(state), []);
    assert.deepEqual(watch.breaches, []);
  }
  return { state, log, kinds };
}

/** Seeds that are also replayed from their log, with a snapshot in the middle. */
const replayed = [1, 2];

describe('laws over random commands', () => {
  for (const seed of seeds) {
    it(`hold on ${perSeed} commands of seed ${seed}`, () => {
      const { state, log, kinds } = run(seed);
      const all = ['accepted', 'rejected', 'fill', 'cancelled', 'expired', 'unwound', 'confirmed'];
      for (const kind of all) assert.ok((kinds.get(kind) ?? 0) > 20, `too few events: ${kind}`);
      if (!replayed.includes(seed)) return;
      let again = createState(config);
      log.forEach((command, i) => {
        if (i === Math.floor(log.length / 2)) again = restore(snapshot(again));
        apply(again, command);
      });
      assert.equal(stateHash(again), stateHash(state));
    });
  }
});
