import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Attack,
  judge,
  judgeOpen,
  openReport,
  type RunResult,
  type Tape,
} from '../src/index.ts';

const attack: Attack = {
  kind: 'attack',
  name: 'sample',
  title: 'A sample',
  story: 'A sample.',
  incidents: [],
  control: 'a control',
  invariants: ['I1'],
  ablations: [{ kind: 'switch', name: 'the control', off: 'control' }],
  bound: 10n,
  run: async () => undefined,
};

const run = (mode: RunResult['mode'], more: Partial<RunResult> = {}): RunResult => ({
  mode,
  ablation: mode === 'ablation' ? 'the control' : undefined,
  others: 1_000n,
  attackers: 100n,
  locked: 0n,
  harm: 0n,
  firstAlarm: -1,
  firstAction: -1,
  refused: [],
  wrongful: [],
  minutesWithoutExit: 0,
  lawsBroken: [],
  timeline: [],
  samples: [],
  blocks: 1,
  finalHash: '0x',
  stateRoot: '0x',
  ms: 1,
  ...more,
});

const robbed = run('ablation', { others: 900n, attackers: 200n });
const problemsOf = (runs: RunResult[], of: Attack = attack): readonly string[] =>
  judge(of, runs, 10n, '1').problems;

describe('the verdict on an attack', () => {
  it('is held within the bound, when it profits without its control', () => {
    const report = judge(
      attack,
      [run('control'), run('attack', { others: 990n }), robbed],
      10n,
      '1',
    );
    assert.equal(report.verdict, 'held');
    assert.equal(report.loss, 10n);
    assert.equal(report.ablations[0]?.attackerNet, 100n);
  });

  it('fails beyond the bound', () => {
    const [problem] = problemsOf([run('control'), run('attack', { others: 989n }), robbed]);
    assert.match(problem ?? '', /others lost 11, more than the bound of 10/);
  });

  it('fails when the attack does not profit without its control', () => {
    const idle = run('ablation');
    const [problem] = problemsOf([run('control'), run('attack'), idle]);
    assert.match(problem ?? '', /without "the control" the attack still gains only 0/);
  });

  it('fails when an ablation is there for nothing, or breaks off', () => {
    assert.match(problemsOf([run('control'), run('attack')])[0] ?? '', /no ablation/);
    const broken = run('ablation', { failure: 'boom' });
    assert.match(problemsOf([run('control'), run('attack'), broken])[0] ?? '', /broke off: boom/);
  });

  it('fails on a refusal that the control did not have, and on a wrongful liquidation', () => {
    const refused = ['alice withdraws 1: Reverted'];
    const both = [run('control', { refused }), run('attack', { refused }), robbed];
    assert.deepEqual(problemsOf(both), []);
    const own = [run('control'), run('attack', { refused, wrongful: ['bob'] }), robbed];
    assert.equal(problemsOf(own).length, 2);
  });

  it('fails on a broken law, unless breached code is the premise', () => {
    const runs = [run('control'), run('attack', { lawsBroken: ['L01'] }), robbed];
    assert.match(problemsOf(runs)[0] ?? '', /law broken: L01/);
    assert.deepEqual(problemsOf(runs, { ...attack, isBreach: true }), []);
  });

  it('measures a harm that is no money in its own unit', () => {
    const harm = { unit: 'seconds', measure: async () => 0n };
    const runs = [run('control'), run('attack', { harm: 11n }), run('ablation', { harm: 50n })];
    const report = judge({ ...attack, harm }, runs, 10n, '1');
    assert.match(report.problems[0] ?? '', /others lost 11/);
    assert.equal(report.ablations[0]?.succeeded, true);
  });
});

describe('the verdict on a tape', () => {
  const tape: Tape = { ...attack, kind: 'tape' };
  const touched: readonly Partial<RunResult>[] = [
    { refused: ['x'] },
    { firstAction: 3 },
    { firstAlarm: 3 },
    { minutesWithoutExit: 1 },
    { wrongful: ['bob'] },
    { lawsBroken: ['L01'] },
  ];

  it('is held when nothing happened', () => {
    assert.equal(judge(tape, [run('control')], 0n, '1').verdict, 'held');
  });

  it('fails when anything was touched', () => {
    for (const more of touched) {
      assert.equal(judge(tape, [run('control', more)], 0n, '1').problems.length, 1);
    }
  });
});

describe('the verdict on an open scenario', () => {
  const { story, bound } = attack;
  const measured = { story, bound, run: attack.run };
  const open = { ...attack, kind: 'open', needs: 'sealed orders', measured } as const;
  const lost = (others: bigint) => [run('control'), run('attack', { others })];

  it('is never held, whether it was measured or not', () => {
    assert.equal(openReport(open, '1').verdict, 'open');
    const report = judgeOpen(open, lost(995n), 10n, '1');
    assert.deepEqual([report.verdict, report.loss], ['open', 5n]);
    assert.deepEqual(report.problems, ['its control waits for: sealed orders']);
  });

  it('fails beyond its bound', () => {
    const report = judgeOpen(open, lost(980n), 10n, '1');
    assert.equal(report.verdict, 'failed');
    assert.match(report.problems[0] ?? '', /others lost 20/);
  });
});
