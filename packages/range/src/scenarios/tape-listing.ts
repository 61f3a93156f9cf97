/** A market is listed, and another wound down: nobody who trades elsewhere notices. */
import type { Tape } from '../types.ts';
import { setMarket } from '../world/places.ts';
import type { World } from '../world/world.ts';

const prices = { 'BTC-USD': 60_000, 'ETH-USD': 3_000 };
const symbol = 'NEW-USD';

/** A market like SOL, isolated, and shut until its cap is set. */
function describe(world: World): void {
  const like = world.market('SOL-USD');
  world.know({
    ...like,
    id: 4,
    symbol,
    isolated: 1,
    openInterestMax: 0,
    backstopLotsMax: 0,
  });
}

/** Reports every eight minutes, for as long as the way back after a day without takes. */
async function settleIn(world: World, more: Record<string, number> = {}): Promise<void> {
  for (let i = 0; i < 6; i++) {
    world.later(478);
    await world.price({ ...prices, ...more });
  }
}

/** Listed shut, then opened: two delays. */
async function list(world: World): Promise<void> {
  await setMarket(world, symbol, {});
  await settleIn(world, { [symbol]: 20 });
  await world.trade('ann', 'ben', { market: 'ETH-USD', size: 2, price: 3_000 });
  await setMarket(world, symbol, { openInterestMax: 100_000n });
  await settleIn(world, { [symbol]: 20 });
}

async function before(world: World): Promise<void> {
  describe(world);
  for (const name of ['ann', 'ben', 'nina', 'oli']) await world.user(name, 100_000);
  await world.price({ ...prices, 'DOGE-USD': '0.2' });
  await world.trade('ann', 'ben', { market: 'ETH-USD', size: 10, price: 3_000 });
}

/** A delay passes without blocks here, which no running venue would do. */
export const aDayInOneStep = { 'sequencer-silence': { enabled: false } };

const announced = 'MarketProposed 4, MarketProposed 0';

export const listingDay: Tape = {
  kind: 'tape',
  name: 'tape-listing-day',
  title: 'Listing day',
  story:
    'A fifth market is listed shut and isolated, and opened after another delay. Two new traders ' +
    'take it up at once, it moves by 9 % within a minute; two others go on trading ETH.',
  before,
  async run(world) {
    await world.sentinel({
      guardian: 'guardian-1',
      rules: { 'loosening-proposed': { settings: { announced } }, ...aDayInOneStep },
    });
    await list(world);
    await world.trade('nina', 'oli', { market: symbol, size: 500, price: 20 });
    await world.price({ ...prices, [symbol]: '21.8' });
    await world.trade('oli', 'nina', { market: symbol, size: 200, price: '21.8' });
    await world.trade('ben', 'ann', { market: 'ETH-USD', size: 5, price: 3_000 });
    await world.withdraw('ann', 5_000);
  },
};

export const marketRotation: Tape = {
  kind: 'tape',
  name: 'tape-market-rotation',
  title: 'One market goes, another comes',
  story:
    'DOGE is wound down: its cap is set to nothing, which only lets positions shrink, and its ' +
    'two holders close within the hour. A new market is listed, and one of them trades it.',
  async before(world) {
    await before(world);
    await world.trade('nina', 'oli', { market: 'DOGE-USD', size: 50_000, price: '0.2' });
  },
  async run(world) {
    await world.sentinel({
      guardian: 'guardian-1',
      rules: { 'loosening-proposed': { settings: { announced } }, ...aDayInOneStep },
    });
    const shut = { openInterestMax: 0n, backstopLotsMax: 0n };
    await setMarket(world, 'DOGE-USD', shut);
    await world.price({ ...prices, 'DOGE-USD': '0.201' });
    for (const price of ['0.201', '0.199']) {
      await world.price({ 'DOGE-USD': price });
      await world.trade('oli', 'nina', { market: 'DOGE-USD', size: 25_000, price });
    }
    await list(world);
    await world.trade('nina', 'oli', { market: symbol, size: 500, price: 20 });
    await world.withdraw('nina', 5_000);
  },
};
