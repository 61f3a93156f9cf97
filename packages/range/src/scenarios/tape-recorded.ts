/** A day that happened: 10 October 2025, as it was recorded, where the recording is at hand. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@holdfast/host/programs';
import { panelOf } from '@holdfast/sentinel';
import type { Tape } from '../types.ts';
import type { Prices } from '../world/reports.ts';
import type { World } from '../world/world.ts';

const data = process.env.HOLDFAST_DATA ?? join(root, '../shared/data');
const path = join(data, 'events30m/panel_2025-10-10.csv.gz');
const from = Date.parse('2025-10-10T15:00Z') / 1000;
const hours = 12;
/** A recorded half hour takes so many seconds here: prices stay fresh with one report each. */
const barSeconds = 480;
/** Reporters clamp what has left the band: a gap is walked. */
const step = 0.09;

const markets = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'DOGE-USD'] as const;
const symbols = markets.map((market) => market.replace('-USD', 'USDT'));
const decimals = [1, 2, 3, 5];
const sizes = [0.2, 4, 60, 50_000];

type Row = readonly number[];

const asPrices = (row: Row): Prices =>
  Object.fromEntries(markets.map((market, i) => [market, (row[i] as number).toFixed(decimals[i])]));

/** Closing prices of the day, and what lies between two of them that are too far apart. */
function rowsOf(): { row: Row; isBar: boolean }[] {
  const bars = panelOf(path, symbols).filter(({ ts }) => ts >= from && ts < from + hours * 3_600);
  let last: number[] | undefined;
  return bars.flatMap(({ bars: all }) => {
    const target = all.map(({ close }) => close);
    const rows: { row: Row; isBar: boolean }[] = [];
    for (;;) {
      const next: number[] = target.map((price, i) => {
        const before = last?.[i] ?? price;
        return Math.min(before * (1 + step), Math.max(before * (1 - step), price));
      });
      last = next;
      const isBar = next.every((price, i) => price === target[i]);
      rows.push({ row: next, isBar });
      if (isBar) return rows;
    }
  });
}

const traders = ['ann', 'ben', 'cem', 'dora'];

async function trades(world: World, row: Row, count: number): Promise<void> {
  const i = count % markets.length;
  const market = markets[i] as string;
  const buyer = traders[count % traders.length] as string;
  const wish = { market, size: sizes[i] as number, price: asPrices(row)[market] as string };
  await world.trade(buyer, 'maker', wish);
}

export const recorded: Tape = {
  kind: 'tape',
  name: 'tape-recorded',
  title: 'The recorded fall of 10 October 2025',
  story:
    'Twelve hours of four markets as they were recorded, half an hour in eight minutes. Four ' +
    'traders without leverage buy from a maker all day long and take some money out in the fall.',
  missing: () =>
    existsSync(path) ? undefined : 'recorded data of 10 October 2025 (HOLDFAST_DATA)',
  async before(world) {
    await world.user('maker', 2_000_000);
    for (const name of traders) await world.user(name, 200_000);
    const first = rowsOf()[0] as { row: Row };
    await world.price(asPrices(first.row));
  },
  async run(world) {
    let count = 0;
    for (const { row, isBar } of rowsOf()) {
      if (isBar) world.later(barSeconds - 2);
      await world.price(asPrices(row));
      if (!isBar) continue;
      if (count % 2 === 0) await trades(world, row, count / 2);
      if (count % 8 === 7) await world.withdraw(traders[(count - 7) / 8] as string, 5_000);
      count += 1;
    }
  },
};
