import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LAWS } from '@holdfast/laws';
import { checkReference, generate } from '../assurance.ts';
import { Cache, cacheKey } from '../prove/cache.ts';
import { answerOf, decide } from '../prove/decide.mjs';
import { harnessOf, judge, questionOf, type Task } from '../prove/judge.ts';
import { properties } from '../prove/properties.ts';
import { denial, type Outcome, type Property } from '../prove/property.ts';
import { jobsOf, runJobs } from '../prove/run.ts';
import { isChosen } from '../prove/runner.ts';
import { findSolvers, type Solver } from '../prove/solvers.ts';
import { collect, mutated } from '../prove/sources.ts';
import { faults, table } from '../prove/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-prove-'));
after(() => rmSync(folder, { recursive: true }));

/** A solver that always prints the same. */
function says(name: 'z3' | 'cvc5', text: string): Solver {
  const path = join(folder, `${name}-${Buffer.from(text).toString('hex')}`);
  writeFileSync(path, `#!/bin/sh\nprintf '${text}'\n`);
  chmodSync(path, 0o755);
  return { name, version: '0.0', command: path, args: ['{file}'] };
}

const z3 = () => findSolvers().solvers.filter(({ name }) => name === 'z3');
const share = properties.find(({ id }) => id === 'round.share') as Property;

function task(body: string): Task {
  const text = `pragma solidity 0.8.37;\ncontract T { ${body} }`;
  const harness = 'contracts/proofs/T.sol';
  const sources = new Map([[harness, text]]);
  return { sources, contract: 'T', engine: 'bmc', plain: [], harness };
}

describe('judge', () => {
  it('proves a property of a real library', async () => {
    const outcome = await judge(questionOf(share), z3());
    assert.equal(outcome.verdict, 'proved');
    assert.equal(outcome.assertions, 2);
  });
  it('refutes its mutant with a counterexample', async () => {
    const outcome = await judge(questionOf(share, share.mutants[0]), z3());
    assert.equal(outcome.verdict, 'refuted');
    assert.match(outcome.detail, /ppm = /);
  });
  it('calls what no solver decides unknown, and a run with it failed', async () => {
    const context = {
      cache: new Cache(join(folder, 'none.json')),
      compiler: 'c',
      report: () => {},
    };
    const solvers = [says('z3', 'timeout\\n'), says('cvc5', 'unknown\\n')];
    const [result] = await runJobs([{ property: share }], { ...context, solvers });
    assert.equal(result!.outcome.verdict, 'unknown');
    assert.equal(result!.good, false);
    assert.match(table([result!]), /UNKNOWN/);
    assert.match(faults([result!]), /round\.share: unknown/);
  });
  it('does not call a contract without assertions proved', async () => {
    const outcome = await judge(task('function f() external pure {}'), z3());
    assert.equal(outcome.verdict, 'unknown');
  });
  it('sees an assertion that is not reached by a path with an error', async () => {
    const body = 'error TooLarge(); function f(uint x) external pure { g(x); assert(x == 1); }';
    const check = 'function g(uint x) internal pure { if (x != 1) revert TooLarge(); }';
    assert.equal((await judge(task(`${body} ${check}`), z3())).verdict, 'proved');
  });
  it('finds an assertion that no path reaches', async () => {
    const body = 'function f(uint x) external pure { require(x > 3); assert(x > 2);';
    const denies = (rest: string) => judge({ ...task(`${body} ${rest} }`), denies: true }, z3());
    assert.equal((await denies('')).verdict, 'refuted');
    assert.equal((await denies('if (x < 2) assert(x > 9);')).verdict, 'proved');
  });
  it('fails where the sources do not compile', async () => {
    await assert.rejects(judge(task('function f('), z3()), /ParserError/);
  });
});

describe('decide', () => {
  it('takes only a plain word for an answer', () => {
    assert.equal(answerOf('sat\n(model)'), 'sat');
    for (const text of ['timeout\n', 'unknown\n', '', '(error "x")\nsat\n', 'unsatisfied']) {
      assert.equal(answerOf(text), 'unknown');
    }
  });
  it('ends a solver at its limit', async () => {
    const sleeper = { ...says('z3', ''), command: '/bin/sleep', args: ['30'] };
    const started = Date.now();
    assert.equal((await decide('(check-sat)', [sleeper], 1)).answer, 'unknown');
    assert.ok(Date.now() - started < 5000);
  });
  it('refuses two solvers that contradict each other', async () => {
    const both = [says('z3', 'sat\\n'), says('cvc5', 'unsat\\n')];
    await assert.rejects(decide('(check-sat)', both, 5), /contradict/);
  });
  it('tells who had no answer', async () => {
    const both = [says('z3', 'unsat\\n'), says('cvc5', 'unknown\\n')];
    const { answer, silent } = await decide('(check-sat)', both, 5);
    assert.deepEqual([answer, silent], ['unsat', ['cvc5']]);
  });
});

describe('findSolvers', () => {
  it('says how to get a solver that is missing, and takes z3 from npm', () => {
    const empty = join(folder, 'empty');
    const { solvers, missing } = findSolvers(empty);
    assert.deepEqual(
      solvers.map(({ name }) => name),
      ['z3'],
    );
    assert.match(solvers[0]!.version, /wasm/);
    assert.equal(missing.length, 1);
    assert.match(missing[0]!, /apt-get install cvc5/);
  });
  it('answers with the z3 of npm', async () => {
    const { solvers } = findSolvers(join(folder, 'empty'));
    const query = '(declare-const x Int)\n(assert (> x (+ x 1)))\n(check-sat)\n';
    assert.equal((await decide(query, solvers, 20)).answer, 'unsat');
  });
  it('takes no program for a solver that does not tell its version', () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    symlinkSync('/bin/false', join(bin, 'cvc5'));
    assert.equal(findSolvers(bin).missing.length, 1);
  });
});

describe('cache', () => {
  const solver: Solver = { name: 'z3', version: '1.0', command: 'z3', args: [] };
  const base = task('');
  const outcome: Outcome = {
    verdict: 'proved',
    assertions: 1,
    detail: '',
    solvers: [],
    seconds: 1,
    cached: false,
  };
  it('has another key for other sources, settings, solvers and compilers', () => {
    const other = { ...base, sources: new Map([...base.sources, ['x.sol', '']]) };
    const keys = [
      cacheKey(base, [solver], '1'),
      cacheKey(other, [solver], '1'),
      cacheKey({ ...base, engine: 'chc' }, [solver], '1'),
      cacheKey({ ...base, plain: ['wide'] }, [solver], '1'),
      cacheKey(base, [{ ...solver, version: '1.1' }], '1'),
      cacheKey(base, [solver], '2'),
    ];
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(cacheKey(task(''), [solver], '1'), keys[0]);
  });
  it('depends on what is imported', () => {
    const sources = [...questionOf(share).sources.keys()];
    assert.ok(sources.includes('contracts/src/libraries/Margin.sol'));
  });
  it('keeps facts, and no unknown', () => {
    const path = join(folder, 'cache.json');
    const cache = new Cache(path);
    cache.put('a', outcome);
    cache.put('b', { ...outcome, verdict: 'unknown' });
    const read = new Cache(path);
    assert.equal(read.get('a')?.cached, true);
    assert.equal(read.get('b'), undefined);
    assert.equal(new Cache(path, true).get('a'), undefined);
  });
});

describe('structure', () => {
  const door = properties.find(({ id }) => id === 'vault.door') as Property;
  it('refutes another way out of the vault, and names it', async () => {
    const outcome = await judge(questionOf(door, door.mutants[0]), []);
    assert.equal(outcome.verdict, 'refuted');
    assert.match(outcome.detail, /Vault\.gateUntil reaches/);
  });
});

describe('assurance', () => {
  const page = generate()['docs/ASSURANCE.md']!;
  it('has every law and every property', () => {
    for (const { id } of LAWS) assert.ok(page.includes(`## ${id} `), id);
    for (const { id } of properties) assert.ok(page.includes(`| \`${id}\` |`), id);
  });
  it('names only tests and files that are there', () => {
    assert.throws(() => checkReference('contracts/test/Gone.t.sol#test_gone'), /no file/);
    const there = 'contracts/test/Breaker.t.sol';
    assert.throws(() => checkReference(`${there}#test_gone`), /no test test_gone/);
    assert.equal(checkReference(there), `\`${there}\``);
  });
});

describe('properties', () => {
  it('have names, harnesses, and a mutant that applies', () => {
    const ids = properties.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const property of properties) {
      assert.ok(property.mutants.length > 0, `${property.id} has no mutant`);
      for (const mutant of property.mutants) questionOf(property, mutant);
      for (const law of property.laws) assert.match(law, /^L\d\d$/);
    }
  });
  it('refuse a mutant that has gone stale', () => {
    const sources = collect(harnessOf(share));
    const stale = { name: 'm', file: harnessOf(share), from: 'not there', to: '' };
    assert.throws(() => mutated(sources, stale), /found 0 times/);
    const twice = { ...stale, from: 'assert' };
    assert.throws(() => mutated(sources, twice), /not once/);
  });
  it('are all asked with their mutants in full, and some without', () => {
    const full = jobsOf(properties, true);
    const mutants = properties.reduce((sum, property) => sum + property.mutants.length, 0);
    const denied = full.filter(({ mutant }) => mutant === denial).length;
    assert.equal(full.length, properties.length + mutants + denied);
    assert.ok(denied > 50);
    assert.ok(jobsOf(properties, false).length < full.length);
  });
  it('are chosen by name, contract or law', () => {
    const chosen = (only: string) => properties.filter((property) => isChosen({ property }, only));
    assert.ok(chosen('L19').every(({ laws }) => laws.includes('L19')) && chosen('L19').length > 3);
    assert.ok(chosen('forcedqueue').length > 0);
    assert.equal(chosen('nothing of the kind').length, 0);
  });
});
