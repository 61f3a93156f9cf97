import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AssertionError,
  absBig,
  accountId,
  cashQ32,
  ceilDiv,
  concatBytes,
  EnvironmentError,
  equalBytes,
  floorDiv,
  floorQ32,
  formatDecimal,
  formatPrice,
  formatSize,
  fromHex,
  fundingIndex,
  getBig,
  getInt,
  getSignedBig,
  getUint,
  invariant,
  isRejection,
  keccak256,
  lane,
  lots,
  marketId,
  orderSize,
  parseDecimal,
  parseExact,
  parsePrice,
  parseSize,
  putBig,
  putInt,
  quote,
  reject,
  seq,
  stringifyExact,
  stringifyPlain,
  ticks,
  tickValueOf,
  toHex,
  toQ32,
  truncDiv,
  tryFromHex,
  tryQuote,
  tryTicks,
} from '@holdfast/units';
import fc from 'fast-check';

const seeded = { seed: 20_260_101, numRuns: 500 };

describe('units: constructors', () => {
  it('accepts the ends of each range and refuses one beyond', () => {
    const ranges: [(n: number) => number, number, number][] = [
      [ticks, 1, 2 ** 32 - 1],
      [orderSize, 1, 2 ** 40 - 1],
      [accountId, 0, 2 ** 32 - 1],
      [marketId, 0, 255],
      [lane, 0, 65_535],
      [seq, 1, 2 ** 32 - 1],
    ];
    for (const [make, low, high] of ranges) {
      assert.equal(make(low), low);
      assert.equal(make(high), high);
      assert.throws(() => make(low - 1), AssertionError);
      assert.throws(() => make(high + 1), AssertionError);
      assert.throws(() => make(low + 0.5), AssertionError);
      assert.throws(() => make(Number.NaN), AssertionError);
    }
    assert.throws(() => lots(2 ** 53), AssertionError);
    assert.ok(Object.is(lots(-0), 0));
  });

  it('holds bigints to their width', () => {
    assert.equal(quote(-(2n ** 127n)), -(2n ** 127n));
    assert.throws(() => quote(2n ** 127n), AssertionError);
    assert.throws(() => cashQ32(-(2n ** 127n) - 1n), AssertionError);
    assert.throws(() => fundingIndex(2n ** 95n), AssertionError);
    assert.equal(tryQuote(5), undefined);
    assert.equal(tryQuote(5n), 5n);
  });

  it('returns undefined on untrusted input of the wrong type', () => {
    for (const bad of ['1', null, undefined, {}, 1n, 0, 1.5])
      assert.equal(tryTicks(bad), undefined);
  });
});

describe('units: division', () => {
  it('rounds as its name says', () => {
    const wide = fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n });
    const divisor = fc.bigInt({ min: 1n, max: 2n ** 70n });
    fc.assert(
      fc.property(wide, divisor, (a, b) => {
        const down = floorDiv(a, b);
        const up = ceilDiv(a, b);
        assert.ok(down * b <= a && a < (down + 1n) * b);
        assert.ok(up * b >= a && a > (up - 1n) * b);
        assert.equal(truncDiv(a, b), a < 0n ? up : down);
        assert.equal(absBig(truncDiv(a, b)), absBig(a) / b);
      }),
      seeded,
    );
    for (const divide of [floorDiv, ceilDiv, truncDiv]) {
      assert.throws(() => divide(1n, 0n), AssertionError);
      assert.throws(() => divide(1n, -1n), AssertionError);
    }
  });

  it('floors Q32 against the holder', () => {
    assert.equal(floorQ32(cashQ32(-1n)), -1n);
    assert.equal(floorQ32(cashQ32((1n << 32n) - 1n)), 0n);
    assert.equal(floorQ32(toQ32(quote(-7n))), -7n);
    assert.throws(() => toQ32(quote(2n ** 126n)), AssertionError);
  });
});

describe('units: decimals', () => {
  it('parses what it formats', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: 0, max: 18 }), (value, decimals) => {
        assert.equal(parseDecimal(formatDecimal(value, decimals), decimals), value);
      }),
      seeded,
    );
  });

  it('refuses what is not an exact decimal', () => {
    for (const bad of ['', '.', '1.', '.5', '1e3', '0x10', ' 1', '1,5', '--1', '9'.repeat(99)]) {
      const result = parseDecimal(bad, 6);
      assert.ok(isRejection(result) && result.code === 'DecimalMalformed', bad);
    }
    const fine = parseDecimal('0.1234567', 6);
    assert.ok(isRejection(fine) && fine.code === 'DecimalTooFine');
    assert.equal(parseDecimal('12.5', 6), 12_500_000n);
    assert.equal(parseDecimal('-0.10000000000', 1), -1n);
  });

  it('turns prices and sizes into ticks and lots', () => {
    assert.equal(parsePrice('65000.1', '0.1'), 650_001);
    assert.equal(parsePrice('0.00002', '0.00001'), 2);
    assert.equal(parseSize('-20', '10'), -2);
    assert.equal(parseSize('0.003', '0.001'), 3);
    const odd = parsePrice('65000.15', '0.1');
    assert.ok(isRejection(odd) && odd.code === 'PriceNotWhole');
    assert.match(odd.message, /nearest toward 0 is 65000\.1$/);
    const between = parseSize('25', '10');
    assert.ok(isRejection(between) && between.code === 'SizeNotWhole');
    for (const bad of ['0', '-1', '429496729.6']) {
      const result = parsePrice(bad, '0.1');
      assert.ok(isRejection(result) && result.code === 'PriceOutOfRange', bad);
    }
    const huge = parseSize('9007199254740992', '1');
    assert.ok(isRejection(huge) && huge.code === 'SizeOutOfRange');
    assert.throws(() => parsePrice('1', '0'), AssertionError);
    assert.throws(() => parsePrice('1', 'x'), AssertionError);
  });

  it('formats ticks and lots back', () => {
    const price = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    const step = fc.constantFrom('0.1', '0.01', '0.25', '10', '0.00001');
    fc.assert(
      fc.property(price, step, (count, size) => {
        assert.equal(parsePrice(formatPrice(ticks(count), size), size), count);
        assert.equal(parseSize(formatSize(lots(-count), size), size), -count);
      }),
      seeded,
    );
  });

  it('knows the tick value of the demo markets and refuses a rounding market', () => {
    assert.equal(tickValueOf('0.1', '0.001'), 100);
    assert.equal(tickValueOf('0.00001', '10'), 100);
    assert.throws(() => tickValueOf('0.0001', '0.001'), AssertionError);
  });
});

describe('units: bytes', () => {
  it('reads the fields that it writes', () => {
    const buffer = new Uint8Array(40);
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 }), fc.bigInt(), (n, b) => {
        assert.equal(putInt(buffer, 1, 6, n), 7);
        assert.equal(getInt(buffer, 1, 6), n);
        const clipped = BigInt.asIntN(128, b);
        putBig(buffer, 7, 16, clipped);
        assert.equal(getSignedBig(buffer, 7, 16), clipped);
        assert.equal(getBig(buffer, 7, 16), BigInt.asUintN(128, clipped));
      }),
      seeded,
    );
    putInt(buffer, 0, 4, 2 ** 32 - 1);
    assert.equal(getUint(buffer, 0, 4), 2 ** 32 - 1);
    assert.equal(getInt(buffer, 0, 4), -1);
    assert.throws(() => putInt(buffer, 0, 1, 256), AssertionError);
    assert.throws(() => putInt(buffer, 39, 2, 1), AssertionError);
    assert.throws(() => getUint(buffer, 39, 2), AssertionError);
    assert.throws(() => putBig(buffer, 0, 1, -129n), AssertionError);
  });

  it('hashes as the EVM does', () => {
    const empty = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470';
    assert.equal(toHex(keccak256(new Uint8Array())), empty);
    assert.deepEqual(concatBytes(fromHex('0x01'), fromHex('0x0203')), fromHex('0x010203'));
    assert.ok(equalBytes(fromHex('0xAb'), fromHex('0xab')));
    assert.ok(!equalBytes(fromHex('0xab'), fromHex('0xabcd')));
    for (const bad of ['', 'ab', '0xa', '0xzz']) assert.equal(tryFromHex(bad), undefined);
    assert.throws(() => fromHex('0xa'), AssertionError);
  });
});

describe('units: errors and JSON', () => {
  it('tells the three kinds apart', () => {
    const no = reject('SeqStale', 'seq 1 is below 2', { found: 1, required: 2 });
    assert.ok(isRejection(no));
    assert.ok(!isRejection(new EnvironmentError('RpcDown', 'no answer', { retry: true })));
    assert.equal(new EnvironmentError('RpcDown', 'no answer').retry, false);
    assert.equal(new EnvironmentError('RpcDown', 'no answer', { cause: no }).cause, no);
    assert.throws(() => invariant(false, 'broken'), AssertionError);
    assert.doesNotThrow(() => invariant(true, 'fine'));
  });

  it('keeps bigints through JSON', () => {
    const value = { a: 1, b: [2n ** 90n, -1n], c: { $n: 'text' }, d: { $n: '1', e: 2 } };
    assert.deepEqual(parseExact(stringifyExact(value)), value);
    assert.equal(stringifyPlain({ a: 5n }), '{"a":"5"}');
  });
});
