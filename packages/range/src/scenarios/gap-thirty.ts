/** Ten markets fall by 30 % within seconds: who pays, and how exactly. */
import { clearingHouseAbi } from '@holdfast/abi';
import type { VenueMarket } from '@holdfast/host';
import { parseEventLogs } from 'viem';
import type { Attack } from '../types.ts';
import { crowd } from '../world/crowd.ts';
import { resolveAll } from '../world/keeping.ts';
import { rangeMarkets } from '../world/stack.ts';
import type { World } from '../world/world.ts';

const perSide = 25;
const numbers = Array.from({ length: 10 }, (_, i) => i);
const markets: VenueMarket[] = numbers.map((id) => ({
  ...(rangeMarkets()[0] as VenueMarket),
  id,
  symbol: `COIN${id}-USD`,
  tickSize: '0.001',
  lotSize: '1',
  tickValue: 1_000,
  // All of the story lies below where margin starts to grow, at half of the cap.
  openInterestMax: 150_000,
  backstopLotsMax: 1_000,
}));
const symbols = markets.map(({ symbol }) => symbol);

const side = (kind: 'long' | 'short', symbol: string): string[] =>
  Array.from({ length: perSide }, (_, i) => `${symbol} ${kind} ${i}`);
const longs = symbols.flatMap((symbol) => side('long', symbol));

const all = (price: string) => Object.fromEntries(symbols.map((symbol) => [symbol, price]));

const whales = ['a large long', 'a large short'] as const;

/** Two who can bear it hold much; 2,000 lots of each long are from the short of its number. */
async function open(world: World): Promise<void> {
  for (const market of symbols) await world.trade(...whales, { market, size: 20_000, price: 10 });
  for (const market of symbols) {
    const fills = [];
    for (const [i, name] of side('long', market).entries()) {
      const wish = { market, size: 2_000, price: 10 };
      const taker = await world.order(name, { ...wish, side: 'buy' });
      const short = side('short', market)[i] as string;
      fills.push({ maker: await world.order(short, { ...wish, side: 'sell' }), taker });
    }
    await world.settle(fills);
  }
}

/** A keeper sends every bankrupt long down the waterfall, of each market what a block takes. */
async function drain(world: World): Promise<void> {
  for (const symbol of symbols) {
    await world.price(all('7'));
    const shorts = [...side('short', symbol), whales[1]];
    await resolveAll(world, 'keeper', side('long', symbol), 2_000, symbol, shorts);
  }
}

/**
 * What is left open: debts that nobody paid, what was levied on everybody, and one for each lot
 * that deleveraging took more or less of than it had to.
 */
async function leftOpen(world: World): Promise<bigint> {
  const { clearingHouse: address } = world.venue.contracts;
  const fromBlock = `0x${world.origin.block.toString(16)}`;
  const raw = await world.rpc('eth_getLogs', [{ address, fromBlock, toBlock: 'latest' }]);
  const logs = parseEventLogs({ abi: clearingHouseAbi, logs: raw as never[] });
  let open = (await world.read('clearingHouse', 'insolvency')) as bigint;
  for (const { eventName, args } of logs) {
    if (eventName !== 'Resolved') continue;
    const { size, toBackstop, toCounterparties, toFund, levied } = args;
    const residue = BigInt(size) - BigInt(toBackstop);
    open += levied + BigInt(toFund);
    const gap = residue - BigInt(toCounterparties) - BigInt(toFund);
    open += gap < 0n ? -gap : gap;
  }
  return open;
}

export const gapThirty: Attack = {
  kind: 'attack',
  name: 'gap-thirty',
  title: 'A gap of 30 % in ten markets',
  story:
    'Five hundred accounts hold ten markets when all of them fall by 30 % before any keeper ' +
    'comes. Two hundred and fifty longs are bankrupt for more than insurance pays. What the ' +
    'backstop does not take is closed against the shorts, pro rata, at the price that pays the ' +
    'debt: exactly as much as has to be, and nothing is left for anybody else.',
  incidents: [
    '10 October 2025: 34,983 fills of a deleveraging queue that took more than it had to',
  ],
  control: 'deleveraging pro rata at the zero price, inside the transaction that resolves',
  invariants: ['I2', 'I8', 'I9'],
  terms: { markets },
  bound: 0n,
  harm: { unit: 'quote units left unpaid or levied, and lots misallocated', measure: leftOpen },
  profitMin: 1_000_000_000n,
  exposed: longs,
  async before(world) {
    const shorts = symbols.flatMap((symbol) => side('short', symbol));
    await crowd(world, [
      ...whales.map((name) => ({ name, deposit: 2_000_000 })),
      ...longs.map((name, i) => ({ name, deposit: 1_500 + 100 * (i % perSide) })),
      ...shorts.map((name, i) => ({ name, deposit: 8_000 + 500 * (i % perSide) })),
    ]);
    await world.price(all('10'));
    await open(world);
  },
  async run(world) {
    await world.price(all('10'));
    await world.attack('the markets fall, faster than keepers', async () => {
      for (const price of ['9', '8.1', '7.29', '7']) await world.price(all(price));
      await drain(world);
    });
    const price = world.mode === 'control' ? '10' : '7';
    await world.price(all(price));
    await world.withdraw(side('short', 'COIN0-USD')[0] as string, 100);
  },
  ablations: [
    {
      kind: 'source',
      name: 'what is left is deleveraged',
      contracts: ['WaterfallModule'],
      edits: [
        {
          file: 'src/Counterparties.sol',
          from: 'bool wanted = need != 0 &&',
          to: 'bool wanted = need == type(uint256).max &&',
        },
      ],
    },
  ],
};
