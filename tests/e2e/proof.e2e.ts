/** Proofs of the real circuits with keys of their own, and every attack on the larger one. */
import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runWith } from '@holdfast/cli';
import { terminal } from '../../packages/cli/test/terminal.ts';
import { writeExchange } from '../../packages/proof/test/exchange.ts';
import { attacksAreStopped } from '../../packages/proof/test/stopped.ts';
import { keysOf } from './harness/proof-keys.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-e2e-proof-'));
after(() => rmSync(dir, { recursive: true, force: true }));

describe('an epoch and its members, by the command line', () => {
  let keys: string;
  let files: ReturnType<typeof writeExchange>;
  const run = async (...words: string[]) => {
    const { io, seen } = terminal(dir);
    const exit = await runWith(words, io);
    return { exit, ...seen };
  };
  const common = () => ['--facts', files.facts, '--keys', keys, '--size', '4'];

  before(async () => {
    keys = await keysOf(4);
    files = writeExchange(dir);
  });

  it('is proved, verified, and found again by a second run', async () => {
    const out = join(dir, 'epoch.proof.json');
    const rest = ['--book', files.book, '--work', join(dir, 'work'), '--out', out];
    const first = await run('prove', 'solvency', ...common(), ...rest);
    assert.equal(first.exit, 0, first.err);
    const own = ['--member', files.member];
    const seen = await run('prove', 'verify', ...common(), '--proof', out, ...own);
    assert.equal(seen.exit, 0, seen.err);
    const bytes = readFileSync(out, 'utf8');
    const again = await run('prove', 'solvency', ...common(), ...rest);
    assert.match(again.err, /was there \(2 of 2\)/);
    assert.equal(readFileSync(out, 'utf8'), bytes);
  });

  it('a member answers a question, whose answer holds for no other root', async () => {
    const out = join(dir, 'margin.proof.json');
    const asked = ['--question', files.question];
    const made = await run(
      'prove',
      'margin',
      ...common(),
      '--member',
      files.member,
      ...asked,
      '--out',
      out,
    );
    assert.equal(made.exit, 0, made.err);
    const check = ['prove', 'verify', ...common(), '--proof', out, ...asked, '--now', '5'];
    assert.equal((await run(...check, '--root', files.root)).exit, 0);
    assert.match((await run(...check, '--root', '5')).err, /ProofWrong/);
  });
});

attacksAreStopped('solvency');
