/** Rules of a venue team: a folder of files, refused with everything that is wrong. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { backtest, curvesFrom } from '../src/backtest/index.ts';
import type { BlockView } from '../src/rule.ts';
import {
  chooseRules,
  createRunner,
  loadRules,
  proveRule,
  type RuleModule,
  registry,
} from '../src/rules/index.ts';
import { budgetThreshold } from '../src/rules/kit/budget.ts';
import { gather, live } from '../src/rules/tape/crowd.ts';
import { createTape } from '../src/rules/tape/venue.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The worked example of docs/SENTINEL.md: what stands there works. */
const example = /```js title=dust-deposits.mjs\n([\s\S]*?)```/.exec(
  readFileSync(join(import.meta.dirname, '../../../docs/SENTINEL.md'), 'utf8'),
)?.[1] as string;

function folderOf(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
  folders.push(dir);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

const refused = async (text: string, message: RegExp, name = 'dust-deposits.mjs') =>
  assert.rejects(loadRules(folderOf({ [name]: text })), { code: 'RuleMalformed', message });

describe('a venue team’s own rule', () => {
  it('is loaded from a folder, passes its trial and runs in shadow at first', async () => {
    const dir = folderOf({ 'dust-deposits.mjs': example, '_shared.mjs': '', 'a.test.mjs': '' });
    const [loaded] = await loadRules(dir);
    assert.ok(loaded);
    assert.equal(loaded.module.rule.id, 'dust-deposits');
    assert.deepEqual(await proveRule(loaded, dir), []);
    const [own] = chooseRules([loaded.module]).filter(({ module }) => module === loaded.module);
    assert.equal(own?.shadow, true);
    const [decided] = chooseRules([loaded.module], { 'dust-deposits': {} }).slice(-1);
    assert.equal(decided?.shadow, false);
  });

  it('in TypeScript is loaded as well', async () => {
    const typed = example.replace('const tinyQuote =', 'const tinyQuote: bigint =');
    const [loaded] = await loadRules(folderOf({ 'dust-deposits.ts': typed }));
    assert.equal(loaded?.module.rule.id, 'dust-deposits');
  });

  it('is refused without attack, mutant or benign tapes, with all that it lacks', async () => {
    await refused(example.replace('attack: {', 'attacked: {'), /has no attack/);
    await refused(example.replace('mutants: [', 'mutant: ['), /has no mutant/);
    await refused(example.replace('silent: allTapes', 'silent: []'), /has no benign tape/);
    const nothing = example.replace('attack: {', 'a: {').replace('mutants: [', 'b: [');
    await refused(nothing, /has no attack; has no mutant/);
  });

  it('is refused when it is no rule, or called otherwise, or there already', async () => {
    await refused('export const rule = 1;', /no rule as its default export/);
    await refused('export default { rule: {} };', /was not made by `rule`/);
    await refused('export default 1 +;', /cannot be loaded/);
    await refused("throw new Error('at once')", /cannot be loaded: at once/);
    await refused(example, /its rule is called dust-deposits; name the file so/, 'other.mjs');
    const taken = example.replace("id: 'dust-deposits'", "id: 'price-creep'");
    await refused(taken, /there is a rule price-creep already/, 'price-creep.mjs');
    await refused(example.replace("tier: 'flow'", "tier: 'loud'"), /tier "loud" is none/);
    await assert.rejects(loadRules('/nowhere'), { code: 'FileMissing' });
  });

  it('with a mutant that lives does not pass its trial', async () => {
    const same = example.replace("to: 'tinyQuote < '", "to: 'tinyQuote >= '");
    const dir = folderOf({ 'dust-deposits.mjs': same });
    const [loaded] = await loadRules(dir);
    assert.ok(loaded);
    const problems = await proveRule(loaded, dir);
    assert.deepEqual(problems, ['mutant lives: large ones count']);
    const broken = folderOf({
      'dust-deposits.mjs': example.replace("'tinyQuote < '", "'tiny < '"),
    });
    const [other] = await loadRules(broken);
    assert.ok(other);
    assert.match((await proveRule(other, broken)).join(), /does not run: tiny is not defined/);
  });
});

const views = (): BlockView[] => {
  const tape = createTape({ seed: 'backtest' });
  const crowd = gather(tape, 10);
  const before = [...live(tape, crowd, { blocks: 50, seconds: 2 })];
  tape.trade(0, crowd.makers[0] as number, crowd.takers[0] as number, 5);
  const broken = tape.block(2, { batchSkip: 2 });
  return [...before, broken, ...live(tape, crowd, { blocks: 20, seconds: 2 })];
};

describe('a backtest', () => {
  it('counts findings, what would be done, and false positives', async () => {
    const rules = chooseRules([]);
    const result = await backtest(views(), rules);
    const found = result.rules.find(({ rule }) => rule === 'sequence-gap');
    assert.deepEqual([result.blocks, result.seconds, found?.findings], [71, 140, 1]);
    assert.deepEqual(found?.actions, [{ scope: 0, level: 1, holdSeconds: 900, block: 51 }]);
    assert.ok((found?.falsePerMonth ?? 0) > 10_000);
    const incidents = [
      { fromBlock: 50, toBlock: 52, rule: 'sequence-gap' },
      { fromBlock: 5, toBlock: 6 },
    ];
    const known = await backtest(views(), rules, { incidents });
    const right = known.rules.find(({ rule }) => rule === 'sequence-gap');
    assert.deepEqual([right?.findings, right?.falseFindings], [1, 0]);
    assert.deepEqual(known.missed, [incidents[1]]);
  });

  it('only learns from blocks before the first, and leaves a shadow a shadow', async () => {
    const shadow = chooseRules([], { 'sequence-gap': { shadow: true } });
    const result = await backtest(views(), shadow, { countsFrom: 40 });
    assert.deepEqual([result.fromBlock, result.blocks], [40, 32]);
    assert.deepEqual(
      result.findings.map(({ shadow: is, action }) => [is, action?.level]),
      [[true, 1]],
    );
    assert.equal((await backtest(views(), shadow, { countsFrom: 60 })).findings.length, 0);
  });

  it('calibrates a rule with a budget on a venue’s own past', async () => {
    const [attrition] = registry.filter(({ rule }) => rule.id === 'source-attrition');
    const curves = await curvesFrom(views(), [attrition as RuleModule]);
    const curve = curves['source-attrition'];
    assert.match(curve?.on ?? '', /^blocks 1 to 71 of this venue$/);
    const ask = () => budgetThreshold('source-attrition', 1, curve);
    assert.throws(ask, { code: 'BudgetUnknown', message: /cannot be promised/ });
  });

  it('goes on when a rule fails, and says so', () => {
    const [first] = registry as [RuleModule];
    const judge = () => {
      throw new Error('of its own');
    };
    const broken = { ...first, rule: { ...first.rule, judge } };
    const runner = createRunner([{ module: broken }, { module: registry[1] as RuleModule }]);
    const { judged } = runner.judge(views()[0] as BlockView, runner.begin());
    assert.match(judged[0]?.finding.title ?? '', /failed: of its own/);
  });
});

describe('a false-positive budget', () => {
  const curve = {
    months: 10,
    on: 'a test',
    levels: [
      [1, 100],
      [2, 20],
      [3, 5],
      [4, 0],
    ] as const,
  };
  const ask = (budget: number) => budgetThreshold('x', budget, curve);

  it('is the smallest level that benign data reached no more often', () => {
    assert.deepEqual([ask(10), ask(2), ask(0.5), ask(0.1)], [1, 2, 3, 4]);
  });

  it('is refused below what was measured', () => {
    assert.throws(() => ask(0.09), { code: 'BudgetUnknown', message: /the least is 0.1/ });
  });
});
