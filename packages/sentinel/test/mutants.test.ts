/** Faults in the sentinel's own checks: each must fail the suite that is there for it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { build } from 'esbuild';

const own = join(import.meta.dirname, '..');
const root = join(own, '../..');

/** A text that occurs once in a file, what it becomes, and the tests that must see it. */
const mutants: readonly (readonly [
  what: string,
  file: string,
  from: string,
  to: string,
  suite: string,
  tests: string,
])[] = [
  [
    'storage is compared with nothing',
    'state/compare.ts',
    'found !== check.expected',
    'false',
    'engine',
    'finds storage that is not',
  ],
  [
    'every law holds',
    'laws/judge.ts',
    'return (checks[question.law]',
    'return true || (checks[question.law]',
    'laws',
    'money from nowhere',
  ],
  [
    'the twins are not compared',
    'engine/engine.ts',
    'if (evm !== here)',
    'if (evm === 2 as never)',
    'engine',
    'twins of a law disagree',
  ],
  [
    'what a steward does is not judged',
    'laws/block.ts',
    "'steward.Moved': steward.movedQuestions",
    "'steward.Moved': () => []",
    'laws',
    'a steward out of its band',
  ],
  [
    'anyone may put anything in force above the anchor',
    'laws/steward.ts',
    'return [bounded, held, ...steps(step, market, [only, next], () => still)]',
    'return [bounded, held]',
    'laws',
    'by whatever event',
  ],
  [
    'a loosening of the anchor need not wait',
    'laws/block.ts',
    "'parameters.AnchorChanged': steward.anchorQuestions",
    "'parameters.AnchorChanged': () => []",
    'laws',
    'applied with its taking office',
  ],
  [
    'headers are believed',
    'chain/reads.ts',
    'hashOfHeader(block) !== block.hash',
    'false',
    'reads',
    'changes a header',
  ],
  [
    'liars are not banned',
    'chain/reads.ts',
    'if (!equal) by.blame',
    'if (false) by.blame',
    'reads',
    'bans for good',
  ],
  [
    'blocks are not taken back',
    'engine/history.ts',
    'takeBack(this.#tables, taken.undo);',
    '',
    'engine',
    'reorganisation of three',
  ],
  [
    'parents are not checked',
    'engine/engine.ts',
    'next.block.parentHash !== tip.hash',
    'false',
    'engine',
    'a longer chain took',
  ],
  [
    'a score may act',
    'engine/rules.ts',
    "finding.tier === 'flow' && finding.damage !== true",
    'false',
    'engine',
    'lets a flow rule act on damage',
  ],
  [
    'entries are sent again',
    'act/guardian.ts',
    'now.level(entry.scope) >= entry.level',
    'false',
    'guardian',
    'sends nothing twice',
  ],
  [
    'fees stay as they are',
    'act/sender.ts',
    'block > flight.block',
    'false',
    'guardian',
    'raises the fee',
  ],
  [
    'a blind sentinel says it is alive',
    'act/guardian.ts',
    '!isGuardian || !healthy',
    '!isGuardian',
    'guardian',
    'says that it is alive',
  ],
];

/** One suite with one fault in it, as one file. */
async function suiteWith(suite: string, file: string, from: string, to: string): Promise<string> {
  const at = join(own, 'src', file);
  const source = readFileSync(at, 'utf8');
  assert.equal(source.split(from).length, 2, `${from} occurs once`);
  const contents = source.replace(from, () => to);
  const { outputFiles } = await build({
    entryPoints: [join(own, `test/${suite}.test.ts`)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    plugins: [
      {
        name: 'fault',
        setup: ({ onLoad, onResolve }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === at ? { contents, loader: 'ts' } : undefined,
          );
          // The workspace's own modules are sources; everything else is loaded from node_modules.
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || /^@holdfast\//.test(path) ? undefined : { external: true },
          );
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

describe('sentinel: faults in its own checks are seen', { concurrency: 2 }, () => {
  // Below the checkout, so that packages are found.
  const folder = mkdtempSync(join(root, 'node_modules/.holdfast-sentinel-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function codeOf(name: string, text: string, tests: string): Promise<unknown> {
    const path = join(folder, `${name}.test.mjs`);
    writeFileSync(path, text);
    const args = ['--test-reporter=dot', `--test-name-pattern=${tests}`, path];
    const child = spawn(process.execPath, args, { stdio: 'ignore', env: environment() });
    return new Promise((done) => child.once('close', done));
  }

  it('as the tests named here pass without one', async () => {
    const suites = new Set(mutants.map(([, , , , suite]) => suite));
    for (const suite of suites) {
      const tests = mutants.filter((each) => each[4] === suite).map((each) => each[5]);
      const text = await suiteWith(suite, 'index.ts', '/**', '/**');
      assert.equal(await codeOf(suite, text, tests.join('|')), 0, suite);
    }
  });

  for (const [i, [what, file, from, to, suite, tests]] of mutants.entries()) {
    it(what, async () => {
      const text = await suiteWith(suite, file, from, to);
      assert.notEqual(await codeOf(`${i}`, text, tests), 0, 'no test saw it');
    });
  }
});

/** Without what a test runner tells its children: this one runs suites of its own. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return rest;
}
