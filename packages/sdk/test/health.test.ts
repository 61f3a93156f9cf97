import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnvironmentError, isRejection, reject } from '@holdfast/units';
import { type HealthSources, healthOf, type LiveMarket, type Market } from '../src/index.ts';
import { venueAt } from './fake-node.ts';

const market = venueAt(1).markets[0] as Market;
const live: LiveMarket = {
  ...market,
  concentrationPpm: 200_000,
  concentrationCapPpm: 300_000,
  indexPrice: 1_000_000,
  markPrice: 1_000_000,
  priceTime: 1,
  fundingRatePpmPerDay: 0,
  fundingIndex: 0n,
  openInterest: 100,
};
const sources: HealthSources = {
  markets: [market],
  reads: { markets: async () => [live] },
  chain: undefined,
};
/** Ten lots, worth 1,000 quote tokens, and `equity` of them. */
const view = (equity: bigint, userPpm = 0) => ({
  account: 7,
  owner: '0x01' as const,
  epoch: 0,
  cashQ32: (equity - 1_000_000_000n) << 32n,
  equity,
  initial: 0n,
  maintenance: 0n,
  free: undefined,
  userPpm,
  positions: [{ market: 0, size: 10 }],
  lanes: [],
  from: 'node' as const,
});

async function healthAt(equity: bigint, userPpm?: number, from = sources) {
  const found = await healthOf(from, view(equity, userPpm));
  assert.ok(!isRejection(found));
  return found;
}

describe('health', () => {
  it('says what each position needs and which term decides', async () => {
    const { positions, initial, maintenance, closeOut, free } = await healthAt(100_000_000n);
    // A tenth of the open interest: 5 % and 2 % of 1,000.
    assert.equal(positions[0]?.terms.binding, 'concentration');
    assert.equal(initial, 70_000_000n);
    assert.equal(positions[0]?.initial, initial);
    assert.deepEqual([maintenance, closeOut, free], [30_000_000n, 20_000_000n, 30_000_000n]);
    assert.equal((await healthAt(100_000_000n, 90_000)).positions[0]?.terms.binding, 'user');
  });

  it('names where the account stands', async () => {
    const at = async (equity: bigint) => (await healthAt(equity)).standing;
    assert.equal(await at(70_000_000n), 'healthy');
    assert.equal(await at(69_999_999n), 'reduce only');
    assert.equal(await at(29_999_999n), 'liquidatable');
    assert.equal(await at(19_999_999n), 'close-out');
  });

  it('asks the chain when the node is gone, and passes rejections on', async () => {
    const gone = async (): Promise<LiveMarket[]> => {
      throw new EnvironmentError('Unreachable', 'no node');
    };
    const chain = {
      price: async () => ({ price: 1_000_000, mark: 1_000_000, time: 1 }),
      market: async () => ({ fundingIndex: 0n, openInterest: 50 }),
    };
    const found = await healthAt(100_000_000n, 0, { ...sources, reads: { markets: gone }, chain });
    // The venue's file has no concentration term.
    assert.equal(found.positions[0]?.terms.binding, 'base');
    const alone = { ...sources, reads: { markets: gone } };
    await assert.rejects(healthAt(1n, 0, alone), EnvironmentError);
    const unknown = reject('AccountUnknown', 'there is no account 7');
    assert.equal(await healthOf(sources, unknown), unknown);
  });
});
