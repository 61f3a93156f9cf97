/**
 * `npm run docs`: writes every generated file that is committed. `-- --check` writes nothing and
 * fails where a file differs from what its generator would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMain } from './is-main.mjs';
import { root } from './sources.mjs';

/** Text by path from the root. */
export type Files = Readonly<Record<string, string>>;

/**
 * A module below the root with `export function generate(): Files | Promise<Files>`. It only
 * computes; writing and comparing are done here.
 */
export const generators: readonly string[] = [
  'packages/laws/src/generate.ts',
  'tools/erc7730/generate.ts',
  'tools/margin-docs.ts',
  'tools/rules-docs.ts',
  'tools/range-docs.ts',
  'tools/assurance.ts',
];

/** Paths whose text on disk differs from the generated one, or which are missing. */
export function drift(files: Files, folder = root): string[] {
  return Object.keys(files).filter((path) => {
    const onDisk = join(folder, path);
    return !existsSync(onDisk) || readFileSync(onDisk, 'utf8') !== files[path];
  });
}

/** Writes the files that differ; returns their paths. */
export function write(files: Files, folder = root): string[] {
  const changed = drift(files, folder);
  for (const path of changed) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), files[path]!);
  }
  return changed;
}

async function main(): Promise<void> {
  const check = process.argv.includes('--check');
  let total = 0;
  const changed: string[] = [];
  for (const path of generators) {
    const generator = await import(pathToFileURL(join(root, path)).href);
    const files: Files = await generator.generate();
    total += Object.keys(files).length;
    changed.push(...(check ? drift(files) : write(files)));
  }
  for (const path of changed) console.log(check ? `stale: ${path}` : `wrote: ${path}`);
  console.log(`docs: ${total} generated files, ${changed.length} ${check ? 'stale' : 'written'}`);
  if (check && changed.length > 0) {
    console.error('docs: run `npm run docs` and commit the result');
    process.exitCode = 1;
  }
}

if (isMain(import.meta.url)) await main();
