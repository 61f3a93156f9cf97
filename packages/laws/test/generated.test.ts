import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generate } from '../src/generate.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('laws: generated files', () => {
  it('are those that are committed, to the letter', () => {
    const files = generate();
    assert.deepEqual(Object.keys(files), [
      'contracts/src/generated/LawLib.sol',
      'contracts/src/generated/Laws.sol',
      'docs/LAWS.md',
      'packages/laws/src/generated/checks.ts',
    ]);
    for (const [path, text] of Object.entries(files)) {
      assert.ok(existsSync(root + path), path);
      // Not `assert.equal`: the difference of long texts takes minutes to be shown.
      assert.ok(readFileSync(root + path, 'utf8') === text, `${path}: npm run docs writes it anew`);
    }
  });
});
