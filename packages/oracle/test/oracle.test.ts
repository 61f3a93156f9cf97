import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isRejection,
  marketId,
  type Ppm,
  type PpmPerDay,
  ppmPerDay,
  type Round,
  type Seconds,
  type Ticks,
  ticks,
  toHex,
} from '@holdfast/units';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import {
  acceptReport,
  assembleReport,
  clampRate,
  clampToBand,
  type DecodedReport,
  decodeReport,
  emptyOracle,
  encodeReport,
  fundingDelta,
  lowerMedian,
  type Observation,
  observationDigest,
  observationTypes,
  oracleDomain,
  oracleDomainSeparator,
  packMarkets,
  packValues,
  type SignedObservation,
  verifyQuorum,
  withinBand,
} from '../src/index.ts';

const seed = 20_260_102;
const venue = oracleDomain(31_337, '0x5FbDB2315678afecb367f032d93F642f64180aa3');
const separator = oracleDomainSeparator(venue);

const value = fc.record({
  price: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks),
  mark: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks),
  rate: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(ppmPerDay),
});
const head = fc.record({
  round: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((n) => n as Round),
  time: fc.integer({ min: 1, max: 2 ** 40 - 1 }).map((n) => n as Seconds),
});
const marketIds = fc
  .uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 5 })
  .map((ids) => ids.sort((a, b) => a - b).map(marketId));

/** n observations of one round; a "signature" here names its signer, see `recover`. */
const round = fc.tuple(head, marketIds, fc.integer({ min: 1, max: 7 })).chain(([at, ids, n]) =>
  fc
    .array(fc.array(value, { minLength: ids.length, maxLength: ids.length }), {
      minLength: n,
      maxLength: n,
    })
    .map((rows) =>
      rows.map((row, i): SignedObservation => {
        const quotes = ids.map((market, m) => ({ market, ...(row[m] as (typeof row)[0]) }));
        return signed({ ...at, quotes }, 200 - i);
      }),
    ),
);

const addressOf = (name: number): `0x${string}` => `0x${name.toString(16).padStart(40, '0')}`;

/** Binds the digest and the name, as a real signature does. */
function signed(observation: Observation, name: number): SignedObservation {
  const signature = new Uint8Array(64).fill(name, 32);
  signature.set(observationDigest(separator, observation), 0);
  return { ...observation, signer: addressOf(name), signature };
}
const recover = (digest: Uint8Array, signature: Uint8Array): string | undefined =>
  toHex(digest) === toHex(signature.slice(0, 32)) ? addressOf(signature[63] ?? 0) : undefined;

const signers = Array.from({ length: 256 }, (_, i) => addressOf(i));

const report = (observations: readonly SignedObservation[]): DecodedReport => {
  const made = assembleReport(observations, 1);
  assert.ok(!isRejection(made));
  return made;
};

describe('observations', () => {
  it('have the digest of EIP-712', () => {
    fc.assert(
      fc.property(round, (observations) => {
        const of = observations[0] as SignedObservation;
        const expected = hashTypedData({
          domain: venue,
          types: observationTypes,
          primaryType: 'Observation',
          message: {
            round: Number(of.round),
            time: Number(of.time),
            markets: toHex(packMarkets(of.quotes.map((q) => q.market))),
            values: toHex(packValues(of.quotes)),
          },
        });
        assert.equal(toHex(observationDigest(separator, of)), expected);
      }),
      { seed, numRuns: 60 },
    );
  });
});

describe('reports', () => {
  it('come back as they were encoded and are proved by their parts', () => {
    fc.assert(
      fc.property(round, (observations) => {
        const made = report(observations);
        assert.deepEqual(decodeReport(encodeReport(made)), made);
        assert.equal(
          verifyQuorum(made, { k: observations.length, signers, separator }, recover),
          undefined,
        );
      }),
      { seed, numRuns: 100 },
    );
  });

  it('match bytes written by hand', () => {
    const quotes = [
      { market: marketId(3), price: ticks(1000), mark: ticks(1002), rate: ppmPerDay(-2) },
    ];
    const of = signed({ round: 5 as Round, time: 258 as Seconds, quotes }, 9);
    const expected =
      `0x${'00000005'}${'0000000102'}${'01'}${'03'}${'000003e8'}${'000003ea'}${'fffffffe'}${'01'}` +
      `${'000003e8'}${'000003ea'}${'fffffffe'}`;
    assert.equal(toHex(encodeReport(report([of]))).slice(0, expected.length), expected);
  });

  it('take the lower median of each field on its own', () => {
    assert.equal(lowerMedian([4, 1, 3, 2]), 2);
    assert.equal(lowerMedian([5, 1, 3]), 3);
    assert.equal(lowerMedian([-2, 7]), -2);
    const at = { round: 1 as Round, time: 1 as Seconds };
    const rows: [number, number, number][] = [
      [10, 31, 3],
      [20, 11, 2],
      [30, 21, 1],
    ];
    const market = marketId(0);
    const observations = rows.map(([price, mark, rate], i) => {
      const quote = { market, price: ticks(price), mark: ticks(mark), rate: ppmPerDay(rate) };
      return signed({ ...at, quotes: [quote] }, i + 1);
    });
    assert.deepEqual(report(observations).quotes, [{ market: 0, price: 20, mark: 21, rate: 2 }]);
  });

  it('count a reporter once and need k of them', () => {
    fc.assert(
      fc.property(round, (observations) => {
        const twice = assembleReport([...observations, ...observations], observations.length + 1);
        assert.equal((twice as { code?: string }).code, 'QuorumShort');
      }),
      { seed, numRuns: 20 },
    );
  });

  it('do not mix rounds, times or markets', () => {
    const base = { round: 1 as Round, time: 1 as Seconds };
    const quotes = [{ market: marketId(0), price: ticks(1), mark: ticks(1), rate: ppmPerDay(0) }];
    const first = signed({ ...base, quotes }, 1);
    const others = [
      { ...base, quotes, round: 2 as Round },
      { ...base, quotes, time: 2 as Seconds },
      { ...base, quotes: [{ ...quotes[0], market: marketId(1) }] },
    ];
    for (const other of others) {
      const made = assembleReport([first, signed(other as Observation, 2)], 2);
      assert.equal((made as { code?: string }).code, 'ReportMalformed');
    }
  });

  it('are refused when anything is forged', () => {
    fc.assert(
      fc.property(round, fc.nat(), (observations, pick) => {
        const made = report(observations);
        const quorum = { k: observations.length, signers, separator };
        const i = pick % made.quotes.length;
        const quote = made.quotes[i] as DecodedReport['quotes'][0];
        const price = (quote.price === 1 ? 2 : quote.price - 1) as Ticks;
        const quotes = made.quotes.map((q, j) => (i === j ? { ...q, price } : q));
        const mark = (quote.mark === 1 ? 2 : quote.mark - 1) as Ticks;
        const marked = made.quotes.map((q, j) => (i === j ? { ...q, mark } : q));
        const verdict = (of: DecodedReport, by = quorum) => verifyQuorum(of, by, recover)?.code;
        assert.equal(verdict({ ...made, quotes }), 'MedianWrong');
        assert.equal(verdict({ ...made, quotes: marked }), 'MedianWrong');
        assert.equal(verdict({ ...made, time: (made.time - 1) as Seconds }), 'SignatureWrong');
        const part = made.observations[0] as DecodedReport['observations'][0];
        const doubled = { ...made, observations: [part, ...made.observations] };
        assert.equal(verdict(doubled), 'SignersUnordered');
        assert.equal(verdict(made, { ...quorum, k: quorum.k + 1 }), 'QuorumShort');
        assert.equal(verdict(made, { ...quorum, signers: [] }), 'SignerUnknown');
      }),
      { seed, numRuns: 60 },
    );
  });

  it('are rejections when cut, stretched or noise, never a throw', () => {
    const made = fc.sample(round, { seed, numRuns: 1 })[0] as SignedObservation[];
    const bytes = encodeReport(report(made));
    for (let length = 0; length < bytes.length; length++) {
      assert.ok(isRejection(decodeReport(bytes.slice(0, length))));
    }
    assert.ok(isRejection(decodeReport(Uint8Array.from([...bytes, 0]))));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        decodeReport(noise);
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe('acceptance', () => {
  const band = 100_000 as Ppm;
  const params = {
    reportSkewSecondsMax: 30,
    bandPpm: (m: number) => (m < 4 ? band : undefined),
    markClampPpm: () => 20_000 as Ppm,
  };
  const make = (round: number, time: number, price: number, market = 0, mark = price) => ({
    round: round as Round,
    time: time as Seconds,
    quotes: [
      {
        market: marketId(market),
        price: price as Ticks,
        mark: mark as Ticks,
        rate: ppmPerDay(0),
      },
    ],
  });
  const first = acceptReport(emptyOracle, make(7, 1000, 500), params, 1000 as Seconds);
  assert.ok(!isRejection(first));
  const codeOf = (observation: Observation, now: number) => {
    const result = acceptReport(first.state, observation, params, now as Seconds);
    return isRejection(result) ? result.code : 'accepted';
  };

  it('takes the first price whatever it is and remembers it', () => {
    assert.deepEqual(first.state.prices.get(marketId(0)), {
      price: 500,
      mark: 500,
      time: 1000,
      round: 7,
    });
    assert.equal(emptyOracle.prices.size, 0);
  });

  it('stands exactly at its bounds', () => {
    assert.equal(codeOf(make(8, 1001, 550), 1001), 'accepted');
    assert.equal(codeOf(make(8, 1001, 551), 1001), 'PriceOutsideBand');
    assert.equal(codeOf(make(8, 1001, 450), 1001), 'accepted');
    assert.equal(codeOf(make(8, 1001, 449), 1001), 'PriceOutsideBand');
    assert.equal(codeOf(make(7, 1001, 500), 1001), 'RoundNotNewer');
    assert.equal(codeOf(make(8, 1000, 500), 1001), 'TimeNotNewer');
    assert.equal(codeOf(make(8, 1001, 500), 1031), 'accepted');
    assert.equal(codeOf(make(8, 1001, 500), 1032), 'ReportStale');
    assert.equal(codeOf(make(8, 1031, 500), 1001), 'accepted');
    assert.equal(codeOf(make(8, 1032, 500), 1001), 'ReportAhead');
    assert.equal(codeOf(make(8, 1001, 500, 4), 1001), 'MarketUnlisted');
    assert.equal(codeOf(make(8, 1001, 0, 1), 1001), 'PriceZero');
  });

  it('moves a wild mark to where its slew and its clamp allow, and takes the report', () => {
    const markOf = (price: number, mark: number) => {
      const result = acceptReport(
        first.state,
        make(8, 1001, price, 0, mark),
        params,
        1001 as Seconds,
      );
      assert.ok(!isRejection(result));
      return result.state.prices.get(marketId(0))?.mark;
    };
    // 1 % of 500 is 5 ticks, 2 % of the index 10.
    assert.equal(markOf(500, 503), 503);
    assert.equal(markOf(500, 2 ** 32 - 1), 505);
    assert.equal(markOf(500, 1), 495);
    // The index carries the mark: 520 less 1 %, 550 less 1 %, both rounded down.
    assert.equal(markOf(520, 500), 515);
    assert.equal(markOf(550, 1), 545);
  });

  it('clamps a wild price to where it is accepted', () => {
    const price = fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks);
    fc.assert(
      fc.property(price, price, fc.integer({ min: 0, max: 500_000 }), (wild, before, ppm) => {
        const clamped = clampToBand(wild, before, ppm as Ppm);
        assert.ok(withinBand(clamped, before, ppm as Ppm));
        if (withinBand(wild, before, ppm as Ppm)) assert.equal(clamped, wild);
      }),
      { seed, numRuns: 200 },
    );
    assert.equal(clampToBand(ticks(9), undefined, band), 9);
  });
});

describe('funding', () => {
  const base = {
    rate: ppmPerDay(100),
    fundingRatePpmMax: 120_000 as Ppm,
    price: ticks(1_000_000),
    tickValue: 100,
    elapsedSeconds: 60,
    gapSecondsMax: 3600,
  };

  it('matches a sum done by hand', () => {
    // 100 ppm/day of 10^8 quote over 60 s: 10^4 / 1440 quote = 6.94… × 2^32, truncated.
    assert.equal(fundingDelta(base), (10_000n * 2n ** 32n) / 1440n);
  });

  it('truncates toward zero, is nothing over a gap and stops at the largest rate', () => {
    const up = fundingDelta(base);
    assert.equal(fundingDelta({ ...base, rate: ppmPerDay(-100) }), -up);
    assert.equal(fundingDelta({ ...base, elapsedSeconds: 3600 }), (10_000n * 2n ** 32n) / 24n);
    assert.equal(fundingDelta({ ...base, elapsedSeconds: 3601 }), 0n);
    assert.equal(
      fundingDelta({ ...base, rate: ppmPerDay(2 ** 31 - 1) }),
      fundingDelta({ ...base, rate: ppmPerDay(120_000) }),
    );
    assert.equal(clampRate(-5 as PpmPerDay, 3 as Ppm), -3);
    assert.equal(fundingDelta({ ...base, elapsedSeconds: 0 }), 0n);
  });

  it('fits int96 and int160 in the middle at the extremes', () => {
    const largest = fundingDelta({
      rate: ppmPerDay(2 ** 31 - 1),
      fundingRatePpmMax: (2 ** 24 - 1) as Ppm,
      price: ticks(2 ** 32 - 1),
      tickValue: 1_000_000,
      elapsedSeconds: 3600,
      gapSecondsMax: 3600,
    });
    assert.ok(largest > 0n && largest < 1n << 95n);
  });
});
