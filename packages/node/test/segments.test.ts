/** Space made ahead, closed segments, their archive, and journals of older nodes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { type Order, unpackOrder } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import fc from 'fast-check';
import { encodeValue } from '../src/journal/codec.ts';
import { type Disk, localDisk } from '../src/journal/disk.ts';
import { openJournal } from '../src/journal/local.ts';
import { createRecordWriter, readRecords } from '../src/journal/record.ts';
import { verifyFolders } from '../src/journal/verify.ts';
import { keyOf, makeOrder } from './fixture.ts';

async function inFolder(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-segments-'));
  try {
    await run(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const hasCode = (code: string) => (error: unknown) =>
  error instanceof EnvironmentError && error.code === code;

const FIRST = 'seg-000000000000.log';
const { secret } = keyOf('writer');

/** An order as the gateway journals it. */
function orderCommand(seq: number, more: object = {}): object {
  const order = unpackOrder(makeOrder(secret, { seq } as Partial<Order>)) as object;
  return {
    type: 'order',
    order: { ...order, epoch: 3 },
    clientId: `${seq}`,
    at: 1_700_000_000,
    ...more,
  };
}

/** The bytes of a journal as nodes wrote it before records: JSON lines under `HFJ1`. */
function oldSegment(groups: readonly (readonly unknown[])[]): Buffer {
  let head = Buffer.alloc(32);
  let first = 0;
  const frames = groups.map((commands) => {
    const body = Buffer.from(commands.map(encodeValue).join('\n'));
    head = createHash('sha256').update(head).update(body).digest();
    const header = Buffer.alloc(56);
    header.write('HFJ1', 0);
    header.writeUInt32BE(body.length, 4);
    header.writeUInt32BE(crc32(body), 8);
    header.writeUInt32BE(commands.length, 12);
    header.writeBigUInt64BE(BigInt(first), 16);
    header.set(head, 24);
    first += commands.length;
    return Buffer.concat([header, body]);
  });
  return Buffer.concat(frames);
}

async function contents(dir: string, archive?: string): Promise<unknown[]> {
  const journal = await openJournal({ dir, archive });
  const all: unknown[] = [];
  await journal.replay(0, (command) => all.push(command));
  await journal.close();
  return all;
}

describe('records', () => {
  it('give back every order exactly, in its binary form where that is exact', () => {
    const field = fc.record({
      clientId: fc.option(
        fc.oneof(
          fc.bigInt(0n, 2n ** 64n - 1n).map(String),
          fc.constantFrom(
            '0',
            '9007199254740991',
            '9007199254740992',
            '18446744073709551616',
            '01',
            '',
          ),
        ),
        { nil: undefined },
      ),
      hash: fc.option(fc.constantFrom(`0x${'ab'.repeat(32)}`, `0x${'AB'.repeat(32)}`, '0x00'), {
        nil: undefined,
      }),
      at: fc.constantFrom(0, 1_700_000_000, 2 ** 40 - 1, 2 ** 40),
      extra: fc.option(fc.integer(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(field, { maxLength: 5 }), (fields) => {
        const commands = fields.map((given, i) => {
          const entries = Object.entries(given).filter(([, value]) => value !== undefined);
          const { clientId: _, ...plain } = orderCommand(i + 1) as Record<string, unknown>;
          return { ...plain, ...Object.fromEntries(entries) };
        });
        const writer = createRecordWriter();
        writer.add(commands);
        assert.deepEqual(readRecords(writer.take(0), commands.length), commands);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('keep a contract signature and anything that is no order', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const order = { ...(orderCommand(1) as { order: object }).order };
    const commands = [
      { type: 'order', at: 5, order: { ...order, signature: { contract: true, bytes } } },
      { type: 'tick', at: 5 },
      'text',
      null,
    ];
    const writer = createRecordWriter();
    writer.add(commands);
    assert.deepEqual(readRecords(writer.take(0), 4), commands);
  });

  it('take an order in 109 bytes', () => {
    const writer = createRecordWriter();
    writer.add([orderCommand(1)]);
    assert.equal(writer.take(0).length, 109);
  });

  it('add all commands or none', () => {
    const writer = createRecordWriter();
    const bad = orderCommand(2) as { order: { size: number } };
    assert.throws(() =>
      writer.add([orderCommand(1), { ...bad, order: { ...bad.order, size: 0.5 } }]),
    );
    writer.add(['b']);
    assert.deepEqual(readRecords(writer.take(0), 1), ['b']);
  });

  it('are refused where bytes are missing, left over or of no kind', () => {
    const writer = createRecordWriter();
    writer.add([orderCommand(1), 'text']);
    const body = writer.take(0);
    for (let cut = 1; cut < body.length; cut += 1) {
      assert.throws(() => readRecords(body.subarray(0, cut), 2), hasCode('JournalDamaged'));
    }
    assert.throws(() => readRecords(body, 1), hasCode('JournalDamaged'));
    assert.throws(
      () => readRecords(Buffer.concat([body, Buffer.from('?')]), 2),
      hasCode('JournalDamaged'),
    );
  });
});

describe('a journal of an older node', () => {
  const groups = [[{ i: 1n }, { i: 2n }], [{ i: 3n }], [orderCommand(4)]];
  it('opens, goes on in the new form, and verifies', () =>
    inFolder(async (dir) => {
      await writeFile(join(dir, FIRST), oldSegment(groups));
      const journal = await openJournal({ dir });
      assert.equal(journal.next(), 4);
      await journal.append([orderCommand(5), { i: 6n }]);
      const head = journal.head();
      await journal.close();
      const expected = [...groups.flat(), orderCommand(5), { i: 6n }];
      assert.deepEqual(await contents(dir), expected);
      const found = await verifyFolders(dir);
      assert.deepEqual([found.commands, found.frames, found.head], [6, 4, head]);
    }));

  it('is held to its own chain', () =>
    inFolder(async (dir) => {
      const bytes = oldSegment(groups);
      // The count is outside of the old chain, the order of frames is not.
      const second = oldSegment([[{ i: 9n }, { i: 2n }]]);
      await writeFile(join(dir, FIRST), Buffer.concat([second, bytes.subarray(second.length)]));
      await assert.rejects(openJournal({ dir }), hasCode('JournalDamaged'));
    }));
});

describe('space made ahead', () => {
  /** Opens, appends, and leaves as a dead process does: nothing is cut. */
  async function leaveBehind(dir: string, words: readonly string[]): Promise<Buffer> {
    const journal = await openJournal({ dir, growBytes: 4096 });
    for (const word of words) await journal.append([word]);
    const bytes = await readFile(join(dir, FIRST));
    await journal.close();
    return bytes;
  }

  it('is there while the journal is open and gone when it is closed', () =>
    inFolder(async (dir) => {
      const bytes = await leaveBehind(dir, ['a']);
      assert.equal(bytes.length, 4096);
      assert.ok((await stat(join(dir, FIRST))).size < 200);
    }));

  it('is told apart from a torn frame at every byte', () =>
    inFolder(async (dir) => {
      const bytes = await leaveBehind(dir, ['aaaa', 'bbbb']);
      const whole = (await stat(join(dir, FIRST))).size;
      const frame = whole / 2;
      await writeFile(join(dir, FIRST), bytes);
      assert.equal((await verifyFolders(dir)).tornBytes, 0);
      assert.deepEqual(await contents(dir), ['aaaa', 'bbbb']);
      // The disk may have written any part of the last frame, its beginning or its end.
      for (let cut = 1; cut < frame; cut += 1) {
        for (const part of ['head', 'tail']) {
          const torn = Buffer.from(bytes);
          if (part === 'head') torn.fill(0, frame + cut, whole);
          else torn.fill(0, frame, frame + cut);
          await writeFile(join(dir, FIRST), torn);
          assert.deepEqual(await contents(dir), ['aaaa'], `${part}, ${cut} bytes`);
        }
      }
    }));

  it('does not hide damage: a hole of zeros in front of whole frames is refused', () =>
    inFolder(async (dir) => {
      const bytes = await leaveBehind(dir, ['aaaa', 'bbbb', 'cccc']);
      const frame = (await stat(join(dir, FIRST))).size / 3;
      bytes.fill(0, frame, 2 * frame);
      await writeFile(join(dir, FIRST), bytes);
      await assert.rejects(openJournal({ dir }), hasCode('JournalDamaged'));
      await assert.rejects(verifyFolders(dir), hasCode('JournalDamaged'));
    }));

  it('keeps frames whole that come while it is made', () =>
    inFolder(async (dir) => {
      const slow: Disk = {
        ...localDisk,
        async grow(file, from, to) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          await localDisk.grow(file, from, to);
        },
      };
      const journal = await openJournal({ dir, disk: slow, growBytes: 512, segmentBytesMax: 3000 });
      for (let i = 0; i < 200; i += 1) await journal.append([i]);
      await journal.close();
      assert.deepEqual(
        await contents(dir),
        Array.from({ length: 200 }, (_, i) => i),
      );
    }));

  it('that finds no room on the disk refuses a frame and takes it later', () =>
    inFolder(async (dir) => {
      let full = false;
      const disk: Disk = {
        ...localDisk,
        async grow(file, from, to) {
          if (full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
          await localDisk.grow(file, from, to);
        },
      };
      const journal = await openJournal({ dir, disk, growBytes: 128 });
      await journal.append(['a']);
      full = true;
      await assert.rejects(journal.append(['x'.repeat(300)]), hasCode('DiskFull'));
      full = false;
      await journal.append(['b']);
      await journal.close();
      assert.deepEqual(await contents(dir), ['a', 'b']);
    }));
});

/** A journal of closed segments: `count` numbers, one a frame, about five a segment. */
async function fill(dir: string, count: number, archive?: string, snapshotsAt: number[] = []) {
  const journal = await openJournal({ dir, archive, segmentBytesMax: 300, growBytes: 512 });
  for (let i = journal.next(); i < count; i += 1) {
    await journal.append([i]);
    if (snapshotsAt.includes(i + 1)) await journal.saveSnapshot(i + 1, new Uint8Array([i]));
  }
  const head = journal.head();
  await journal.close();
  return head;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const segmentsIn = async (dir: string): Promise<string[]> =>
  (await readdir(dir)).filter((name) => name.startsWith('seg-')).sort();

describe('closed segments', () => {
  it('move to the archive when two snapshots are past them, and verify from there', () =>
    inFolder(async (base) => {
      const [dir, archive] = [join(base, 'journal'), join(base, 'archive')];
      await fill(dir, 60, archive, [20, 40]);
      const moved = await segmentsIn(archive);
      assert.ok(moved.length >= 3, `${moved.length} segments were moved`);
      const head = await fill(dir, 90, archive);
      assert.deepEqual(await contents(dir, archive), numbers(90));
      const found = await verifyFolders(dir, archive);
      assert.deepEqual([found.commands, found.head, found.archived], [90, head, moved.length]);
      const journal = await openJournal({ dir });
      const late: unknown[] = [];
      await journal.replay(20, (command) => late.push(command));
      assert.deepEqual(late, numbers(90).slice(20), 'what a kept snapshot needs stays');
      await assert.rejects(
        journal.replay(0, () => {}),
        hasCode('JournalDamaged'),
      );
      await journal.close();
    }));

  it('stay where they are without an archive, and nothing is ever deleted', () =>
    inFolder(async (dir) => {
      await fill(dir, 60, undefined, [20, 40, 60]);
      assert.deepEqual(await contents(dir), numbers(60));
      assert.equal((await verifyFolders(dir)).archived, 0);
    }));

  it('are listed again when a node dies before it has listed one', () =>
    inFolder(async (dir) => {
      const head = await fill(dir, 60);
      const list = (await readFile(join(dir, 'closed.jsonl'), 'utf8')).trimEnd().split('\n');
      for (const keep of [list.length - 1, 0]) {
        await writeFile(
          join(dir, 'closed.jsonl'),
          list.slice(0, keep).map((line) => `${line}\n`),
        );
        const journal = await openJournal({ dir });
        assert.equal(journal.head(), head);
        await journal.close();
        const again = await readFile(join(dir, 'closed.jsonl'), 'utf8');
        assert.equal(again.trimEnd(), list.join('\n'));
      }
    }));

  it('are refused by the verifier when one is lost, changed, or of another journal', () =>
    inFolder(async (base) => {
      const [dir, archive] = [join(base, 'journal'), join(base, 'archive')];
      await fill(dir, 60, archive, [20, 40]);
      const [first = ''] = await segmentsIn(archive);
      const bytes = await readFile(join(archive, first));
      for (let at = 0; at < bytes.length; at += 7) {
        const file = await open(join(archive, first), 'r+');
        await file.write(Buffer.from([(bytes[at] as number) ^ 1]), 0, 1, at);
        await file.close();
        await assert.rejects(verifyFolders(dir, archive), hasCode('JournalDamaged'), `byte ${at}`);
        await writeFile(join(archive, first), bytes);
      }
      await rm(join(archive, first));
      await assert.rejects(verifyFolders(dir, archive), hasCode('JournalDamaged'));
      const other = join(base, 'other');
      const journal = await openJournal({ dir: other, segmentBytesMax: 300 });
      for (let i = 60; i < 120; i += 1) await journal.append([i]);
      await journal.close();
      await assert.rejects(verifyFolders(other, archive), hasCode('JournalForeign'));
    }));

  it('are refused when the list itself was changed', () =>
    inFolder(async (dir) => {
      await fill(dir, 60);
      const path = join(dir, 'closed.jsonl');
      const text = await readFile(path, 'utf8');
      const lines = text.trimEnd().split('\n');
      const dropped = lines.filter((_, i) => i !== 1);
      const changed = text.replace('"frames":', '"frames":1');
      for (const bad of [dropped.join('\n'), changed, '{']) {
        await writeFile(path, bad);
        await assert.rejects(openJournal({ dir }), hasCode('JournalDamaged'));
      }
    }));

  it('can be archived onto another file system', (t) =>
    inFolder(async (base) => {
      const dir = join(base, 'journal');
      // Memory, where there is one: a rename to there is refused.
      const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
      const archive = await mkdtemp(join(root, 'holdfast-archive-'));
      t.after(() => rm(archive, { recursive: true, force: true }));
      await fill(dir, 30, undefined, [10, 20]);
      await cp(dir, join(base, 'copy'), { recursive: true });
      await localDisk.move(dir, FIRST, archive);
      assert.deepEqual(
        await readFile(join(archive, FIRST)),
        await readFile(join(base, 'copy', FIRST)),
      );
      assert.deepEqual(await contents(dir, archive), numbers(30));
    }));
});
