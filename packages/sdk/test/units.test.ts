import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorsAbi } from '@holdfast/abi';
import { rejectionCodes } from '@holdfast/order';
import { isRejection } from '@holdfast/units';
import fc from 'fast-check';
import { encodeErrorResult } from 'viem';
import {
  createLanes,
  cureOf,
  decodeRevert,
  explain,
  type Market,
  marketBy,
  parseTokens,
  priceToTicks,
  retryDelayMs,
  showPrice,
  showQuote,
  showSize,
  sizeToLots,
} from '../src/index.ts';
import { venueAt } from './fake-node.ts';

const seed = 20_260_104;
const btc = venueAt(1).markets[0] as Market;

describe('human units', () => {
  it('come back exactly', () => {
    const whole = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(whole, (n) => {
        assert.equal(priceToTicks(btc, showPrice(btc, n)), n);
        assert.equal(sizeToLots(btc, showSize(btc, n)), n);
      }),
      { seed, numRuns: 200 },
    );
    assert.equal(showPrice(btc, 1_000_005), '100000.5');
    assert.equal(showSize(btc, -10), '-0.01');
    assert.equal(showPrice(btc, 0), '-');
    assert.equal(showQuote(12_500_000n), '12.5');
  });

  it('are refused when they do not fit', () => {
    const code = (value: unknown) => (isRejection(value) ? value.code : value);
    assert.equal(code(parseTokens('1.5', 6)), 1_500_000n);
    assert.equal(code(parseTokens('0', 6)), 'AmountNotWhole');
    assert.equal(code(parseTokens('-1', 6)), 'AmountNotWhole');
    assert.equal(code(parseTokens('0.0000001', 6)), 'DecimalTooFine');
    assert.equal(code(sizeToLots(btc, '0.0001')), 'SizeNotWhole');
  });

  it('find a market by symbol, beginning or number', () => {
    const symbol = (name: string | number) => {
      const found = marketBy([btc, { ...btc, id: 1 as never, symbol: 'ETH-USD' }], name);
      return isRejection(found) ? found.code : found.symbol;
    };
    assert.equal(symbol('btc-usd'), 'BTC-USD');
    assert.equal(symbol('eth'), 'ETH-USD');
    assert.equal(symbol(1), 'ETH-USD');
    assert.equal(symbol('0'), 'BTC-USD');
    assert.equal(symbol('SOL'), 'MarketUnknown');
    assert.equal(symbol(''), 'MarketUnknown');
  });
});

describe('lanes', () => {
  it('never give the same seq of a lane twice and never a lane that is taken', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('place' as const), rests: fc.boolean() }),
      fc.record({ do: fc.constant('end' as const), pick: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lanes = createLanes();
        const used = new Set<string>();
        const live = new Map<number, number>();
        for (const each of steps) {
          if (each.do === 'place') {
            const lane = lanes.free();
            assert.ok(!live.has(lane), 'free');
            const seq = lanes.next(lane);
            assert.ok(!used.has(`${lane}:${seq}`), 'new');
            used.add(`${lane}:${seq}`);
            lanes.answered(lane, seq, each.rests);
            if (each.rests) live.set(lane, seq);
          } else {
            const at = [...live][each.pick];
            if (!at) continue;
            lanes.ended(at[0], at[1]);
            live.delete(at[0]);
          }
          assert.deepEqual(
            lanes
              .live()
              .map(({ lane }) => Number(lane))
              .sort((a, b) => a - b),
            [...live.keys()].sort((a, b) => a - b),
          );
        }
      }),
      { seed, numRuns: 100 },
    );
  });

  it('know that an order can end before its answer arrives', () => {
    const lanes = createLanes();
    const seq = lanes.next(0);
    lanes.ended(0, seq);
    lanes.answered(0, seq, true);
    assert.deepEqual(lanes.live(), []);
    assert.equal(lanes.free(), 0);
  });

  it('keep a lane taken while an answer is outstanding', () => {
    const lanes = createLanes();
    lanes.next(0);
    assert.equal(lanes.free(), 1);
  });

  it('never move back', () => {
    const lanes = createLanes();
    lanes.learn(0, 9, false);
    lanes.learn(0, 3, true);
    assert.equal(lanes.next(0), 10);
  });
});

describe('refusals of contracts', () => {
  it('carry the custom error’s name and its values', () => {
    const data = encodeErrorResult({
      abi: errorsAbi,
      errorName: 'MarginShort',
      args: [7, -5n, 100n],
    });
    const rejection = decodeRevert(data);
    assert.equal(rejection.code, 'MarginShort');
    assert.deepEqual(rejection.data, { account: '7', equity: '-5', initial: '100' });
    assert.match(explain(rejection), /MarginShort: .*equity -5.* – deposit more/);
    assert.equal(decodeRevert('0xdeadbeef').code, 'Reverted');
  });

  it('have a cure for whatever a trader can cause', () => {
    const ours = [
      'AmountNotWhole',
      'DepositShort',
      'OwnersDiffer',
      'VetoRunning',
      'WithdrawalUnknown',
      'MarginShort',
      'PriceStale',
      'NotOwner',
      'TokenUnlisted',
      'AccountUnknown',
    ];
    const known = new Set(errorsAbi.map(({ name }) => name as string));
    for (const code of ours) assert.ok(known.has(code), `${code} is an error of the contracts`);
    const curable = ours.filter((code) => code !== 'DepositShort');
    for (const code of curable) assert.ok(cureOf(code), code);
    const cured = rejectionCodes.filter((code) => cureOf(code) !== undefined);
    assert.ok(cured.length > 25);
  });
});

describe('reconnecting', () => {
  it('waits longer each time, up to a bound, and disperses', () => {
    assert.equal(retryDelayMs(0, 1), 200);
    assert.equal(retryDelayMs(3, 1), 1600);
    assert.equal(retryDelayMs(50, 1), 5000);
    assert.equal(retryDelayMs(50, 0), 2500);
  });
});
