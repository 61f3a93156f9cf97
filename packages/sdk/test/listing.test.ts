import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkListing, type Listing, type ListingChain, type ListingSource } from '@holdfast/sdk';

const listing: Listing = {
  symbol: 'NEW-USD',
  tickSize: '0.001',
  lotSize: '0.1',
  params: { bandPpm: 100_000, isolated: 1, openInterestMax: 0 },
  shadowLots: 10,
};
const chain: ListingChain = {
  tokenDecimals: 6,
  venueDecimals: 6,
  shadowQuote: 50_000n * 10n ** 6n,
  insuranceQuote: 100n * 10n ** 6n,
  refusal: undefined,
};
const source = (name: string, close = (i: number) => 20 + (i % 7) / 100, volume = 9_000) => ({
  name,
  samples: Array.from({ length: 60 }, (_, i) => ({ time: i * 3_600, close: close(i), volume })),
});
const three: ListingSource[] = ['a', 'b', 'c'].map((name) => source(name));

const failed = (
  change: Partial<Listing> = {},
  sources: readonly ListingSource[] = three,
  on: Partial<ListingChain> = {},
): string[] =>
  checkListing({ ...listing, ...change }, sources, { ...chain, ...on })
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe('checks of a listing', () => {
  it('pass a sound market', () => {
    assert.deepEqual(failed(), []);
  });

  it('refuse wrong units and decimals', () => {
    assert.deepEqual(failed({ lotSize: '0.0001' }), ['units']);
    assert.deepEqual(failed({ tickSize: '-1' }), ['sizes']);
    assert.deepEqual(failed({ tickSize: '1', lotSize: '1' }), ['resolution']);
    assert.deepEqual(failed({}, three, { tokenDecimals: 18 }), ['decimals']);
    const off = [...three.slice(0, 2), source('c', (i) => 2_000 + (i % 7))];
    assert.deepEqual(failed({}, off), ['c agrees']);
    const [wrong] = checkListing(listing, off, chain).filter(({ ok }) => !ok);
    assert.match(wrong?.found ?? '', /off by 10\^2: wrong decimals\?/);
  });

  it('refuse sources that are few, still, wild or one and the same', () => {
    assert.deepEqual(failed({}, three.slice(0, 2)), ['quorum of sources']);
    assert.deepEqual(failed({}, [...three, source('a')]), ['quorum of sources']);
    const still = three.map(({ name }) => source(name, () => 20));
    assert.deepEqual(failed({}, still), ['a moves', 'b moves', 'c moves']);
    const jump = three.map(({ name }) => source(name, (i) => (i < 30 ? 20 : 25) + (i % 7) / 100));
    assert.deepEqual(
      failed({}, jump),
      ['a', 'b', 'c'].map((name) => `${name} stays in the band`),
    );
    const short = three.map((each) => ({ ...each, samples: each.samples.slice(0, 49) }));
    assert.deepEqual(failed({}, short), ['common times']);
  });

  it('refuse caps that are open, large, or larger than depth and fund bear', () => {
    const open = { ...listing.params, openInterestMax: 1 };
    assert.deepEqual(failed({ params: open }), ['begins shut']);
    assert.deepEqual(failed({ params: { ...listing.params, isolated: 0 } }), ['begins isolated']);
    assert.deepEqual(failed({ shadowLots: 0 }), ['shadow cap']);
    const rich = { insuranceQuote: 10n ** 15n };
    assert.deepEqual(failed({ shadowLots: 25_100 }, three, rich), ['shadow cap']);
    const thin = three.map(({ name }) => source(name, undefined, 0.01));
    assert.deepEqual(failed({}, thin), ['depth']);
    assert.deepEqual(failed({}, three, { insuranceQuote: 5n * 10n ** 6n }), ['insurance']);
    assert.deepEqual(failed({}, three, { refusal: 'ParameterOutOfBounds' }), ['bounds']);
  });
});
