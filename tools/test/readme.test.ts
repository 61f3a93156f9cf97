import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../sources.mjs';

const scratch = join(root, 'node_modules/.cache/readme');
const linesMax = 40;

function readmes(): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  const all = ['README.md', ...packages];
  return all.filter((path) => {
    const [folder, file] = [join(root, path, '..'), 'README.md'];
    return readdirSync(folder).includes(file);
  });
}

/** The TypeScript blocks of a page. */
function blocks(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

/** What the compiler says of these files; empty when it has nothing to say. */
function compile(sources: readonly string[]): string {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const files = sources.map((source, i) => {
    writeFileSync(join(scratch, `block-${i}.ts`), source);
    return `block-${i}.ts`;
  });
  const config = { extends: join(root, 'tsconfig.json'), include: [], files };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '--noEmit', '-p', scratch], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  }
}

describe('readme pages', () => {
  it('hold code that compiles', () => {
    const sources = readmes().flatMap(blocks);
    assert.ok(sources.length > 0, 'no page has code');
    assert.equal(compile(sources), '');
    assert.match(compile(["import { nothing } from '@holdfast/units';\nnothing();\n"]), /TS2305/);
  });

  it(`have at most ${linesMax} lines in packages`, () => {
    for (const path of readmes().filter((page) => page !== 'README.md')) {
      const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
      assert.ok(lines <= linesMax, `${path} has ${lines} lines`);
    }
  });
});
