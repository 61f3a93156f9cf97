import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Input,
  judge,
  LAWS,
  type Law,
  lawOf,
  missingUses,
  mutantsOf,
  type Source,
  snapshotLaws,
  usesOf,
  verdict,
} from '@holdfast/laws';
import { AssertionError } from '@holdfast/units';
import { boundsOf } from '../src/bounds.ts';
import { fits } from '../src/evaluate.ts';
import { generate } from '../src/generate.ts';
import { int, isScalarLaw, uint } from '../src/law.ts';
import { add, and, eq, lt, mul, sum, term } from '../src/term.ts';
import { restated } from './restated.ts';
import { fast, inputsOf } from './support.ts';

const samples = 1_500;
const sampled = new Map(LAWS.map((law) => [law.id, inputsOf(law, samples)]));
const inside = (law: Law, input: Input) =>
  Object.entries(law.inputs).every(([name, type]) => fits(type, input[name]));

describe('laws: each law', () => {
  for (const law of LAWS) {
    const inputs = sampled.get(law.id) ?? [];
    const verdicts = inputs.map((input) => verdict(law, input));

    it(`${law.id} ${law.name}: samples fall on both sides`, () => {
      const held = verdicts.filter(Boolean).length;
      assert.ok(held > samples / 10 && held < samples * 0.9, `${held} of ${samples} hold`);
      assert.ok(
        inputs.some((input) => !inside(law, input)),
        'no sample leaves a width',
      );
    });

    it(`${law.id} ${law.name}: the typed function gives the verdict of the term`, () => {
      const check = fast(law);
      inputs.forEach((input, i) => {
        assert.equal(check(input), verdicts[i], show(input));
      });
    });

    it(`${law.id} ${law.name}: the restatement by hand agrees`, () => {
      const byHand = restated[law.name as keyof typeof restated] as (input: never) => boolean;
      inputs.forEach((input, i) => {
        if (inside(law, input)) assert.equal(byHand(input as never), verdicts[i], show(input));
        else assert.equal(verdicts[i], false, show(input));
      });
    });

    it(`${law.id} ${law.name}: every mutant is told apart`, () => {
      const mutants = mutantsOf(law);
      assert.ok(mutants.length > 0);
      for (const { name, predicate } of mutants) {
        const differs = inputs.some((input, i) => verdict(law, input, predicate) !== verdicts[i]);
        assert.ok(differs, `no sample tells "${name}" from the law`);
      }
    });
  }
});

function show(input: Input): string {
  return JSON.stringify(input, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

describe('laws: judge', () => {
  it('judges by name and finds laws by id or name', () => {
    const health = {
      equityBefore: 10n,
      maintenanceBefore: 20n,
      equityAfter: 10n,
      initialAfter: 30n,
      maintenanceAfter: 20n,
      grew: false,
    };
    assert.equal(judge('healthyOrHealthier', health), true);
    assert.equal(judge('healthyOrHealthier', { ...health, grew: true }), false);
    assert.equal(judge('healthyOrHealthier', { ...health, equityAfter: 9n }), false);
    assert.equal(lawOf('L07'), lawOf('healthyOrHealthier'));
    assert.throws(() => lawOf('L99'), AssertionError);
    assert.equal(snapshotLaws.length, 4);
  });

  it('gives false to values that are not whole or out of width', () => {
    assert.equal(judge('fillWithin', { isBuy: true, limit: 3, price: 2.5 }), false);
    assert.equal(judge('fillWithin', { isBuy: true, limit: 2 ** 32, price: 2 }), false);
    assert.equal(judge('fillWithin', { isBuy: true, limit: Number.NaN, price: 2 }), false);
    assert.equal(judge('vaultCovers', { balance: 5n, liabilities: -1n, queued: 0n }), false);
  });
});

describe('laws: bounds', () => {
  const scope = { a: int(128, ''), b: uint(128, ''), c: uint(128, '') };

  it('refuses a term that can leave int256', () => {
    assert.doesNotThrow(() => boundsOf(lt(mul('a', 'b'), 'c'), scope));
    assert.throws(() => boundsOf(lt(mul('b', 'c'), 'a'), scope), /can leave int256/);
    assert.throws(() => boundsOf(lt(add(mul('a', 'b'), mul('a', 'b')), 0), scope), AssertionError);
  });

  it('refuses a term that is ill-typed', () => {
    const bad = [and('a', 'b'), lt(eq('a', 'b'), 1), sum('a', 'x', 1), lt('nowhere', 1)];
    for (const each of bad) assert.throws(() => boundsOf(each, scope), AssertionError);
  });
});

describe('laws: uses', () => {
  const law = lawOf('fillWithin');
  const chain = { path: 'contracts/src/A.sol', text: 'require(LawLib.fillWithin(a, b, c));' };
  const core = {
    path: 'packages/core/src/a.ts',
    text: "import { judge } from '@holdfast/laws';\njudge('fillWithin', x);",
  };
  const docs = { path: 'docs/LAWS.md', text: '## L12 Fills' };
  const of = (...sources: Source[]) => missingUses(sources, [law]);

  it('finds every kind of use', () => {
    assert.deepEqual(of(chain, core, docs), []);
    assert.deepEqual(usesOf(law, [chain, core, docs]).chain, ['contracts/src/A.sol']);
  });

  it('misses a use that is only in a comment, in generated code or in the laws themselves', () => {
    assert.equal(of(core, docs).length, 1);
    assert.equal(of({ ...chain, text: `// ${chain.text}` }, core, docs).length, 1);
    assert.equal(of({ ...chain, path: 'contracts/src/generated/A.sol' }, core, docs).length, 1);
    assert.equal(of(chain, { ...core, path: 'packages/laws/src/a.ts' }, docs).length, 1);
    assert.equal(of(chain, core, { ...docs, text: '## L13' }).length, 1);
    assert.equal(of().length, 3);
  });

  it('is looked for where it counts, and in code alone', () => {
    const { chain: onChain, typescript, docs: inDocs } = usesOf(law, [chain, core, docs]);
    assert.deepEqual([onChain, typescript, inDocs], [[chain.path], [core.path], [docs.path]]);
    const other = (source: Source, change: Partial<Source>) =>
      usesOf(law, [{ ...source, ...change }]);
    for (const path of [
      'contracts/lib/A.sol',
      'x/contracts/src/A.sol',
      'contracts/src/A.sol.txt',
    ]) {
      assert.deepEqual(other(chain, { path }).chain, [], path);
    }
    for (const path of ['x/packages/core/a.ts', 'packages/core/a.md', 'packages/laws/test/a.ts']) {
      assert.deepEqual(other(core, { path }).typescript, [], path);
    }
    assert.deepEqual(other(core, { text: "judge('fillWithin', x);" }).typescript, []);
    assert.deepEqual(other(docs, { path: 'docs/OTHER.md' }).docs, []);
    const text = (own: string) => other(chain, { text: own }).chain.length;
    assert.equal(text('/* a */ LawLib.fillWithin(x) /* b */'), 1);
    assert.equal(text('LawLib./* which */fillWithin(x)'), 1);
    assert.equal(text('/* one\n LawLib.fillWithin(x)\n two */'), 0);
    assert.equal(text('// LawLib.fillWithin(x)\n'), 0);
  });

  it('of a law over lists is its function in Laws.sol', () => {
    const path = 'contracts/src/generated/Laws.sol';
    const text = 'function netPositionZero(Position[] memory p) {}';
    const found = (change: Partial<Source>) =>
      usesOf(lawOf('netPositionZero'), [{ path, text, ...change }]).chain.length;
    assert.deepEqual([found({}), found({ text: '' })], [1, 0]);
    assert.equal(found({ path: 'contracts/src/A.sol' }), 0);
  });

  it('wants a mutant of every law', () => {
    const bare = { ...law, predicate: term('isBuy') };
    assert.ok(missingUses([], [bare]).includes('L12 fillWithin: it has no mutant'));
  });

  it('generates files that state every law', () => {
    const files = generate();
    for (const [path, text] of Object.entries(files)) {
      const stated = path.endsWith('LawLib.sol') ? LAWS.filter(isScalarLaw) : LAWS;
      for (const law of stated) assert.ok(text.includes(law.id), `${path}: ${law.id}`);
      if (!path.endsWith('.sol')) continue;
      for (const line of text.split('\n')) assert.ok(line.length <= 100, `${path}: ${line}`);
    }
  });
});
