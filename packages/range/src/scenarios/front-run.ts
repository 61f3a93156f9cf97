/** The operator sees every order before it trades: what that is worth without sealed orders. */
import type { SignedOrder } from '@holdfast/order';
import type { Open } from '../types.ts';
import type { FillWish } from '../world/orders.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';
const price = 60_000;
const rounds = 1_000;
const perBatch = 250;
/** Base units of each order of Alice. */
const size = 0.01;

/** Orders of Alice, who lets the price slip by up to 6 %, as the seed has it. */
async function pending(world: World): Promise<SignedOrder[]> {
  const orders: SignedOrder[] = [];
  for (let i = 0; i < rounds; i++) {
    const limit = price + Math.round((price * world.random(601)) / 10_000);
    const fields = { lane: i + 1, epoch: 0, timeInForce: 1 };
    orders.push(await world.order('alice', { market, side: 'buy', size, price: limit, fields }));
  }
  return orders;
}

const parts = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: all.length / perBatch }, (_, i) =>
    all.slice(i * perBatch, (i + 1) * perBatch),
  );

/** Buys what Bob offers, and sells it to Alice at the worst that she signed, inside the band. */
async function between(world: World, asked: SignedOrder, orders: SignedOrder[]): Promise<void> {
  const whole = { market, size: rounds * size } as const;
  const buys = await world.order('mallory', { ...whole, side: 'buy', price });
  const sells = await world.order('mallory', { ...whole, side: 'sell', price });
  const band = world.market(market).fillBandPpm;
  const edge = world.ticks(market, price + (price * band) / 1_000_000);
  const lots = world.lots(market, size);
  for (const part of parts(orders)) {
    const fills = part.flatMap((taker): FillWish[] => [
      { maker: asked, taker: buys, lots },
      { maker: sells, taker, lots, price: Math.min(taker.price, edge) },
    ]);
    await world.settle(fills, { what: `steps in front of ${part.length} orders` });
  }
}

export const frontRun: Open = {
  kind: 'open',
  name: 'operator-front-run',
  title: 'The operator steps in front',
  incidents: [],
  control: 'a sealed batch auction: the operator cannot read what it orders',
  invariants: ['I7'],
  needs: 'sealed orders',
  measured: {
    story:
      'Alice sends a thousand orders that may slip by up to 6 %, Bob’s ask rests at the ' +
      'price. The operator reads each order first, buys of Bob, and sells to her at the worst ' +
      'that she signed: inside the limit and the band nothing stops it yet.',
    bound: (world) => {
      const band = BigInt(world.market(market).fillBandPpm);
      return (BigInt(price) * band * BigInt(rounds)) / BigInt(1 / size);
    },
    async before(world) {
      for (const name of ['alice', 'bob']) await world.user(name, 400_000);
      await world.attacker('mallory', 400_000);
    },
    async run(world) {
      await world.price({ [market]: price });
      const whole = { market, size: rounds * size, price } as const;
      const asked = await world.order('bob', { ...whole, side: 'sell' });
      const orders = await pending(world);
      const robbed = await world.attack('reads what is pending', async () => {
        await between(world, asked, orders);
        return true;
      });
      if (robbed !== undefined) return;
      for (const part of parts(orders)) {
        await world.settle(part.map((taker) => ({ maker: asked, taker })));
      }
    },
  },
};
