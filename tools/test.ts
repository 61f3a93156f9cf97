/**
 * `npm test [-- filter…]`: imports every package's tests into this one process, where node:test
 * runs them and prints its summary. A filter is a package's name or a part of a path.
 */
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageFiles } from './files.ts';
import { root } from './sources.mjs';

const leakSeconds = 10;
const filters = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const files = packageFiles('test', '.test.ts', filters);

if (files.length === 0) {
  console.error(`test: no test file matches ${filters.join(' ')}`);
  process.exit(1);
}

for (const file of files) {
  try {
    await import(pathToFileURL(join(root, file)).href);
  } catch (error) {
    test(`${file} loads`, () => {
      throw error;
    });
  }
}

after(() => {
  const leak = setTimeout(() => {
    console.error(`test: a handle is still open: ${process.getActiveResourcesInfo().join(' ')}`);
    process.exit(1);
  }, leakSeconds * 1000);
  // Only what keeps the process alive besides this timer is a leak.
  leak.unref();
});
