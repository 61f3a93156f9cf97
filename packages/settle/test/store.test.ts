import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openStore, type StoreRecord } from '../src/store.ts';

const record = (height: number): StoreRecord => ({ kind: 'rollback', height, drafts: [] });

describe('the settlement store', () => {
  it('keeps what was appended, cuts a torn end, refuses damage before it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'settle-store-'));
    const path = join(dir, 'deep', 'store.jsonl');
    try {
      const first = await openStore(path);
      assert.deepEqual(first.records, []);
      for (const height of [1, 2, 3]) await first.append(record(height));
      await first.close();
      appendFileSync(path, '{"kind":"rollb');
      const second = await openStore(path);
      assert.deepEqual(second.records, [1, 2, 3].map(record));
      await second.append(record(4));
      await second.close();
      const third = await openStore(path);
      assert.deepEqual(third.records, [1, 2, 3, 4].map(record));
      await third.rewrite([record(9)]);
      await third.append(record(10));
      await third.close();
      const fourth = await openStore(path);
      assert.deepEqual(fourth.records, [9, 10].map(record));
      await fourth.close();
      const lines = readFileSync(path, 'utf8');
      writeFileSync(path, `{"kind":\n${lines}`);
      await assert.rejects(openStore(path), { code: 'StoreDamaged' });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
