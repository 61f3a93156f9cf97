/** What is refused, at the last value that is not, with the code and the values that it names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AssertionError,
  accountId,
  type Epoch,
  type Lane,
  lots,
  marketId,
  type Rejection,
  type Seq,
  seconds,
  ticks,
} from '@holdfast/units';
import {
  type Conditional,
  completeOrder,
  conditionalFillPrice,
  decodeClientBinary,
  decodeServerBinary,
  encodeAcks,
  encodeCancels,
  frameItemsMax,
  holdScope,
  marketBits,
  type Order,
  packOrder,
  unpackFill,
  unpackOrder,
  validateConditionalShape,
  validateOrderShape,
  wholeScope,
} from '../src/index.ts';

/** Code and data of a rejection; undefined for anything else. */
const refusal = (value: unknown) => {
  const { code, message, data } = (value ?? {}) as Partial<Rejection>;
  return message === undefined ? undefined : [code, data];
};

const order: Order = {
  account: accountId(2),
  market: marketId(0),
  isBuy: true,
  size: lots(1),
  price: ticks(1),
  timeInForce: 0,
  reduceOnly: false,
  postOnly: false,
  expiry: seconds(1),
  lane: 0 as Lane,
  seq: 1 as Seq,
  epoch: 0 as Epoch,
};
const conditional: Conditional = {
  account: accountId(2),
  market: marketId(0),
  isBuy: false,
  size: lots(1),
  kind: 0,
  triggerPrice: ticks(1),
  trailPpm: 0,
  limitPrice: ticks(1),
  rewardPpm: 0,
  reduceOnly: true,
  since: seconds(0),
  expiry: seconds(1),
  nonce: 0,
  epoch: 0 as Epoch,
};

/** First and last value of each field, and the code of the next ones. */
const ranges = [
  ['account', 2, 2 ** 32 - 1, 'AccountUnknown'],
  ['market', 0, 255, 'MarketUnknown'],
  ['size', 1, 2 ** 40 - 1, 'SizeOutOfRange'],
  ['price', 1, 2 ** 32 - 1, 'PriceOutOfRange'],
  ['expiry', 1, 2 ** 40 - 1, 'ExpiryOutOfRange'],
  ['lane', 0, 65_534, 'LaneOutOfRange'],
  ['seq', 1, 2 ** 32 - 1, 'SeqOutOfRange'],
  ['epoch', 0, 2 ** 32 - 1, 'EpochWrong'],
  ['timeInForce', 0, 2, 'TimeInForceWrong'],
] as const;

describe('an order is refused', () => {
  for (const [field, first, last, code] of ranges) {
    it(`outside of ${first} to ${last} for its ${field}, by ${code}`, () => {
      const judge = (value: number) => refusal(validateOrderShape({ ...order, [field]: value }));
      assert.deepEqual([judge(first), judge(last)], [undefined, undefined]);
      for (const wrong of [first - 1, last + 1, first + 0.5]) {
        assert.deepEqual(judge(wrong), [code, { [field]: wrong }]);
      }
    });
  }

  it('as post-only with any other time in force than GTC', () => {
    const judge = (timeInForce: 0 | 1 | 2) =>
      refusal(validateOrderShape({ ...order, postOnly: true, timeInForce }));
    assert.equal(judge(0), undefined);
    assert.deepEqual(judge(1), ['FlagsConflict', { timeInForce: 1 }]);
    assert.deepEqual(judge(2), ['FlagsConflict', { timeInForce: 2 }]);
  });

  it('with a signature of a wrong length', () => {
    const judge = (signature: (Order & object) | object) =>
      refusal(validateOrderShape({ ...order, signature } as never));
    const contract = (length: number) => ({ contract: true, bytes: new Uint8Array(length) });
    assert.equal(judge(contract(4096)), undefined);
    assert.deepEqual(judge(contract(4097)), ['SignatureWrong', { found: 4097, required: 4096 }]);
    assert.deepEqual(judge(new Uint8Array(65)), ['SignatureWrong', { found: 65, required: 64 }]);
  });
});

const conditionalRanges = [
  ['size', 1, 2 ** 40 - 1],
  ['kind', 0, 2],
  ['triggerPrice', 1, 2 ** 32 - 1],
  ['limitPrice', 1, 2 ** 32 - 1],
  ['rewardPpm', 0, 10_000],
  ['since', 0, 2 ** 40 - 2],
  ['expiry', 1, 2 ** 40 - 1],
  ['nonce', 0, Number.MAX_SAFE_INTEGER],
  ['epoch', 0, 2 ** 32 - 1],
] as const;

describe('a conditional order is refused', () => {
  const judge = (change: object) =>
    refusal(validateConditionalShape({ ...conditional, ...change }));
  const malformed = (field: string, found: unknown, required: number) => [
    'ConditionalMalformed',
    { field, found: String(found), required },
  ];

  for (const [field, first, last] of conditionalRanges) {
    it(`outside of ${first} to ${last} for its ${field}`, () => {
      const late = { expiry: seconds(2 ** 40 - 1) };
      const trail = (value: number) => (field === 'kind' && value === 2 ? { trailPpm: 1 } : {});
      for (const fine of [first, last]) {
        assert.equal(judge({ ...late, [field]: fine, ...trail(fine) }), undefined);
      }
      const required = field === 'since' ? last + 1 : last;
      for (const wrong of [first - 1, required + 1, 'x']) {
        assert.deepEqual(judge({ [field]: wrong }), malformed(field, wrong, required));
      }
    });
  }

  it('outside of its account, market, flags and trail', () => {
    assert.equal(judge({ account: 2 ** 32 - 1, market: 255 }), undefined);
    assert.deepEqual(judge({ account: 2 ** 32 }), ['AccountUnknown', { account: 2 ** 32 }]);
    assert.deepEqual(judge({ account: 1 }), ['AccountUnknown', { account: 1 }]);
    assert.deepEqual(judge({ market: 256 }), ['MarketUnknown', { market: 256 }]);
    assert.deepEqual(judge({ isBuy: 1 }), ['ConditionalMalformed', undefined]);
    assert.deepEqual(judge({ reduceOnly: 1 }), ['ConditionalMalformed', undefined]);
    assert.deepEqual(judge({ trailPpm: 1 }), malformed('trailPpm', 1, 0));
    for (const fine of [1, 999_999]) assert.equal(judge({ kind: 2, trailPpm: fine }), undefined);
    for (const wrong of [0, 1_000_000]) {
      assert.deepEqual(judge({ kind: 2, trailPpm: wrong }), malformed('trailPpm', wrong, 999_999));
    }
  });

  it('when it expires before it looks at a price', () => {
    const at = (since: number, expiry: number) => judge({ since, expiry });
    assert.equal(at(8, 9), undefined);
    assert.deepEqual(at(9, 9), ['OrderExpired', { found: 9, required: 10 }]);
    assert.deepEqual(at(10, 9), ['OrderExpired', { found: 9, required: 11 }]);
  });

  it('with a signature that is no text of at most 4,096 bytes', () => {
    assert.equal(judge({ signature: `0x${'00'.repeat(4096)}` }), undefined);
    for (const signature of [`0x${'00'.repeat(4097)}`, '0xzz', 7, null, new Uint8Array(64)]) {
      assert.deepEqual(judge({ signature }), ['SignatureWrong', undefined]);
    }
  });

  it('by the chain when the index price is beyond its limit', () => {
    const fill = (isBuy: boolean, index: number) => {
      const all = { ...conditional, isBuy, limitPrice: ticks(1_000), rewardPpm: 10_000 };
      return conditionalFillPrice(all, index);
    };
    assert.deepEqual(
      [fill(true, 1_001), fill(true, 1_000), fill(true, 900)],
      [undefined, 1_000, 909],
    );
    assert.deepEqual(
      [fill(false, 999), fill(false, 1_000), fill(false, 1_100)],
      [undefined, 1_000, 1_089],
    );
  });
});

describe('the scope of a key', () => {
  it('says what it found and what it allows', () => {
    const scope = { markets: 0b110n, orderLotsMax: 10, reduceOnly: false };
    const judge = (market: number, size: number) =>
      refusal(holdScope(scope, { market, size, reduceOnly: false }));
    assert.deepEqual(judge(0, 1), ['SessionMarketBarred', { found: 0, allowed: '0x6' }]);
    assert.deepEqual(judge(1, 11), ['SessionOversize', { found: 11, required: 10 }]);
    assert.equal(judge(2, 10), undefined);
    assert.equal(wholeScope.orderLotsMax, 2 ** 40 - 1);
  });

  it('has bits for whole numbers from 0 to 127 alone', () => {
    assert.equal(marketBits([]), 0n);
    assert.equal(marketBits([0, 2, 127]), 5n + (1n << 127n));
    for (const wrong of [-1, 0.5, 128, Number.NaN]) {
      assert.equal(marketBits([wrong]), undefined);
      assert.equal(marketBits([1, wrong]), undefined);
    }
  });
});

describe('packed bytes are refused', () => {
  const full = new Uint8Array(90);

  it('when some are missing', () => {
    const short = (found: number, required: number) => ['Malformed', { found, required }];
    assert.equal(refusal(unpackOrder(full)), undefined);
    assert.deepEqual(refusal(unpackOrder(full, 1)), short(89, 90));
    assert.deepEqual(refusal(unpackOrder(full, 91)), short(0, 90));
    assert.deepEqual(refusal(unpackOrder(full, -1)), short(91, 90));
    assert.equal(refusal(unpackFill(full, 77)), undefined);
    assert.deepEqual(refusal(unpackFill(full, 78)), short(12, 13));
    assert.deepEqual(refusal(unpackFill(full, 91)), short(0, 13));
    assert.deepEqual(refusal(unpackFill(full, -1)), short(91, 13));
  });

  it('when a flag means nothing', () => {
    for (const flags of [0x18, 0x20, 0x40]) {
      const bytes = full.slice();
      bytes[11] = flags;
      assert.deepEqual(refusal(unpackOrder(bytes)), ['Malformed', { flags }]);
    }
  });

  it('when a contract signature lies outside of any batch or of this one', () => {
    const span = (offset: bigint, length: bigint) => {
      const bytes = full.slice();
      bytes[11] = 0x80;
      bytes.set([Number(offset >> 32n), 0, 0, 0, Number(offset & 255n)], 53);
      bytes.set([Number(length >> 32n), 0, 0, 0, Number(length & 255n)], 85);
      return unpackOrder(bytes);
    };
    const wide = 1n << 32n;
    assert.deepEqual((span(3n, 7n) as { signature: object }).signature, { offset: 3, length: 7 });
    for (const [offset, length] of [
      [wide, 0n],
      [0n, wide],
      [wide + 1n, 9n],
    ] as const) {
      const data = { offset: offset.toString(), length: length.toString() };
      assert.deepEqual(refusal(span(offset, length)), ['Malformed', data]);
    }
    const packed = span(3n, 7n) as Parameters<typeof completeOrder>[0];
    assert.equal(refusal(completeOrder(packed, order.epoch, new Uint8Array(10))), undefined);
    assert.deepEqual(refusal(completeOrder(packed, order.epoch, new Uint8Array(9))), [
      'Malformed',
      { found: 9, required: 10 },
    ]);
    assert.equal((refusal(completeOrder(packed, order.epoch)) ?? [])[0], 'Malformed');
  });

  it('as a defect when the signature to be packed has not 64 bytes', () => {
    for (const length of [0, 63, 65]) {
      const signed = { ...order, signature: new Uint8Array(length) };
      assert.throws(() => packOrder(signed), AssertionError);
    }
  });
});

describe('binary frames are refused', () => {
  const item = { clientId: '1', account: accountId(7), lane: 0 as Lane };

  it('by type', () => {
    for (const type of [0, 3, 0x81, 0xff]) {
      assert.deepEqual(refusal(decodeClientBinary(Uint8Array.of(type, 0, 1))), [
        'Malformed',
        undefined,
      ]);
    }
    for (const type of [0, 1, 2, 0x80]) {
      const bytes = new Uint8Array(150);
      bytes.set([type, 0, 1]);
      assert.deepEqual(refusal(decodeServerBinary(bytes)), ['Malformed', undefined]);
    }
  });

  it('when length and count differ, and when they hold nothing', () => {
    const bytes = encodeCancels([item, item]);
    const wrong = (found: number, required: number) => ['Malformed', { found, required }];
    assert.deepEqual(refusal(decodeClientBinary(bytes.slice(0, 38))), wrong(38, 39));
    assert.deepEqual(refusal(decodeClientBinary(bytes.slice(0, 2))), wrong(2, 3));
    assert.deepEqual(refusal(decodeClientBinary(encodeCancels([]))), wrong(3, 3));
    assert.deepEqual(refusal(decodeClientBinary(Uint8Array.of(2, 0, 1))), wrong(3, 21));
  });

  it('with more items than a frame has', () => {
    const many = (count: number) => encodeCancels(Array.from({ length: count }, () => item));
    assert.equal(refusal(decodeClientBinary(many(frameItemsMax))), undefined);
    assert.deepEqual(refusal(decodeClientBinary(many(frameItemsMax + 1))), [
      'FrameTooLarge',
      { found: 1025, required: 1024 },
    ]);
  });

  it('when an ack has a status or a number that means nothing', () => {
    const bytes32 = new Uint8Array(32);
    const ack = {
      clientId: '1',
      status: 'accepted',
      seq: 5,
      leaf: bytes32,
      head: bytes32,
    } as const;
    const bytes = encodeAcks({ op: 'ack', items: [ack, ack], signature: new Uint8Array(64) });
    const changed = (at: number, ...values: number[]) => {
      const copy = bytes.slice();
      copy.set(values, at);
      return refusal(decodeServerBinary(copy));
    };
    // The second item starts at 86: client id 8, status 1, code 2, number 8.
    assert.equal(changed(94, 2), undefined);
    assert.deepEqual(changed(94, 3), ['Malformed', undefined]);
    assert.equal(changed(97, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), undefined);
    assert.deepEqual(changed(97, 0, 0x20, 0, 0, 0, 0, 0, 0), ['Malformed', undefined]);
  });
});
