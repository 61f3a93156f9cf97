/** A signed order is money: whoever can use it twice trades on somebody else's account. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';

/** Alice sold one bitcoin at 60,000 long ago; the price has left that level since. */
async function before(world: World): Promise<void> {
  await world.user('alice', 400_000);
  await world.user('bob', 400_000);
  await world.attacker('mallory', 400_000);
  await world.price({ [market]: 60_000 });
}

async function run(world: World): Promise<void> {
  const sale = { market, side: 'sell', size: 1, price: 60_000 } as const;
  const filled = await world.order('alice', sale);
  const resting = await world.order('alice', { ...sale, fields: { lane: 42 } });
  const withdrawn = await world.order('alice', { ...sale, fields: { lane: 40 } });
  const short = world.memory.time + 20;
  const stale = await world.order('alice', { ...sale, fields: { lane: 41, expiry: short } });
  const elsewhere = await world.order('alice', { ...sale, domain: { chainId: 1 } });
  const redeployed = await world.order('alice', {
    ...sale,
    domain: { clearingHouse: world.venue.contracts.oracle },
  });
  const taker = await world.order('bob', { market, side: 'buy', size: 1, price: 60_000 });
  await world.settle([{ maker: filled, taker }], { what: 'settles alice sells 1 BTC to bob' });
  await world.cancelLane('alice', 40, withdrawn.seq);
  await world.wait(30);
  await world.price({ [market]: 63_000 });

  await world.attack('uses the old orders of alice again', async () => {
    const reuse = async (what: string, maker: typeof filled): Promise<void> => {
      const wish = { market, side: 'buy', size: 1, price: 60_000 } as const;
      const bid = await world.order('mallory', wish);
      await world.settle([{ maker, taker: bid }], { what: `replays a ${what} order` });
    };
    await reuse('filled', filled);
    await reuse('cancelled', withdrawn);
    await reuse('expired', stale);
    await reuse('foreign chain', elsewhere);
    await reuse('redeployed contract', redeployed);
  });

  await world.cancelAll('alice');
  const fresh = await world.order('alice', { market, side: 'sell', size: 1, price: 63_000 });
  const bid = await world.order('bob', { market, side: 'buy', size: 1, price: 63_000 });
  await world.settle([{ maker: fresh, taker: bid }], { what: 'settles a new order of alice' });
  await world.attack('uses an order of the epoch before', async () => {
    const late = await world.order('mallory', { market, side: 'buy', size: 1, price: 60_000 });
    const what = 'settles an order from before cancelAll';
    await world.settle([{ maker: resting, taker: late }], { what });
  });
}

export const orderReplay: Attack = {
  kind: 'attack',
  name: 'order-replay',
  title: 'Replay of signed orders',
  story:
    'Alice sold at 60,000 and the price went to 63,000. The attacker, who has the sequencer in ' +
    'hand, settles her old orders again: filled, cancelled, expired, signed for another chain ' +
    'or another contract, and from before she cancelled everything.',
  incidents: ['AROS 2026-05: replayed signatures'],
  control: 'a lane counts what is filled; seq, expiry, epoch and domain are in the digest',
  invariants: ['I5', 'I6'],
  before,
  run,
  bound: 0n,
  profitMin: 2_500_000_000n,
  ablations: [
    {
      kind: 'source',
      name: 'filled lots are counted',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/libraries/Orders.sol',
          from: 'mul(eq(before, seq_), shl(192, shr(192, lane_)))',
          to: '0',
        },
      ],
    },
    {
      kind: 'source',
      name: 'orders expire',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/libraries/Orders.sol',
          from: 'wrong := or(wrong, lt(and(shr(48, self), 0xffffffffff), since))',
          to: '',
        },
        {
          file: 'src/Settlement.sol',
          from: 'if (terms.expiry() <= block.timestamp) {',
          to: 'if (false) {',
        },
      ],
    },
  ],
};
