import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isRejection,
  keccak256,
  marketId,
  ppmPerDay,
  type Round,
  type Seconds,
  ticks,
  toHex,
  utf8,
} from '@holdfast/units';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import {
  decodeSignedReport,
  encodeSignedReport,
  expandSignature,
  type Observation,
  reportDigest,
  reportDomain,
  reportDomainSeparator,
  reportTypes,
  type SignedReport,
  verifySignedReport,
} from '../src/index.ts';

const seed = 20_261_126;
const domain = reportDomain(31_337, '0x5FbDB2315678afecb367f032d93F642f64180aa3');
const separator = reportDomainSeparator(domain);
const secret = keccak256(utf8('committee'));
const key = secp256k1.getPublicKey(secret, true);
const group = { key, separator };

const quote = fc.record({
  price: fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((n) => n as ReturnType<typeof ticks>),
  mark: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(ticks),
  rate: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(ppmPerDay),
});
const report: fc.Arbitrary<Observation> = fc
  .record({
    round: fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((n) => n as Round),
    time: fc.integer({ min: 0, max: 2 ** 40 - 1 }).map((n) => n as Seconds),
    rows: fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 255 }), quote), {
      minLength: 1,
      maxLength: 6,
      selector: ([market]) => market,
    }),
  })
  .map(({ round, time, rows }) => ({
    round,
    time,
    quotes: rows
      .sort(([a], [b]) => a - b)
      .map(([market, values]) => ({ market: marketId(market), ...values })),
  }));

const signed = (of: Observation): SignedReport => ({
  ...of,
  signature: secp256k1_FROST.sign(reportDigest(separator, of), secret),
});
const bytesOf = (of: SignedReport): Uint8Array => {
  const bytes = encodeSignedReport(of);
  assert.ok(!isRejection(bytes));
  return bytes;
};
const codeOf = (value: unknown) => (isRejection(value) ? value.code : undefined);

describe('reports of a committee', () => {
  it('have the digest of EIP-712', () => {
    fc.assert(
      fc.property(report, (of) => {
        const quotes = toHex(bytesOf(signed(of)).slice(10, 10 + 13 * of.quotes.length));
        const message = { round: Number(of.round), time: Number(of.time), quotes };
        const types = reportTypes;
        const expected = hashTypedData({ domain, types, primaryType: 'Report', message });
        assert.equal(toHex(reportDigest(separator, of)), expected);
      }),
      { seed, numRuns: 20 },
    );
  });

  it('come back as they were encoded, and are proved by their signature', () => {
    fc.assert(
      fc.property(report, (of) => {
        const made = signed(of);
        const bytes = bytesOf(made);
        assert.equal(bytes.length, 10 + 13 * of.quotes.length + 96);
        const back = decodeSignedReport(bytes);
        assert.deepEqual(back, made);
        assert.equal(verifySignedReport(made, group), undefined);
      }),
      { seed, numRuns: 20 },
    );
  });

  it('are refused when a byte of them is another', () => {
    fc.assert(
      fc.property(report, fc.nat(), fc.integer({ min: 1, max: 255 }), (of, place, bits) => {
        const bytes = bytesOf(signed(of));
        const at = place % bytes.length;
        bytes[at] = bytes[at]! ^ bits;
        const back = decodeSignedReport(bytes);
        assert.ok(isRejection(back) || isRejection(verifySignedReport(back, group)));
      }),
      { seed, numRuns: 60 },
    );
  });

  it('are refused of another length, count or order', () => {
    const of = { round: 1 as Round, time: 2 as Seconds, quotes: [] };
    const one = { market: marketId(3), price: ticks(5), mark: ticks(5), rate: ppmPerDay(0) };
    const bytes = bytesOf(signed({ ...of, quotes: [one] }));
    const refused = (data: Uint8Array) => {
      const { code, data: values } = decodeSignedReport(data) as never as Record<string, unknown>;
      return [code, values];
    };
    assert.deepEqual(refused(bytes.slice(0, 9)), ['ReportMalformed', { found: 9, required: 10 }]);
    assert.deepEqual(refused(new Uint8Array(106)), [
      'ReportMalformed',
      { found: 106, required: 23 },
    ]);
    for (const length of [10, 118, 120]) {
      const other = new Uint8Array(length);
      other.set(bytes.slice(0, length));
      assert.deepEqual(refused(other), ['ReportMalformed', { found: length, required: 119 }]);
    }
    const twice = { ...of, quotes: [one, one] };
    assert.equal(codeOf(encodeSignedReport(signed(twice))), 'MarketsUnordered');
    assert.equal(codeOf(encodeSignedReport(signed(of))), 'MarketsUnordered');
    const both = bytesOf(signed({ ...of, quotes: [one, { ...one, market: marketId(4) }] }));
    both[23] = 3;
    assert.equal(refused(both)[0], 'MarketsUnordered');
  });

  it('are refused with another key, domain or form of the signature', () => {
    const quotes = [{ market: marketId(0), price: ticks(5), mark: ticks(5), rate: ppmPerDay(0) }];
    const made = signed({ round: 1 as Round, time: 2 as Seconds, quotes });
    const verdict = (of: SignedReport, by = group) => verifySignedReport(of, by)?.code;
    const other = secp256k1.getPublicKey(keccak256(utf8('other')), true);
    assert.equal(verdict(made, { ...group, key: other }), 'SignatureWrong');
    const elsewhere = reportDomainSeparator(reportDomain(1, domain.verifyingContract));
    assert.equal(verdict(made, { ...group, separator: elsewhere }), 'SignatureWrong');
    const noPoint = made.signature.slice();
    noPoint[0] = 4;
    for (const signature of [noPoint, made.signature.slice(1), new Uint8Array(65)]) {
      assert.equal(verdict({ ...made, signature }), 'SignatureWrong');
      assert.equal(codeOf(expandSignature(signature)), 'SignatureWrong');
      assert.equal(codeOf(encodeSignedReport({ ...made, signature })), 'SignatureWrong');
    }
    // A point off the curve: ry is not that of rx.
    const bytes = bytesOf(made);
    bytes[bytes.length - 33] = bytes[bytes.length - 33]! ^ 2;
    assert.equal(codeOf(decodeSignedReport(bytes)), 'SignatureWrong');
  });
});
