import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdScope, isWhole, marketBits, type SessionScope, wholeScope } from '@holdfast/order';
import fc from 'fast-check';
import { anyOrder, seed } from './arbitrary.ts';

const anyScope: fc.Arbitrary<SessionScope> = fc.record({
  markets: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.constant(2n ** 128n - 1n)),
  orderLotsMax: fc.oneof(fc.nat(), fc.constant(2 ** 40 - 1)),
  reduceOnly: fc.boolean(),
});

describe('the scope of a session key', () => {
  it('names the first limit that an order breaks, in the order of the contract', () => {
    const scope: SessionScope = { markets: 0b110n, orderLotsMax: 10, reduceOnly: true };
    const code = (market: number, size: number, reduceOnly: boolean) =>
      holdScope(scope, { market, size, reduceOnly })?.code;
    assert.equal(code(0, 11, false), 'SessionMarketBarred');
    assert.equal(code(2, 11, false), 'SessionOversize');
    assert.equal(code(1, 10, false), 'SessionReduceOnly');
    assert.equal(code(1, 10, true), undefined);
  });

  it('has no bit beyond 127: only a key without any limit trades there', () => {
    const order = { market: 128, size: 1, reduceOnly: false };
    const almost = { ...wholeScope, markets: wholeScope.markets - 1n };
    assert.equal(holdScope(almost, order)?.code, 'SessionMarketBarred');
    assert.equal(holdScope(wholeScope, order), undefined);
    assert.equal(marketBits([0, 127]), 1n | (1n << 127n));
    assert.equal(marketBits([128]), undefined);
  });

  it('is whole only when it refuses nothing', () => {
    assert.equal(isWhole(wholeScope), true);
    fc.assert(
      fc.property(anyScope, anyOrder, (scope, order) => {
        if (isWhole(scope)) assert.equal(holdScope(scope, order), undefined);
        if (holdScope(scope, order) !== undefined) assert.equal(isWhole(scope), false);
      }),
      { seed },
    );
  });
});
