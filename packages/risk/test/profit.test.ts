import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agedLoss, haircut, worsePrice } from '../src/index.ts';

describe('unrealised profit', () => {
  it('values a long at the lower price and a short at the higher one', () => {
    assert.equal(worsePrice(5, 90, 100), 90);
    assert.equal(worsePrice(5, 100, 90), 90);
    assert.equal(worsePrice(-5, 90, 100), 100);
    assert.equal(worsePrice(-5, 100, 90), 100);
  });

  it('takes off what a position is worth less at the aged price', () => {
    assert.equal(agedLoss(5, 100, 90, 3), 150n);
    assert.equal(agedLoss(-5, 90, 100, 3), 165n, 'a tick more: the aged price is rounded down');
    assert.equal(agedLoss(5, 90, 100, 3), 0n);
    assert.equal(agedLoss(-5, 100, 90, 3), 0n);
    assert.equal(agedLoss(-5, 100, 100, 3), 0n, 'equal prices cost nobody anything');
    assert.equal(agedLoss(5, 100, 100, 3), 0n);
  });

  it('takes nothing off before there is an aged price', () => {
    assert.equal(agedLoss(5, 100, 0, 3), 0n);
  });

  it('cuts a profit, rounded up, and never the principal', () => {
    assert.equal(haircut(1_001n, 1_000n, 100_000), 1n);
    assert.equal(haircut(1_000n, 1_000n, 100_000), 0n);
    assert.equal(haircut(900n, 1_000n, 100_000), 0n);
    assert.equal(haircut(50n, -950n, 100_000), 100n, 'what was taken out stays profit');
  });
});
