/** Canonical bytes: what is written is read, and nothing that is not whole is taken. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AssertionError } from '@holdfast/units';
import { createReader, createWriter } from '../src/codec.ts';

describe('canonical bytes', () => {
  it('read back what was written, whatever its size', () => {
    for (const length of [0, 1, 4_091, 4_092, 4_093, 9_000, 100_000]) {
      const w = createWriter();
      const bytes = new Uint8Array(length).map((_, i) => i);
      w.bytes(bytes);
      w.text('ℏoldfast');
      w.hex('0x0aff');
      w.flag(true);
      w.flag(false);
      for (const value of [0, -1, 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1])
        w.int(value);
      for (const value of [0n, -1n, (1n << 255n) - 1n, -(1n << 255n)]) w.big(value);
      w.uint(5, 2 ** 40 - 1);
      const r = createReader(w.done());
      assert.deepEqual(r.bytes(), bytes);
      assert.equal(r.text(), 'ℏoldfast');
      assert.equal(r.hex(), '0x0aff');
      assert.deepEqual([r.flag(), r.flag()], [true, false]);
      for (const value of [0, -1, 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1]) {
        assert.equal(r.int(), value);
      }
      for (const value of [0n, -1n, (1n << 255n) - 1n, -(1n << 255n)]) assert.equal(r.big(), value);
      assert.equal(r.uint(5), 2 ** 40 - 1);
      r.end();
    }
  });

  it('take no value that a field does not hold', () => {
    const w = createWriter();
    assert.throws(() => w.uint(1, -1), /negative/);
    assert.throws(() => w.uint(1, 256), AssertionError);
    assert.throws(() => w.big(1n << 255n), /wider than 32 bytes/);
    assert.throws(() => w.big(-(1n << 255n) - 1n), /wider than 32 bytes/);
  });

  it('are refused when they end early, go on, or are no text', () => {
    const read = (...bytes: number[]) => createReader(Uint8Array.from(bytes));
    assert.throws(() => read(0, 0, 0, 4, 1, 2, 3).bytes(), /the bytes end early/);
    assert.deepEqual(read(0, 0, 0, 3, 1, 2, 3).bytes(), Uint8Array.of(1, 2, 3));
    assert.throws(() => read(0, 0, 0, 1, 0xff).text(), TypeError);
    assert.throws(() => read(1).end(), /left over/);
    assert.throws(() => read().uint(1), AssertionError);
  });
});
