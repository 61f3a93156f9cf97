/** The attacker matches: all that a sequencer can do with honest orders in its hand. */
import type { SignedOrder } from '@holdfast/order';
import type { Ablation, Attack, Edit } from '../types.ts';
import { ordersInside, packFills, tampered } from '../world/batches.ts';
import { batchOf } from '../world/orders.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';

/** Alice buys at any price, Bob sells at 59,500 or more, Carol sells at any price. */
async function signHonest(world: World) {
  const any = { market, size: 1 } as const;
  const alice = await world.order('alice', { ...any, side: 'buy', price: 70_000 });
  const bob = await world.order('bob', { ...any, side: 'sell', price: 59_500 });
  return { alice, bob };
}

/** Fills an honest order against the attacker at a price. */
async function fill(world: World, order: SignedOrder, price: number, what: string, size = 1) {
  const side = order.isBuy ? 'sell' : 'buy';
  const taker = await world.order('mallory', { market, size, price, side });
  const terms = { maker: order, taker, lots: world.lots(market, size), price: taker.price };
  return world.settle([terms], { what });
}

/** The same order four times in one batch, each time as if it were fresh. */
async function repeat(world: World, order: SignedOrder): Promise<void> {
  const taker = await world.order('mallory', { market, size: 4, price: 59_500, side: 'buy' });
  const data = await batchOf(world, [{ maker: order, taker }]);
  const [own = '', theirs = ''] = ordersInside(data);
  const [lots, price] = [order.size as number, order.price as number];
  const fills = [0, 1, 2, 3].map((maker) => ({ maker, taker: 4, lots, price }));
  const orders = `0x${own.repeat(4)}${theirs}`;
  const again = tampered(data, { orders, fills: packFills(fills) });
  const to = world.venue.contracts.clearingHouse;
  await world.send('sequencer', 'settles one order four times in a batch', { to, data: again });
}

async function robBuyerAndSeller(world: World): Promise<void> {
  const { alice, bob } = await signHonest(world);
  await fill(world, alice, 69_000, 'fills alice outside of the band');
  await fill(world, bob, 57_000, 'fills bob below his limit');
  await fill(world, bob, 59_500, 'fills bob beyond what he signed', 5);
  await repeat(world, bob);
  await fill(world, alice, 63_000, 'fills alice at the edge of the band');
  await fill(world, bob, 59_500, 'fills bob at his limit');
}

/** The market has risen; no report tells the chain, and Carol sells at the old price. */
async function robByOldPrice(world: World): Promise<void> {
  await world.wait(603);
  const wish = { market, size: 1, side: 'sell', price: 50_000 } as const;
  const carol = await world.order('carol', wish);
  await fill(world, carol, 57_000, 'fills carol at a stale price');
  await world.price({ [market]: 65_000 });
  await world.wait(60);
  await fill(world, carol, 61_750, 'fills carol at the edge of the new band');
}

const off = (name: string, ...edits: Edit[]): Ablation => ({
  kind: 'source',
  name,
  contracts: ['ClearingHouse'],
  edits,
});
const edit = (file: string, from: string, to = ''): Edit => ({ file, from, to });
const netting = 'src/libraries/Netting.sol';
const orders = 'src/libraries/Orders.sol';
const fresh = 'market.price, time, block.timestamp, ageMax, book.skewSecondsMax';

export const maliciousMatcher: Attack = {
  kind: 'attack',
  name: 'malicious-matcher',
  title: 'A matcher that robs whom it matches',
  story:
    'The sequencer is the attacker. It fills honest orders against its own: outside of the band, ' +
    'below their limit, beyond their size, four times in one batch, at a price that is eleven ' +
    'minutes old. What is left to it is the worst that was signed, and at most the band.',
  incidents: ['stale-price arbitrage'],
  control: 'limit, size and band of each fill; one price per batch, and a fresh one',
  invariants: ['I4', 'I6', 'I7'],
  // Alice and Carol signed any price: the band. Bob signed 500 below the price.
  bound: (world) => {
    const band = BigInt(world.market(market).fillBandPpm);
    return 60_000n * band + 500n * 1_000_000n + 65_000n * band;
  },
  profitMin: 6_760_000_000n,
  async before(world) {
    for (const name of ['alice', 'bob', 'carol']) await world.user(name, 400_000);
    await world.attacker('mallory', 400_000);
  },
  async run(world) {
    await world.price({ [market]: 60_000 });
    const robbed = await world.attack('fills alice and bob', async () => {
      await robBuyerAndSeller(world);
      await robByOldPrice(world);
      return true;
    });
    if (robbed === undefined) {
      const { alice, bob } = await signHonest(world);
      const price = world.ticks(market, 60_000);
      await world.settle([{ maker: bob, taker: alice, price }], { what: 'settles at 60,000' });
      await world.price({ [market]: 65_000 });
      await world.trade('bob', 'carol', { market, size: 1, price: 65_000 });
    }
  },
  ablations: [
    off(
      'fills are inside the band',
      edit(
        netting,
        'strange := or(gt(sub(price, low), width), iszero(mul(price, lots)))',
        'strange := iszero(mul(price, lots))',
      ),
    ),
    off(
      'fills are within the limits',
      edit(netting, 'strange := or(strange, lt(price, xor(ask, differ)))'),
    ),
    off(
      'no more than signed',
      edit(orders, 'or(iszero(lots), gt(filled, signed))', 'iszero(lots)'),
    ),
    off(
      'an order is in a batch once',
      edit(orders, 'wrong := iszero(gt(key, shr(176, last)))'),
      edit('src/Settlement.sol', 'if (terms.sortKey() <= last.sortKey()) {', 'if (false) {'),
    ),
    off(
      'prices are fresh',
      edit('src/Pricing.sol', `if (!LawLib.priceValid(${fresh})) {`, 'if (false) {'),
    ),
  ],
};
