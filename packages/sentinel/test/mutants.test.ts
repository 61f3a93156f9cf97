/** Faults in the sentinel's own checks: each must fail the suite that is there for it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

const own = join(import.meta.dirname, '..');
const root = join(own, '../..');

/** A text that occurs once in a file, what it becomes, and the suite that must see it. */
const mutants: readonly (readonly [
  what: string,
  file: string,
  from: string,
  to: string,
  suite: string,
])[] = [
  [
    'storage is compared with nothing',
    'state/compare.ts',
    'found !== check.expected',
    'false',
    'engine',
  ],
  [
    'every law holds',
    'laws/judge.ts',
    'return (checks[question.law]',
    'return true || (checks[question.law]',
    'laws',
  ],
  [
    'the twins are not compared',
    'engine/engine.ts',
    'if (evm !== here)',
    'if (evm === 2 as never)',
    'engine',
  ],
  [
    'headers are believed',
    'chain/reads.ts',
    'hashOfHeader(block) !== block.hash',
    'false',
    'reads',
  ],
  [
    'liars are not banned',
    'chain/reads.ts',
    'if (!equal) by.blame',
    'if (false) by.blame',
    'reads',
  ],
  [
    'blocks are not taken back',
    'engine/history.ts',
    'takeBack(this.#tables, taken.undo);',
    '',
    'engine',
  ],
  [
    'parents are not checked',
    'engine/engine.ts',
    'next.block.parentHash !== tip.hash',
    'false',
    'engine',
  ],
  [
    'a score may act',
    'engine/rules.ts',
    "finding.tier === 'flow' && finding.damage !== true",
    'false',
    'engine',
  ],
  [
    'entries are sent again',
    'act/guardian.ts',
    'now.level(entry.scope) >= entry.level',
    'false',
    'guardian',
  ],
  ['fees stay as they are', 'act/sender.ts', 'block > flight.block', 'false', 'guardian'],
  [
    'a blind sentinel says it is alive',
    'act/guardian.ts',
    '!isGuardian || !healthy',
    '!isGuardian',
    'guardian',
  ],
];

describe('sentinel: faults in its own checks are seen', { concurrency: 2 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sentinel-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [i, [what, file, from, to, suite]] of mutants.entries()) {
    it(what, async () => {
      const copy = join(folder, `${i}`);
      for (const part of ['src', 'test', 'package.json']) {
        cpSync(join(own, part), join(copy, part), { recursive: true });
      }
      const path = join(copy, 'src', file);
      const source = readFileSync(path, 'utf8');
      assert.equal(source.split(from).length, 2, `${from} occurs once`);
      writeFileSync(
        path,
        source.replace(from, () => to),
      );
      const args = ['--import', 'tsx', '--test-reporter=dot', join(copy, `test/${suite}.test.ts`)];
      const child = spawn(process.execPath, args, {
        cwd: folder,
        stdio: 'ignore',
        env: environment(),
      });
      const code = await new Promise((done) => child.once('close', done));
      assert.notEqual(code, 0, 'the suite did not see it');
    });
  }
});

/** Without what a test runner tells its children: this one runs suites of its own. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return rest;
}
