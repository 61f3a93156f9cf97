import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  commonSpan,
  firstOf,
  priceAt,
  priceInBar,
  readBarFile,
  readBars,
  recordedSource,
  simulatedSource,
  venueSymbol,
} from '@holdfast/reporter';
import fc from 'fast-check';
import { btc, doge } from './markets.ts';

const header = 'ts,open,high,low,close,volume';
const rising = '1700000000,100,130,90,120,5';
const falling = '1700000060,120,125,80.5,85,5';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-bars-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, lines: readonly string[]): string {
  const path = join(dir, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

describe('recorded bars', () => {
  it('reads plain and packed files and maps the symbol', () => {
    for (const name of ['BTCUSDT_1m.csv', 'BTCUSDT_1m.csv.gz']) {
      const series = readBarFile(file(name, [header, rising, falling]));
      assert.equal(series.length, 1);
      assert.equal(series[0]?.symbol, 'BTC-USD');
      assert.equal(series[0]?.barSeconds, 60);
      assert.equal(series[0]?.bars[1]?.low, 8_050_000_000);
    }
    assert.equal(venueSymbol('ETH-USD'), 'ETH-USD');
    assert.equal(venueSymbol('sol/usdc'), 'SOL-USD');
  });

  it('reads panels and keeps the wanted markets', () => {
    const lines = ['symbol,ts,open,high,low,close', `BTCUSDT,${rising.slice(0, -2)}`];
    lines.push(`DOGEUSDT,${falling.slice(0, -2)}`, 'PEPEUSDT,1700000000,1,1,1,1');
    const path = file('panel_2020-01-01.csv', lines);
    assert.deepEqual([...readBars(path, ['BTC-USD', 'DOGE-USD']).keys()], ['BTC-USD', 'DOGE-USD']);
  });

  it('names the line that is wrong', () => {
    const wrong: [string, RegExp][] = [
      ['1700000060,120,125,zero,85,5', /line 3: low "zero"/],
      ['1700000060,120,125,-3,85,5', /line 3: low "-3"/],
      ['yesterday,120,125,80,85,5', /line 3: ts "yesterday"/],
      ['1700000060,120,110,80,85,5', /line 3: low\.\.high/],
      ['1700000000,120,125,80,85,5', /line 3: ts 1700000000 does not come after/],
      ['1700000060,120', /line 3/],
    ];
    for (const [line, message] of wrong) {
      const path = file('BTCUSDT_bad.csv', [header, rising, line]);
      assert.throws(() => readBarFile(path), { code: 'ReplayMalformed', message });
    }
    const short = file('BTCUSDT_short.csv', ['ts,open,close', '1700000000,1,1']);
    assert.throws(() => readBarFile(short), /no column high, low/);
    assert.throws(() => readBarFile(file('BTCUSDT_empty.csv', [header])), /holds no bars/);
  });

  it('says what is missing', () => {
    assert.throws(() => readBars(join(dir, 'absent.csv'), ['BTC-USD']), { code: 'ReplayMissing' });
    const path = file('PEPEUSDT_1m.csv', [header, rising]);
    assert.throws(() => readBars(path, ['BTC-USD']), { code: 'ReplayEmpty' });
    writeFileSync(join(dir, 'torn.csv.gz'), 'not packed');
    assert.throws(() => readBarFile(join(dir, 'torn.csv.gz')), { code: 'ReplayUnreadable' });
  });

  it('walks open, low, high, close up and open, high, low, close down', () => {
    const series = readBarFile(file('BTCUSDT_2.csv', [header, rising, falling]))[0];
    assert.ok(series !== undefined);
    const at = (time: number): number => (priceAt(series, 1_700_000_000 + time) ?? 0) / 1e8;
    assert.deepEqual([0, 20, 40, 59].map(at).map(Math.round), [100, 90, 130, 121]);
    assert.deepEqual([60, 80, 100].map(at), [120, 125, 80.5]);
    assert.equal(at(10_000), 85);
    assert.equal(priceAt(series, 1_699_999_999), undefined);
  });

  it('never leaves the bar', () => {
    const whole = fc.integer({ min: 1, max: 1_000_000 });
    const property = fc.property(
      whole,
      whole,
      whole,
      whole,
      fc.double({ min: 0, max: 1 }),
      (...args) => {
        const [a, b, open, close, part] = args;
        const low = Math.min(a, b, open, close);
        const high = Math.max(a, b, open, close);
        const price = priceInBar({ ts: 0, open, close, low, high }, Number.isNaN(part) ? 0 : part);
        assert.ok(price >= low && price <= high);
      },
    );
    fc.assert(property, { seed: 11, numRuns: 500 });
  });

  it('fills markets without a recording from the next source', async () => {
    const series = readBars(file('BTCUSDT_3.csv', [header, rising, falling]), ['BTC-USD']);
    assert.deepEqual(commonSpan(series.values()), { from: 1_700_000_000, to: 1_700_000_120 });
    const source = firstOf([recordedSource(series), simulatedSource('seed', [btc, doge])]);
    const prices = await source.pricesAt(1_700_000_000);
    assert.equal(prices.get('BTC-USD')?.price8, 100e8);
    assert.ok((prices.get('DOGE-USD')?.price8 ?? 0) > 0);
    await source.close();
  });

  it('has a perpetual where one was recorded, and none once that recording ends', async () => {
    const series = readBars(file('BTCUSDT_4.csv', [header, rising, falling]), ['BTC-USD']);
    const perps = readBars(file('BTCUSDT_perp.csv', [header, rising]), ['BTC-USD']);
    const source = recordedSource(series, perps);
    const at = async (time: number) => (await source.pricesAt(time)).get('BTC-USD')?.perps8;
    assert.deepEqual(await at(1_700_000_000), [100e8]);
    assert.deepEqual(await at(1_700_000_060), []);
    assert.deepEqual(
      (await recordedSource(series).pricesAt(1_700_000_000)).get('BTC-USD')?.perps8,
      [],
    );
  });

  const shared = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
  it('reads the recorded crash of October 2025', { skip: !existsSync(shared) }, () => {
    const wanted = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'DOGE-USD'];
    const series = readBars(join(shared, 'events30m', 'panel_2025-10-10.csv.gz'), wanted);
    assert.equal(series.size, 4);
    const low = Math.min(...(series.get('DOGE-USD')?.bars.map((bar) => bar.low) ?? []));
    assert.ok(low < 15_000_000);
    const perps = readBars(join(shared, 'perp5m'), wanted);
    assert.deepEqual([...perps.keys()].sort(), ['BTC-USD', 'SOL-USD']);
  });
});
