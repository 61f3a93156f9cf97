import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { memoryStore, storeOver } from '@holdfast/settle';
import { EnvironmentError } from '@holdfast/units';
import { conditionalsOver } from '../src/conditionals/store.ts';
import type { Lines } from '../src/journal/types.ts';
import { loadSettings, parseSettings } from '../src/settings.ts';

const place = { origin: 'node.json', folder: '/venue', journalDir: '/venue/journal' };
const parse = (journal: object) => parseSettings({ journal }, place);
const postgres = { kind: 'postgres', url: 'postgres://holdfast@db-a/holdfast', name: 'a' };

describe('node.json', () => {
  it('is not needed: the journal is then in its folder', () => {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
    try {
      assert.deepEqual(loadSettings(dir, '/j'), { kind: 'local', dir: '/j' });
      writeFileSync(join(dir, 'node.json'), '{"journal":{"kind":"local","archive":"old"}}');
      const { archive } = loadSettings(dir, '/j') as { archive?: string };
      assert.equal(archive, join(dir, 'old'));
      writeFileSync(join(dir, 'node.json'), '{');
      assert.throws(() => loadSettings(dir, '/j'), /is not JSON/);
      assert.throws(() => loadSettings(dir, '/j', join(dir, 'none.json')), /does not exist/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('names one server or several, with paths beside the file and safe defaults', () => {
    assert.deepEqual(parse({ ...postgres, passwordFile: 'journal.password' }), {
      kind: 'postgres',
      urls: ['postgres://holdfast@db-a/holdfast'],
      passwordFile: '/venue/journal.password',
      name: 'a',
      takeover: 'automatic',
      leaseMs: 5_000,
      alone: 'refuse',
      giveUpMs: 60_000,
    });
    const url = ['postgres://a/x', 'postgresql:///x?host=/run/postgresql'];
    assert.deepEqual((parse({ ...postgres, url }) as { urls?: unknown }).urls, url);
  });

  for (const [what, change, says] of [
    ['a password in the URL', { url: 'postgres://me:secret@db/x' }, /no password/],
    ['a password among its options', { url: 'postgres://db/x?password=secret' }, /no password/],
    ['another database', { url: 'mysql://db/x' }, /postgres:\/\//],
    ['no server', { url: [] }, /url/],
    ['a name that is none', { name: 'a b' }, /name/],
    ['a lease that is too short', { leaseMs: 10 }, /leaseMs/],
    ['a word that it does not know', { password: 'secret' }, /password/],
    ['a kind that it does not know', { kind: 'etcd' }, /kind/],
  ] as const) {
    it(`refuses ${what}, and does not repeat a secret`, () => {
      assert.throws(
        () => parse({ ...postgres, ...change }),
        (error) =>
          error instanceof EnvironmentError &&
          error.code === 'NodeConfigWrong' &&
          says.test(error.message) &&
          !error.message.includes('secret'),
      );
    });
  }
});

/** Lines in memory that outlive the store above them. */
function memoryLines(kept: string[]): Lines {
  return {
    old: [...kept],
    append: async (line) => {
      kept.push(line);
    },
    rewrite: async (lines) => {
      kept.splice(0, kept.length, ...lines);
    },
    size: () => kept.join('').length,
    close: async () => {},
  };
}

describe('stores over lines', () => {
  it('give the settler back what a store in memory holds', async () => {
    const kept: string[] = [];
    const store = storeOver(memoryLines(kept));
    const plain = memoryStore();
    const records = [
      { kind: 'origin', chainId: 1, clearingHouse: '0x01' },
      { kind: 'cursor', number: 7, hash: '0x02' },
      { kind: 'rollback', height: 3, drafts: [] },
    ] as const;
    for (const record of records) await Promise.all([store.append(record), plain.append(record)]);
    assert.deepEqual(storeOver(memoryLines(kept)).records, plain.all());
    await store.rewrite(records.slice(1));
    assert.deepEqual(storeOver(memoryLines(kept)).records, records.slice(1));
    assert.ok(store.size() > 0);
  });

  it('give no id of a conditional order twice, whoever opens them', async () => {
    const kept: string[] = [];
    const order = {} as never;
    const first = await conditionalsOver(memoryLines(kept), 'here');
    await first.add({ hash: '0x01', clientId: '1', at: 1, order });
    const second = await first.add({ hash: '0x02', clientId: '2', at: 1, order });
    await first.end('0x02', 'done');
    const again = await conditionalsOver(memoryLines(kept), 'here');
    assert.deepEqual([...again.live.keys()], ['0x01']);
    const third = await again.add({ hash: '0x03', clientId: '3', at: 2, order });
    assert.equal(third.id, second.id + 1);
    await assert.rejects(conditionalsOver(memoryLines(['{']), 'here'), /damaged/);
  });
});
