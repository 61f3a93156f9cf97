import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  bundles,
  bundlesAreFresh,
  nodeArguments,
  programs,
  root,
  sourcesStamp,
} from '@holdfast/host/programs';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout of one package, with bundles made from it. */
function checkout(): { source: string } {
  const source = join(folder, 'packages/one/src/deep');
  mkdirSync(source, { recursive: true });
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{}');
  writeFileSync(join(source, 'main.ts'), 'export {};');
  writeFileSync(join(folder, 'dist/.stamp'), sourcesStamp(folder));
  return { source };
}

describe('the bundled programs', () => {
  it('are used only as long as sources and dependencies are the ones they were made from', () => {
    const { source } = checkout();
    const file = join(source, 'main.ts');
    const lock = join(folder, 'node_modules/.package-lock.json');
    const changes = [
      () => utimesSync(file, 1, 1),
      () => writeFileSync(file, 'export { };'),
      () => writeFileSync(join(source, 'more.ts'), ''),
      () => rmSync(join(source, 'more.ts')),
      () => writeFileSync(lock, '{ }'),
      () => rmSync(join(folder, 'dist/.stamp')),
    ];
    for (const change of changes) {
      writeFileSync(join(folder, 'dist/.stamp'), sourcesStamp(folder));
      assert.equal(bundlesAreFresh(folder), true);
      change();
      assert.equal(bundlesAreFresh(folder), false, String(change));
    }
  });

  it('take the place of their sources, and of nothing else', async () => {
    assert.ok(bundlesAreFresh(), 'npm test bundles first');
    for (const name of programs) {
      const path = join(root, 'packages', `${name}.ts`);
      assert.deepEqual(nodeArguments(path), [join(bundles, `${name}.mjs`)]);
    }
    const other = join(root, 'packages/host/src/index.ts');
    assert.deepEqual(nodeArguments(other).slice(-1), [other]);
    assert.equal(nodeArguments(other).length, 3);
  });

  it('load without a TypeScript loader', async () => {
    const cli = await import(pathToFileURL(join(bundles, 'cli/src/index.mjs')).href);
    let said = '';
    const io = { out: (text: string) => (said += text), err: () => undefined, columns: 80 };
    const code = await cli.runWith(['--help'], { ...io, cwd: folder, home: folder });
    assert.equal(code, 0);
    assert.match(said, /Usage: holdfast/);
  });
});
