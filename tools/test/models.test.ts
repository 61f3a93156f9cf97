import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkModel } from '../models/check.ts';
import { explore, ModelTooLarge, respond } from '../models/explore.ts';
import { act, type Model, type Property, wait } from '../models/model.ts';
import { bytesOf, wordContract } from '../models/program.ts';
import { modelTable, propertyRows } from '../models/table.ts';
import { chosen, faults, readOptions, report } from '../models.ts';

/** A counter that goes up by one or two to a limit, and forgets how it got there. */
type Counter = { readonly now: number; readonly count: number };

function counter(limit: number, property: Partial<Property<Counter>>): Model<Counter> {
  const base = { name: 'p', says: '', mutant: 'one more', breaks: '' };
  return {
    name: 'counter',
    contracts: [],
    bounds: '',
    initial: { now: 100, count: 0 },
    actions: () => [act('anyone', 'add', 1), act('anyone', 'add', 2), wait(5)],
    apply: (s, { name, args }, mutant) => {
      if (name === 'wait') return { ...s, now: s.now + args[0]! };
      const count = s.count + args[0]!;
      return count > limit + (mutant === '' ? 0 : 1) ? 'TooMany' : { ...s, count };
    },
    key: ({ count }) => String(count),
    properties: [{ ...base, ...property } as Property<Counter>],
  };
}

const below = (limit: number): Partial<Property<Counter>> => ({
  kind: 'state',
  check: ({ count }) => (count > limit ? `${count} is above ${limit}` : undefined),
});

describe('the checker', () => {
  it('reaches every state once, whatever the clock says, and counts what it tried', () => {
    const found = explore(counter(5, below(5)));
    assert.deepEqual(
      found.states.map(({ count }) => count),
      [0, 1, 2, 3, 4, 5],
    );
    // Six states: each waits, all but the last add one, all but the last two add two.
    assert.deepEqual([found.transitions, found.refusals, found.depth], [6 + 5 + 4, 3, 3]);
    assert.deepEqual(found.violations, []);
    assert.deepEqual(found.edges[4], [5, -1, 4]);
  });

  it('finds a shortest counterexample', () => {
    const [violation, ...more] = explore(counter(9, below(4))).violations;
    assert.deepEqual(more, []);
    assert.equal(violation?.found, '5 is above 4');
    assert.equal(violation?.trace.length, 3);
    assert.equal(
      violation?.trace.reduce((sum, { args }) => sum + args[0]!, 0),
      5,
    );
  });

  it('finds a step that breaks a property of steps', () => {
    const property: Partial<Property<Counter>> = {
      kind: 'step',
      check: (before, _action, after) =>
        before.count === 3 && after.count === 5 ? 'two at once from three' : undefined,
    };
    const [violation] = explore(counter(5, property)).violations;
    assert.equal(violation?.trace.length, 3);
    assert.deepEqual(violation?.trace.at(-1), act('anyone', 'add', 2));
  });

  it('judges responses by steps, by seconds, and by what others do to them', () => {
    const property = {
      kind: 'response',
      next: ({ count }: Counter) => (count === 0 ? undefined : wait(5)),
      stepsMax: 3,
      secondsMax: 60,
    } as const;
    const model = counter(1, property);
    assert.equal(respond(model, property, { now: 100, count: 0 }, ''), 100);
    assert.match(String(respond(model, property, { now: 100, count: 1 }, '')), /3 steps/);
    const slow = { ...property, stepsMax: 99 };
    assert.match(String(respond(model, slow, { now: 100, count: 1 }, '')), /60 s/);
    const later = {
      ...property,
      // As many waits as the count says, from the start of the run.
      next: ({ now, count }: Counter) => (now < 100 + 5 * count ? wait(5) : undefined),
      unmovedBy: ['anyone'],
    };
    const [violation] = explore(counter(1, later)).violations;
    assert.match(String(violation?.found), /5 s later/);
  });

  it('refuses a model that is larger than it may be', () => {
    assert.throws(() => explore(counter(50, below(50)), { statesMax: 10 }), ModelTooLarge);
  });

  it('says so when a mutant breaks nothing, and when a property fails', () => {
    const deaf = checkModel(counter(5, below(99)));
    assert.equal(deaf.properties[0]?.mutantDepth, undefined);
    assert.equal(faults([deaf]), 1);
    assert.match(report([deaf]), /NOT FOUND/);
    const failing = checkModel(counter(5, below(4)));
    assert.equal(faults([failing]), 1);
    assert.match(report([failing]), /FAILS[\s\S]*anyone\.add/);
    assert.equal(faults([checkModel(counter(5, below(5)))]), 0);
  });
});

describe('the table of models', () => {
  it('has every property under one name, with a mutant and what it breaks', () => {
    const rows = propertyRows();
    const names = rows.map(({ protocol, property }) => `${protocol}: ${property}`);
    assert.equal(new Set(names).size, rows.length);
    for (const row of rows) {
      assert.ok(row.says.endsWith('.') && row.mutant !== '' && row.breaks !== '', row.property);
      assert.ok(row.contracts.length > 0 && row.bounds !== '', row.protocol);
    }
  });

  for (const { model, explore: search } of modelTable) {
    it(`${model.name}: every mutant is found`, () => {
      for (const { name, mutant } of model.properties) {
        const { violations } = search({ only: [name], mutant, stopAtFirst: true });
        assert.equal(violations.length, 1, `${name}: ${mutant}`);
      }
    });
  }

  for (const name of ['breaker: appointing', 'parameters: roles', 'vault: windows and order']) {
    it(`${name}: every property holds in every state`, () => {
      const [entry] = chosen(name);
      assert.deepEqual(entry!.explore().violations, []);
    });
  }
});

describe('programs of the replay', () => {
  it('holds at least the steps that were asked for, edges and walks and mutants', () => {
    for (const entry of chosen('breaker')) {
      const { programs, edges, walked, mutants } = entry.write(2_000, 1);
      const steps = programs.reduce((sum, { count }) => sum + count, 0);
      // Where a model has fewer edges, walks make up for them.
      assert.ok(steps >= 2_000 && edges + walked >= 1_500, entry.model.name);
      assert.equal(mutants, entry.model.properties.length);
    }
  });

  it('is the same from the same seed, and another from another', () => {
    const [entry] = chosen('vault: veto');
    const encoded = (seed: number) =>
      entry!.write(3_000, seed).programs.map((program) => program.encode().toString('hex'));
    assert.deepEqual(encoded(1), encoded(1));
    assert.notDeepEqual(encoded(1), encoded(2));
  });

  it('writes words as the chain does', () => {
    const words =
      bytesOf([1, true, -1n, '0xab', 2n ** 255n])
        .toString('hex')
        .match(/.{64}/g) ?? [];
    assert.deepEqual(
      words.map((word) => BigInt(`0x${word}`)),
      [1n, 1n, 2n ** 256n - 1n, 0xabn, 2n ** 255n],
    );
    assert.match(wordContract, /^0x60[0-9a-f]{2}80/);
  });
});

describe('npm run models', () => {
  it('reads its options', () => {
    assert.deepEqual(readOptions([]), { only: '', steps: 200_000, seed: 1, json: false });
    assert.deepEqual(readOptions(['--only', 'vault', '--steps', '0', '--json', '--seed', '7']), {
      only: 'vault',
      steps: 0,
      seed: 7,
      json: true,
    });
    assert.equal(readOptions(['--help']), 'help');
  });

  it('says which option is wrong', () => {
    for (const args of [['--steps', 'many'], ['--seed', '-1'], ['--unknown'], ['--steps']]) {
      const read = readOptions(args);
      assert.ok(typeof read === 'object' && 'wrong' in read, args.join(' '));
    }
  });

  it('finds models by a part of their names, in any case', () => {
    assert.deepEqual(
      chosen('VETO').map(({ model }) => model.name),
      ['vault: veto'],
    );
    assert.equal(chosen('').length, modelTable.length);
    assert.deepEqual(chosen('bridge'), []);
  });
});
