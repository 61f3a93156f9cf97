import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeConditional, readListed, rewardOf, type Waiting } from '@holdfast/keeper';
import { conditionalHash, type SignedConditional } from '@holdfast/order';

const order = (change: object = {}): SignedConditional =>
  ({
    account: 2,
    market: 0,
    isBuy: false,
    size: 10,
    kind: 0,
    triggerPrice: 980_000,
    trailPpm: 0,
    limitPrice: 1,
    rewardPpm: 1_000,
    reduceOnly: true,
    since: 100,
    expiry: 1_000,
    nonce: 7,
    epoch: 0,
    signature: '0x',
    ...change,
  }) as unknown as SignedConditional;

const terms = { rewardQuoteMin: 10_000n, ratchetPpmMin: 1_000 };

function judge(
  change: object,
  price: number,
  more: { best?: number; position?: number; time?: number; now?: number } = {},
) {
  const made = order(change);
  const waiting: Waiting = {
    hash: conditionalHash(made),
    order: made,
    best: more.best ?? made.triggerPrice,
  };
  const { position = 10, time = 200, now = 200 } = more;
  const seen = { price, time };
  const at = { now, ageSecondsMax: 30 };
  return judgeConditional(waiting, seen, position, { tickValue: 100 }, terms, at);
}
const why = (...args: Parameters<typeof judge>): string => {
  const step = judge(...args);
  return step.act === 'wait' ? step.why : step.act;
};

describe('a keeper judges a conditional order', () => {
  it('and triggers it for its reward at the price that reached it', () => {
    // 0.1 % of 980,000 ticks is 980, times ten lots of 100.
    assert.deepEqual(judge({}, 980_000), { act: 'trigger', reward: 980_000n, price: 979_020 });
    assert.equal(why({}, 980_001), 'NotTriggered');
  });

  it('and waits for each reason for which the chain would refuse', () => {
    assert.equal(why({}, 980_000, { now: 1_000, time: 1_000 }), 'OrderExpired');
    assert.equal(why({}, 980_000, { time: 99 }), 'PriceEarlier');
    assert.equal(why({}, 980_000, { now: 231 }), 'PriceStale');
    assert.equal(why({ limitPrice: 980_001 }, 980_000), 'LimitBroken');
    assert.equal(why({}, 980_000, { position: 0 }), 'PositionMissing');
    assert.equal(why({}, 980_000, { position: -10 }), 'PositionMissing');
  });

  it('and leaves what does not pay', () => {
    assert.equal(why({ rewardPpm: 0 }, 980_000), 'RewardSmall');
    // A limit just below the index price leaves a tick for each lot.
    assert.equal(why({ limitPrice: 979_999 }, 980_000), 'RewardSmall');
    assert.equal(rewardOf(order({ limitPrice: 979_999 }), 980_000, 10, 100), 1_000n);
  });

  it('and moves a trailing stop by steps that matter, in the trader’s favour alone', () => {
    const trail = { kind: 2, trailPpm: 20_000, triggerPrice: 1_000_000 };
    assert.deepEqual(judge(trail, 1_001_000), { act: 'ratchet', best: 1_001_000 });
    assert.equal(why(trail, 1_000_999), 'RatchetSmall');
    assert.equal(why(trail, 990_000), 'NotTriggered');
    assert.equal(why(trail, 980_000), 'trigger');
    assert.equal(why(trail, 1_009_400, { best: 1_030_000 }), 'trigger');
    const buy = { ...trail, isBuy: true, limitPrice: 2 ** 32 - 1 };
    assert.deepEqual(judge(buy, 999_000, { position: -10 }), { act: 'ratchet', best: 999_000 });
    assert.equal(why(buy, 1_020_000, { position: -10 }), 'trigger');
  });

  it('and names orders by their own hash, whatever the node says', () => {
    const bare = order();
    const rows = [{ id: 1, hash: '0xforged', at: 5, ...bare }, { nonsense: true }, null];
    assert.deepEqual(readListed(rows), [{ hash: conditionalHash(bare), order: bare }]);
    assert.deepEqual(readListed({}), []);
  });
});
