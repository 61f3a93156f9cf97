/** Auctions of a running venue, by the commands of its operator and its traders. */
import assert from 'node:assert/strict';
import { commands } from './commands.ts';
import { holdfast, venueIn } from './launcher.ts';
import { tell } from './stage.ts';
import { until } from './until.ts';

type Fill = { id: number; price: number; lots: number; at: number; status: string };

/**
 * The venue has opened by auction, as its node.json says; its operator begins another one, traders
 * see it, and what crosses fills at one price and settles.
 */
export async function auctioning(dir: string): Promise<void> {
  const { json } = commands(dir);
  const { url } = venueIn(dir);
  const metrics = await fetch(`${url}/metrics`).then((answer) => answer.text());
  for (const market of [0, 1]) {
    assert.match(metrics, new RegExp(`holdfast_auctions_total\\{market="${market}"\\} 1`));
  }
  const market = 'ETH-USD';
  type Seen = { symbol: string; id: number; indexPrice: number; phase: string };
  const seen = async () => (await json<Seen[]>('markets')).find(({ symbol }) => symbol === market);
  await json('auction', 'call', market, '--for', '10m');
  const { phase, indexPrice = 0, id } = (await seen()) as Seen;
  assert.equal(phase, 'call');
  const before = (await json<Fill[]>('fills', '--all', '--market', market))[0]?.id ?? 0;
  const order = (side: string, share: number, key: string) => {
    const price = `${Math.floor((indexPrice * share) / 10) / 10}`;
    return json('order', 'place', market, side, '0.5', '--price', price, '--key', key);
  };
  await order('buy', 1.004, 'life');
  await order('sell', 0.996, 'whale');
  const shown = await holdfast(dir, 'markets');
  assert.match(shown.out, /ETH-USD: auction ends in \d+ s; now \d/);
  const late = ['order', 'place', market, 'buy', '0.1', '--key', 'life'];
  assert.match((await holdfast(dir, ...late)).err, /CallRunning/);
  const end = await json<{ price: number; lots: number }>('auction', 'end', market);
  assert.ok(end.lots >= 50, JSON.stringify(end));
  assert.equal((await seen())?.phase, 'continuous');
  const settled = await until('the auction is settled', 30_000, async () => {
    const all = await json<Fill[]>('fills', '--all', '--market', market, '--limit', '1000');
    const { at } = all.filter((fill) => fill.id > before).at(-1) as Fill;
    const own = all.filter((fill) => fill.id > before && fill.at === at);
    return own.every(({ status }) => status === 'settled') ? own : undefined;
  });
  const auctioned = settled.filter(({ price }) => price === end.price);
  assert.equal(
    auctioned.reduce((sum, { lots }) => sum + lots, 0),
    end.lots,
    `market ${id}`,
  );
  for (const [key, side] of [
    ['life', 'sell'],
    ['whale', 'buy'],
  ] as const) {
    await json('order', 'place', market, side, '0.5', '--slippage', '3%', '--key', key);
  }
  tell(`an auction of ${end.lots} lots at ${end.price}, settled`);
}
