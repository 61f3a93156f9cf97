import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { escaped } from '@holdfast/host';
import { duration, money, parseTrust, type TrustReport, trustPage } from '@holdfast/trust';

const report: TrustReport = {
  version: 1,
  chainId: 1,
  block: 2,
  time: 3,
  symbol: '<USD>',
  heldQuote: '1234567890000',
  contracts: [],
  powers: [],
  sets: [],
  bounds: { cap: { value: '1', wider: 'more' } },
  pending: [],
  problems: ['<script>alert(1)</script>'],
  notes: [],
};

describe('showing', () => {
  it('says times and money as people do', () => {
    assert.deepEqual([90, 900, 7_200, 86_400, 90_000].map(duration), [
      '90 s',
      '15 min',
      '2 h',
      '1 d',
      '25 h',
    ]);
    assert.equal(money('1234567890000', 'tUSD'), '1,234,567 tUSD');
    assert.equal(money('0', 'tUSD'), '0 tUSD');
  });

  it('lets nothing from the chain be markup', () => {
    assert.equal(escaped(`<a href="x">'&`), '&lt;a href=&quot;x&quot;&gt;&#39;&amp;');
    const page = trustPage(report);
    assert.doesNotMatch(page, /<script/);
    assert.match(page, /1,234,567 &lt;USD&gt;/);
  });
});

describe('an earlier report', () => {
  it('is read as it was written, and nothing else is taken for one', () => {
    assert.deepEqual(parseTrust(JSON.parse(JSON.stringify(report))), report);
    const { version, ...older } = report;
    const bound = { value: 'much', wider: 'more' };
    for (const wrong of [null, [], 'x', older, { ...report, bounds: { bound } }]) {
      assert.equal(parseTrust(wrong), undefined);
    }
  });
});
