import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Conditional,
  conditionalDigest,
  conditionalFillPrice,
  conditionalLots,
  conditionalThreshold,
  conditionMet,
  domain,
  domainSeparator,
  improves,
  STOP_LOSS,
  TAKE_PROFIT,
  TRAILING,
  types,
  validateConditionalShape,
} from '@holdfast/order';
import { accountId, lots, marketId, seconds, ticks, toHex } from '@holdfast/units';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import { seed } from './arbitrary.ts';

const venue = domain(31_337, '0x00000000000000000000000000000000000000aa');
const separator = domainSeparator(venue);

const anyConditional: fc.Arbitrary<Conditional> = fc
  .record({
    account: fc.integer({ min: 2, max: 2 ** 32 - 1 }).map(accountId),
    market: fc.integer({ min: 0, max: 255 }).map(marketId),
    isBuy: fc.boolean(),
    size: fc.integer({ min: 1, max: 2 ** 40 - 1 }).map(lots),
    kind: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    triggerPrice: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks),
    trailPpm: fc.integer({ min: 1, max: 999_999 }),
    limitPrice: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks),
    rewardPpm: fc.integer({ min: 0, max: 10_000 }),
    reduceOnly: fc.boolean(),
    since: fc.integer({ min: 0, max: 2 ** 39 }).map(seconds),
    expiry: fc.integer({ min: 2 ** 39 + 1, max: 2 ** 40 - 1 }).map(seconds),
    nonce: fc.maxSafeNat(),
    epoch: fc.nat(),
  })
  .map((made) => ({ ...made, trailPpm: made.kind === 2 ? made.trailPpm : 0 }) as Conditional);

const base: Conditional = {
  account: accountId(2),
  market: marketId(0),
  isBuy: false,
  size: lots(10),
  kind: STOP_LOSS,
  triggerPrice: ticks(980_000),
  trailPpm: 0,
  limitPrice: ticks(1),
  rewardPpm: 1_000,
  reduceOnly: true,
  since: seconds(1),
  expiry: seconds(1_000),
  nonce: 7,
  epoch: 0 as Conditional['epoch'],
};

describe('conditional orders', () => {
  it('hash as viem hashes them', () => {
    fc.assert(
      fc.property(anyConditional, (order) => {
        const message = { ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) };
        const expected = hashTypedData({
          domain: venue,
          types: { Conditional: types.Conditional },
          primaryType: 'Conditional',
          message,
        });
        assert.equal(toHex(conditionalDigest(separator, order)), expected);
        assert.equal(validateConditionalShape(order), undefined);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('hash to something else when any field changes', () => {
    const digest = toHex(conditionalDigest(separator, base));
    for (const { name } of types.Conditional) {
      const value = base[name];
      const changed = { ...base, [name]: typeof value === 'boolean' ? !value : Number(value) + 1 };
      assert.notEqual(toHex(conditionalDigest(separator, changed as Conditional)), digest, name);
    }
  });

  it('are refused with a field out of range, by the code of the contract', () => {
    const code = (change: object) => validateConditionalShape({ ...base, ...change })?.code;
    const bad: object[] = [
      { size: 0 },
      { size: 2 ** 40 },
      { kind: 3 },
      { triggerPrice: 0 },
      { limitPrice: 0 },
      { rewardPpm: 10_001 },
      { trailPpm: 1 },
      { kind: TRAILING },
      { kind: TRAILING, trailPpm: 1_000_000 },
      { nonce: 1.5 },
      { isBuy: 1 },
      { expiry: 2 ** 40 },
    ];
    for (const change of bad) {
      assert.equal(code(change), 'ConditionalMalformed', JSON.stringify(change));
    }
    assert.equal(code({ account: 1 }), 'AccountUnknown');
    assert.equal(code({ market: 256 }), 'MarketUnknown');
    assert.equal(code({ since: 1_000 }), 'OrderExpired');
    assert.equal(code({ signature: '0xzz' }), 'SignatureWrong');
    assert.equal(code({ signature: `0x${'00'.repeat(4097)}` }), 'SignatureWrong');
  });

  it('trigger at the first price that reaches, and at none before', () => {
    const met = (change: Partial<Conditional>, price: number, best = 1_000_000) =>
      conditionMet({ ...base, ...change }, best, price);
    const buy = { isBuy: true, triggerPrice: ticks(1_020_000) };
    const trailing = { kind: TRAILING, trailPpm: 20_000 } as const;
    for (const [change, edge, step] of [
      [{}, 980_000, 1],
      [buy, 1_020_000, -1],
      [{ kind: TAKE_PROFIT, triggerPrice: ticks(1_020_000) }, 1_020_000, -1],
      [{ isBuy: true, kind: TAKE_PROFIT }, 980_000, 1],
      [trailing, 980_000, 1],
      [{ ...trailing, isBuy: true }, 1_020_000, -1],
    ] as const) {
      assert.equal(met(change, edge), true);
      assert.equal(met(change, edge + step), false);
      assert.equal(conditionalThreshold({ ...base, ...change }, 1_000_000), edge);
    }
  });

  it('stay exact at the widest values', () => {
    const order = { ...base, kind: TRAILING, isBuy: true, trailPpm: 999_999 } as const;
    const best = 2 ** 31;
    const least = Number((BigInt(best) * 1_999_999n + 999_999n) / 1_000_000n);
    assert.equal(conditionMet(order, best, least), true);
    assert.equal(conditionMet(order, best, least - 1), false);
  });

  it('fill no worse than the reward and the limit allow', () => {
    fc.assert(
      fc.property(anyConditional, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (order, index) => {
        const price = conditionalFillPrice(order, index);
        const sign = order.isBuy ? 1 : -1;
        if (price === undefined) {
          assert.ok(sign * (index - order.limitPrice) > 0);
          return;
        }
        assert.ok(sign * (order.limitPrice - price) >= 0);
        assert.ok(sign * (price - index) >= 0);
        const worse = BigInt(sign * (price - index)) * 1_000_000n;
        assert.ok(worse <= BigInt(index) * BigInt(order.rewardPpm));
      }),
      { seed },
    );
  });

  it('are cut to the position that they reduce', () => {
    assert.equal(conditionalLots(base, 4), 4);
    assert.equal(conditionalLots(base, 40), 10);
    assert.equal(conditionalLots(base, -4), 0);
    assert.equal(conditionalLots({ ...base, isBuy: true }, -4), 4);
    assert.equal(conditionalLots({ ...base, reduceOnly: false }, 0), 10);
  });

  it('trail from a better price only', () => {
    assert.equal(improves(false, 100, 101), true);
    assert.equal(improves(false, 100, 100), false);
    assert.equal(improves(true, 100, 99), true);
    assert.equal(improves(true, 100, 100), false);
  });
});
