import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { firstTrade } from './readme-example.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the README', () => {
  it('shows code that compiles', () => {
    assert.equal(typeof firstTrade, 'function');
    assert.ok(read('../README.md').includes(read('./readme-example.ts')));
  });
});
