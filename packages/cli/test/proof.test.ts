import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { root } from '@holdfast/host/programs';
import { runWith } from '../src/index.ts';
import { terminal } from './terminal.ts';

const vectors = join(root, 'packages/proof/test/vectors');
const dir = mkdtempSync(join(tmpdir(), 'holdfast-cli-proof-'));
cpSync(vectors, dir, { recursive: true });
after(() => rmSync(dir, { recursive: true, force: true }));

async function run(...words: string[]) {
  const { io, seen } = terminal(dir);
  const exit = await runWith(words, io);
  return { exit, ...seen };
}

/** A file of the folder with something changed. */
function changed(name: string, change: (value: Record<string, unknown>) => void): string {
  const value = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Record<string, unknown>;
  change(value);
  const path = join(dir, `changed-${name}`);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

const facts = ['--facts', join(dir, 'facts.json'), '--keys', dir, '--size', '4'];
const epoch = ['prove', 'verify', '--proof', join(dir, 'epoch.proof.json')];
const chunkRoot = (
  JSON.parse(readFileSync(join(dir, 'epoch.proof.json'), 'utf8')) as {
    chunks: { chunkRoot: string }[];
  }
).chunks[0]!.chunkRoot;
const margin = [
  ...['prove', 'verify', '--proof', join(dir, 'margin.proof.json')],
  ...['--question', join(dir, 'question.json'), '--now', '5'],
];

describe('holdfast prove verify', () => {
  it('takes an epoch and tells what it shows', async () => {
    const { exit, out } = await run(...epoch, ...facts);
    assert.equal(exit, 0);
    assert.match(out, /members {2}6, each covered, none left out or counted twice/);
  });

  it('tells a member whether it is in, with what it believes to hold', async () => {
    const member = ['--member', join(dir, 'member.json')];
    assert.match((await run(...epoch, ...facts, ...member)).out, /member 2 of chunk 0/);
    const other = changed('member.json', (value) => Object.assign(value, { cash: '5' }));
    const { exit, err } = await run(...epoch, ...facts, '--member', other);
    assert.equal(exit, 1);
    assert.match(err, /NotIncluded/);
  });

  it('refuses an epoch at other totals, and one with a chunk less', async () => {
    const other = changed('facts.json', (value) => {
      Object.assign(value.totals as object, { cash: '1' });
    });
    const wrong = await run(...epoch, '--facts', other, '--keys', dir, '--size', '4');
    assert.equal(wrong.exit, 1);
    assert.match(wrong.err, /ProofWrong: chunk 1/);
    const short = changed('epoch.proof.json', (value) => (value.chunks as unknown[]).pop());
    const missing = await run('prove', 'verify', '--proof', short, ...facts);
    assert.match(missing.err, /ChunksMissing/);
  });

  it('refuses a development key on any other chain', async () => {
    const other = changed('facts.json', (value) => Object.assign(value, { chainId: '1' }));
    const { exit, err } = await run(...epoch, '--facts', other, '--keys', dir, '--size', '4');
    assert.equal(exit, 1);
    assert.match(err, /KeyIsDevelopment/);
    const rubbed = mkdtempSync(join(dir, 'rubbed-'));
    cpSync(vectors, rubbed, { recursive: true });
    const path = join(rubbed, 'solvency-4.key.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"isDevelopment": true', '"isDevelopment": false'));
    const again = await run(...epoch, '--facts', other, '--keys', rubbed, '--size', '4');
    assert.notEqual(again.exit, 0);
    assert.match(again.err, /CeremonyMissing/);
  });

  it('takes a margin proof for its own question at the root that the chain holds', async () => {
    const { exit, out } = await run(...margin, ...facts, '--root', chunkRoot);
    assert.equal(exit, 0);
    assert.match(out, /a member of chunk 0 of epoch 7 has maintenance margin/);
    assert.match((await run(...margin, ...facts, '--root', '5')).err, /ProofWrong/);
    assert.match((await run(...margin, ...facts)).err, /give --root/);
    const late = [...margin.slice(0, -1), '2000000001'];
    assert.match((await run(...late, ...facts, '--root', chunkRoot)).err, /StatementExpired/);
  });

  it('says what is missing or malformed', async () => {
    const none = await run('prove', 'verify', '--proof', '/nowhere', ...facts);
    assert.deepEqual([none.exit, /FileMissing/.test(none.err)], [3, true]);
    const bad = changed('facts.json', (value) => Object.assign(value, { pool: '0x12' }));
    const { err } = await run(...epoch, '--facts', bad, '--keys', dir, '--size', '4');
    assert.match(err, /FileMalformed: .*pool: an address/);
    assert.match((await run(...epoch, ...facts.slice(0, 4), '--size', '5')).err, /no power of two/);
  });
});

describe('holdfast prove page', () => {
  it('writes the page and its hash, and nothing where it cannot', async () => {
    const { exit, out } = await run('prove', 'page', '--out', 'check.html', '--json');
    assert.equal(exit, 0);
    const told = JSON.parse(out) as { out: string; sha256: string };
    assert.equal(told.out, join(dir, 'check.html'));
    const text = readFileSync(told.out);
    assert.equal(createHash('sha256').update(text).digest('hex'), told.sha256);
    assert.match(text.toString('utf8', 0, 400), /^<!doctype html>[\s\S]*default-src 'none'/);
    const nowhere = await run('prove', 'page', '--out', '/nowhere/check.html');
    assert.match(nowhere.err, /there is no folder/);
  });
});

describe('holdfast prove solvency', () => {
  it('tells what is wrong with a book before it works', async () => {
    const book = join(dir, 'book.json');
    writeFileSync(book, JSON.stringify({ format: 'holdfast-book/1', members: [] }));
    const rest = ['--book', book, '--work', join(dir, 'w'), '--out', join(dir, 'o.json')];
    const { exit, err } = await run('prove', 'solvency', ...facts, ...rest);
    assert.equal(exit, 1);
    assert.match(err, /MemberCountDiffers: the book has 0 members, the chain 6/);
    const nowhere = ['--out', '/nowhere/o.json'];
    const early = await run('prove', 'solvency', ...facts, ...rest.slice(0, 4), ...nowhere);
    assert.match(early.err, /there is no folder/);
  });
});

describe('holdfast ceremony', () => {
  const begin = ['ceremony', 'begin', '--dir', join(dir, 'c'), '--size', '4', '--chain-id', '1'];
  const blocks = ['--powers-block', '10', '--keys-block', '20'];
  const ann = ['--contributor', `ann=0x${'1'.repeat(40)}`];

  it('refuses to begin with too few, one person twice, or blocks out of order', async () => {
    assert.match((await run(...begin, ...ann, ...blocks)).err, /at least 2 contributors/);
    const twice = ['--contributor', `ben=0x${'1'.repeat(40)}`];
    assert.match((await run(...begin, ...ann, ...twice, ...blocks)).err, /one name or one address/);
    const ben = ['--contributor', `ben=0x${'2'.repeat(40)}`];
    const back = ['--powers-block', '20', '--keys-block', '10'];
    assert.match((await run(...begin, ...ann, ...ben, ...back)).err, /must be later/);
  });

  it('says where there is none', async () => {
    for (const words of [['status'], ['verify'], ['beacon'], ['contribute', '--name', 'ann']]) {
      const { exit, err } = await run('ceremony', ...words, '--dir', join(dir, 'none'));
      assert.equal(exit, 3);
      assert.match(err, /CeremonyMissing/);
    }
  });

  it('every command has help with examples', async () => {
    const names = ['begin', 'contribute', 'beacon', 'verify', 'status', 'development'];
    const all = names.map((name) => ['ceremony', name]);
    for (const words of [
      ...all,
      ['prove', 'solvency'],
      ['prove', 'margin'],
      ['prove', 'verify'],
      ['prove', 'page'],
    ]) {
      assert.match((await run(...words, '--help')).out, /Examples:\n {2}\$ holdfast/);
    }
  });
});
