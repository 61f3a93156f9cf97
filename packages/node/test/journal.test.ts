import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EnvironmentError } from '@holdfast/units';
import fc from 'fast-check';
import { decodeValue, encodeValue } from '../src/journal/codec.ts';
import { type Disk, localDisk } from '../src/journal/disk.ts';
import { openJournal } from '../src/journal/local.ts';

async function inFolder(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-journal-'));
  try {
    await run(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function contents(dir: string): Promise<unknown[]> {
  const journal = await openJournal({ dir });
  const all: unknown[] = [];
  await journal.replay(0, (command) => all.push(command));
  await journal.close();
  return all;
}

const hasCode = (code: string) => (error: unknown) =>
  error instanceof EnvironmentError && error.code === code;

/** A disk that fails `write` with an error after some bytes of the frame have landed. */
function failingWrite(code: string, isFailing: () => boolean): Disk {
  return {
    ...localDisk,
    async write(file, bytes, position) {
      if (!isFailing()) return localDisk.write(file, bytes, position);
      await localDisk.write(file, bytes.subarray(0, 20), position);
      throw Object.assign(new Error(code), { code });
    },
  };
}

describe('journal codec', () => {
  it('brings back bigint, bytes, maps and plain data exactly', () => {
    const leaf = fc.oneof(
      fc.bigInt(),
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
    );
    const value = fc.dictionary(fc.string(), fc.oneof(leaf, fc.array(leaf)));
    const known = value.filter((v) => !['$n', '$x', '$m', '__proto__'].some((k) => k in v));
    fc.assert(
      fc.property(known, (v) => {
        assert.deepEqual(decodeValue(encodeValue(v)), { ...v });
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('keeps the bytes of a Buffer', () => {
    const back = decodeValue(encodeValue({ raw: Buffer.from('0aff', 'hex') })) as {
      raw: Uint8Array;
    };
    assert.deepEqual([...back.raw], [10, 255]);
  });
});

describe('journal', () => {
  it('keeps every acknowledged command in order over reopen and rotation', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir, segmentBytesMax: 500 });
      const sends = Array.from({ length: 200 }, (_, i) => journal.append([{ i, n: BigInt(i) }]));
      const places = await Promise.all(sends);
      assert.deepEqual(
        places.map((place) => place.first),
        sends.map((_, i) => i),
      );
      for (let i = 200; i < 240; i++) await journal.append([{ i, n: BigInt(i) }]);
      assert.ok(journal.stats().frames < 200, 'appends that wait share a frame');
      const head = journal.head();
      await journal.close();
      const again = await openJournal({ dir, segmentBytesMax: 500 });
      assert.equal(again.head(), head);
      assert.equal(again.next(), 240);
      await again.close();
      const all = await contents(dir);
      assert.deepEqual(
        all,
        Array.from({ length: 240 }, (_, i) => ({ i, n: BigInt(i) })),
      );
    }));

  it('cuts a torn tail at any byte and keeps what was acknowledged before', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir });
      await journal.append(['a', 'b']);
      const whole = (await readFile(join(dir, 'seg-000000000000.log'))).length;
      await journal.append(['c']);
      await journal.close();
      const path = join(dir, 'seg-000000000000.log');
      const bytes = await readFile(path);
      for (let cut = whole; cut < bytes.length; cut++) {
        await writeFile(path, bytes.subarray(0, cut));
        assert.deepEqual(await contents(dir), ['a', 'b'], `cut at ${cut}`);
      }
    }));

  it('writes on after a torn tail', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir });
      await journal.append(['a']);
      await journal.close();
      await appendFile(join(dir, 'seg-000000000000.log'), Buffer.from('HFJ1garbage'));
      const again = await openJournal({ dir });
      await again.append(['b']);
      await again.close();
      assert.deepEqual(await contents(dir), ['a', 'b']);
    }));

  it('refuses damage in front of whole frames instead of dropping acknowledged commands', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir });
      for (const word of ['aaaa', 'bbbb', 'cccc']) await journal.append([word]);
      await journal.close();
      const path = join(dir, 'seg-000000000000.log');
      const bytes = await readFile(path);
      bytes[bytes.indexOf('bbbb')] = 0x61;
      await writeFile(path, bytes);
      await assert.rejects(openJournal({ dir }), hasCode('JournalDamaged'));
    }));

  it('refuses a segment that was cut before the last one', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir, segmentBytesMax: 60 });
      for (let i = 0; i < 5; i++) await journal.append([`command ${i}`]);
      await journal.close();
      await truncate(join(dir, 'seg-000000000000.log'), 10);
      await assert.rejects(openJournal({ dir }), hasCode('JournalDamaged'));
    }));

  it('answers a full disk with a clear error, keeps nothing of it and goes on after', () =>
    inFolder(async (dir) => {
      let full = false;
      const disk = failingWrite('ENOSPC', () => full);
      const journal = await openJournal({ dir, disk });
      await journal.append(['a']);
      full = true;
      await assert.rejects(journal.append(['lost']), hasCode('DiskFull'));
      full = false;
      await journal.append(['b']);
      await journal.close();
      assert.deepEqual(await contents(dir), ['a', 'b']);
    }));

  it('stops for good after an I/O error', () =>
    inFolder(async (dir) => {
      let bad = false;
      const disk = failingWrite('EIO', () => bad);
      const journal = await openJournal({ dir, disk });
      bad = true;
      await assert.rejects(journal.append(['x']), hasCode('JournalBroken'));
      bad = false;
      await assert.rejects(journal.append(['y']), hasCode('JournalBroken'));
      await journal.close();
    }));

  it('stops for good when fdatasync fails', () =>
    inFolder(async (dir) => {
      const disk: Disk = { ...localDisk };
      const journal = await openJournal({ dir, disk });
      disk.sync = () => Promise.reject(new Error('EIO'));
      await assert.rejects(journal.append(['x']), hasCode('JournalBroken'));
      disk.sync = localDisk.sync;
      await assert.rejects(journal.append(['y']), hasCode('JournalBroken'));
      await journal.close();
    }));

  it('finds the newest whole snapshot and passes over a damaged one', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir });
      await journal.append([1, 2, 3]);
      await journal.saveSnapshot(1, new Uint8Array([1]));
      await journal.saveSnapshot(3, new Uint8Array([3]));
      assert.deepEqual(await journal.loadSnapshot(), { index: 3, bytes: new Uint8Array([3]) });
      await writeFile(join(dir, 'snap-000000000003.bin'), Buffer.from('broken'));
      assert.deepEqual(await journal.loadSnapshot(), { index: 1, bytes: new Uint8Array([1]) });
      await journal.close();
    }));

  it('ignores a snapshot of commands that the journal does not hold', () =>
    inFolder(async (dir) => {
      const journal = await openJournal({ dir });
      await journal.append([1, 2, 3]);
      await journal.saveSnapshot(2, new Uint8Array([2]));
      await journal.saveSnapshot(9, new Uint8Array([9]));
      assert.equal((await journal.loadSnapshot())?.index, 2);
      await journal.close();
    }));
});
