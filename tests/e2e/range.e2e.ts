/**
 * Scenarios of the attack range; and a seed gives the same blocks whatever ran before. A third of
 * them runs, each with one of its ablations, since each ablation takes a compilation: others
 * whenever the contracts change. All with `E2E_RANGE=all`, and by `npx holdfast range`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  judge,
  judgeOpen,
  measuredOf,
  Range,
  type Scenario,
  type ScenarioReport,
  scenarios as whole,
} from '@holdfast/range';
import { root } from '../../tools/sources.mjs';

const seed = 'e2e';
/** Figures of every operation: another text whenever the contracts change. */
const contracts = readFileSync(join(root, 'contracts/gas.json'), 'utf8');

const draw = createHash('sha256').update(contracts).digest().readUInt32BE();
const isWhole = process.env.E2E_RANGE === 'all';

function sampled(scenario: Scenario): Scenario {
  if (scenario.kind !== 'attack' || isWhole) return scenario;
  const place = draw % scenario.ablations.length;
  return { ...scenario, ablations: scenario.ablations.slice(place, place + 1) };
}

const scenarios = whole.filter((_, i) => isWhole || (i + draw) % 3 === 0).map(sampled);

let range: Range;
const reports = new Map<string, ScenarioReport>();

before(async () => {
  range = await Range.open({ seed });
  range.prepare(scenarios);
});

after(() => range?.close());

describe('the attack range', () => {
  for (const scenario of scenarios) {
    if (scenario.kind === 'open') {
      const measured = measuredOf(scenario);
      it.todo(`${scenario.name} waits for ${scenario.needs}`);
      if (measured === undefined) continue;
      it(`${scenario.name} is measured, within a bound that holds today`, async () => {
        const { runs, bound } = await range.runs(measured);
        assert.equal(judgeOpen(scenario, runs, bound, seed).verdict, 'open');
      });
      continue;
    }
    const missing = scenario.kind === 'tape' ? scenario.missing?.() : undefined;
    if (missing !== undefined) {
      it.skip(`${scenario.name}: there is no ${missing}`);
      continue;
    }
    it(`${scenario.name} holds`, async () => {
      const { runs, bound } = await range.runs(scenario);
      const report = judge(scenario, runs, bound, seed);
      reports.set(scenario.name, report);
      assert.deepEqual(report.problems, []);
    });
  }

  it('comes to the same blocks from the same seed, on a chain of its own', async () => {
    const [first] = scenarios.filter(({ kind }) => kind === 'attack').slice(1);
    if (first === undefined || first.kind === 'open') throw new Error('there is an attack');
    const other = await Range.open({ seed });
    try {
      const { runs } = await other.runs(first);
      const hashes = runs.map(({ finalHash, stateRoot }) => [finalHash, stateRoot]);
      const known = reports.get(first.name)?.runs ?? [];
      assert.deepEqual(
        known.map(({ finalHash, stateRoot }) => [finalHash, stateRoot]),
        hashes,
      );
    } finally {
      await other.close();
    }
  });

  it('comes to other blocks from another seed', async () => {
    const [first] = scenarios.filter(({ kind }) => kind === 'tape');
    if (first === undefined || first.kind === 'open') throw new Error('there is a tape');
    const other = await Range.open({ seed: 'another' });
    try {
      const { runs } = await other.runs(first);
      assert.notEqual(runs[0]?.finalHash, reports.get(first.name)?.runs[0]?.finalHash);
    } finally {
      await other.close();
    }
  });
});
