import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServerFrame } from '@holdfast/order';
import type { Market } from '@holdfast/sdk';
import { venueAt } from '@holdfast/sdk/testing';
import { EnvironmentError } from '@holdfast/units';
import { parseLeverage } from '../src/commands/leverage.ts';
import { applyFrame, createScreen, render } from '../src/commands/watch.ts';
import { exitCodes, failureOf, Refused, UsageError } from '../src/failure.ts';
import { pairs, table } from '../src/io.ts';
import {
  parseAddress,
  parseDuration,
  parsePercent,
  parseSide,
  parseTimeInForce,
  parseWhole,
} from '../src/parse.ts';

const btc = venueAt(1).markets[0] as Market;

describe('arguments', () => {
  it('are read', () => {
    assert.equal(parseDuration('90s'), 90);
    assert.equal(parseDuration('15m'), 900);
    assert.equal(parseDuration('7d'), 604_800);
    assert.equal(parseDuration('30'), 30);
    assert.equal(parseSide('BUY'), 'buy');
    assert.equal(parseSide('short'), 'sell');
    assert.equal(parseTimeInForce('fok'), 'FOK');
    assert.equal(parsePercent('1%'), 10_000);
    assert.equal(parsePercent('0.25%'), 2_500);
    assert.equal(parseLeverage('10'), 100_000);
    assert.equal(parseLeverage('3x'), 333_334);
    assert.equal(parseLeverage('12.5%'), 125_000);
    assert.equal(parseLeverage('100%'), 1_000_000);
    assert.equal(parseLeverage('off'), 0);
    assert.equal(parseWhole('65535', 'lane', 65_535), 65_535);
    assert.equal(parseAddress(`0x${'aB'.repeat(20)}`), `0x${'aB'.repeat(20)}`);
  });

  it('that mean nothing are refused', () => {
    const bad = [
      () => parseDuration('soon'),
      () => parseDuration('-1s'),
      () => parseSide('hold'),
      () => parseTimeInForce('GTD'),
      () => parsePercent('100%%'),
      () => parsePercent('-1%'),
      () => parseWhole('65536', 'lane', 65_535),
      () => parseWhole('1e3', 'lane'),
      () => parseWhole('', 'lane'),
      () => parseLeverage('0'),
      () => parseLeverage('-3'),
      () => parseLeverage('much'),
      () => parseAddress('0x12'),
    ];
    for (const each of bad) assert.throws(each, UsageError);
  });
});

describe('text', () => {
  it('stands in columns', () => {
    assert.equal(
      table([
        ['name', 'n'],
        ['a', '10'],
        ['long', '5'],
      ]),
      'name   n\na     10\nlong   5',
    );
    assert.equal(
      pairs([
        ['a', '1'],
        ['long', '2'],
      ]),
      'a     1\nlong  2',
    );
  });
});

describe('failures', () => {
  it('have an exit code by kind and a cure', () => {
    const refused = failureOf(new Refused({ code: 'PriceStale', message: 'old' }));
    assert.deepEqual([refused.exit, refused.code], [exitCodes.rejected, 'PriceStale']);
    assert.match(refused.cure ?? '', /report/);
    assert.equal(failureOf(new UsageError('x')).exit, exitCodes.usage);
    const around = failureOf(new EnvironmentError('KeyMissing', 'no key'));
    assert.deepEqual([around.exit, around.cure], [exitCodes.environment, 'holdfast key create']);
    assert.equal(failureOf(new Error('odd')).code, 'Internal');
  });
});

describe('the screen', () => {
  const frame = (value: object) => value as ServerFrame;

  it('follows book, trades and account', () => {
    const screen = createScreen(btc);
    const market = 0;
    const bids = [
      [999_000, 5],
      [998_000, 7],
    ];
    applyFrame(screen, frame({ op: 'book', market, bids, asks: [[1_001_000, 3]], seq: 1 }));
    const diff = { op: 'bookDiff', market, bids: [[999_000, 0]], asks: [[1_000_500, 2]], seq: 2 };
    applyFrame(screen, frame(diff));
    const trade = { op: 'trade', market, price: 1_000_000, lots: 10, takerIsBuy: true };
    assert.equal(applyFrame(screen, frame(trade)), 'trade buy  0.01 at 100000');
    const fill = { ...trade, op: 'fill', isBuy: false, role: 'maker', fee: '150000' };
    const line = applyFrame(screen, frame(fill));
    assert.equal(line, 'FILL  sell 0.01 at 100000 maker fee 0.15');
    const positions = [{ market, size: -10 }];
    applyFrame(
      screen,
      frame({ op: 'account', equity: '1000000000', initial: '1', maintenance: '1', positions }),
    );
    const text = render(screen, () => btc);
    assert.match(text, /ask +100100 +0\.003\nask +100050 +0\.002\nbid +99800 +0\.007/);
    assert.doesNotMatch(text, /99900/);
    assert.match(text, /equity +1000\n/);
    assert.match(text, /BTC-USD +-0\.01/);
    assert.match(text, /FILL/);
  });

  it('shows a call, what it would come to, and its end', () => {
    const screen = createScreen(btc);
    const call = { op: 'auction', market: 0, phase: 'call', until: 130, at: 100 };
    const sums = { price: 1_000_000, lots: 10, bid: 12, offered: 10 };
    const line = applyFrame(screen, frame({ ...call, ...sums }));
    assert.equal(line, 'auction ends in 30 s; now 0.01 at 100000, 0.002 more bid');
    assert.match(
      render(screen, () => btc),
      /auction ends in 30 s/,
    );
    const none = { price: 0, lots: 0, bid: 0, offered: 0 };
    assert.equal(
      applyFrame(screen, frame({ ...call, ...none, at: 131 })),
      'auction waits for a price or a breaker; nothing crosses yet',
    );
    assert.equal(applyFrame(screen, frame({ ...call, ...sums, market: 1 })), undefined);
    const end = { op: 'auction', market: 0, phase: 'continuous', at: 131 };
    assert.equal(applyFrame(screen, frame({ ...end, ...sums })), 'auction ended: 0.01 at 100000');
    assert.doesNotMatch(
      render(screen, () => btc),
      /ends in/,
    );
    assert.equal(applyFrame(screen, frame({ ...end, ...none })), undefined);
  });

  it('leaves other markets alone and starts anew with a snapshot', () => {
    const screen = createScreen(btc);
    const one = { op: 'book', market: 0, bids: [[5, 1]], asks: [], seq: 1 };
    applyFrame(screen, frame(one));
    applyFrame(screen, frame({ ...one, market: 1, bids: [[9, 9]] }));
    assert.deepEqual([...screen.bids], [[5, 1]]);
    applyFrame(screen, frame({ ...one, bids: [[6, 1]] }));
    assert.deepEqual([...screen.bids], [[6, 1]]);
    assert.equal(applyFrame(screen, frame({ op: 'trade', market: 1 })), undefined);
  });

  it('keeps only the last lines', () => {
    const screen = createScreen(btc);
    const trade = { op: 'trade', market: 0, price: 1, lots: 1, takerIsBuy: false };
    for (let i = 0; i < 30; i++) applyFrame(screen, frame(trade));
    assert.equal(screen.lines.length, 8);
  });
});
