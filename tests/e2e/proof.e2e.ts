/** Proofs of the real circuits with keys of their own, and every attack on the larger one. */
import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runWith } from '@holdfast/cli';
import { compileCircuit, developmentKeys } from '@holdfast/proof/node';
import { terminal } from '../../packages/cli/test/terminal.ts';
import { writeExchange } from '../../packages/proof/test/exchange.ts';
import { attacksAreStopped } from '../../packages/proof/test/stopped.ts';
import { tools } from '../../packages/proof/test/world.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-e2e-proof-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Development keys of the circuits as they are, made once and kept beside what is compiled. */
async function keysOf(size: number): Promise<string> {
  const made: string[] = [];
  for (const name of ['solvency', 'margin'] as const) {
    made.push((await compileCircuit(tools, name, size)).r1csHash.slice(0, 8));
  }
  const keys = join(tools.out, `keys-${size}-${made.join('-')}`);
  if (existsSync(keys)) return keys;
  mkdirSync(tools.out, { recursive: true });
  const fresh = mkdtempSync(join(tools.out, 'new-keys-'));
  await developmentKeys(tools, fresh, { size, now: 1 });
  renameSync(fresh, keys);
  return keys;
}

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
