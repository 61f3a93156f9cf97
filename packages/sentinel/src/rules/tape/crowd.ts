/** Honest people on a tape: makers, takers, a keeper, and a market that wanders. */
import type { BlockView } from '../../rule.ts';
import { equityOf, maintenanceOf, token } from '../kit/value.ts';
import type { Quote, Tape } from './venue.ts';

export interface Crowd {
  readonly makers: readonly number[];
  readonly takers: number[];
  readonly keeper: number;
  /** Index prices, ticks, not rounded. */
  readonly prices: Map<number, number>;
}

/** People of a venue that has been open for a while. */
export function gather(tape: Tape, takers = 40): Crowd {
  const prices = new Map<number, number>();
  for (const { market, price } of tape.state().markets.values()) prices.set(market, price);
  return {
    makers: Array.from({ length: 6 }, () => tape.join(500_000)),
    takers: Array.from({ length: takers }, () => tape.join(5_000 + tape.random.below(20_000))),
    keeper: tape.join(2_000_000),
    prices,
  };
}

/** How a stretch of blocks goes. */
export interface Scene {
  readonly blocks: number;
  /** Seconds of a block. */
  readonly seconds: number;
  /** Deviation of the prices in a block, as a fraction; 0.0003 unless told. */
  readonly noise?: number;
  /** Part of the blocks in which takers trade; 0.6 unless told. */
  readonly trading?: number;
  /** Largest notional of a trade as a multiple of the taker's equity; 1 unless told. */
  readonly leverage?: number;
  /** Part of the blocks without a report; they are made up for by round. */
  readonly missing?: number;
  /** Reports as they would be told, changed. */
  readonly quotes?: (quotes: Map<number, Quote>, block: number) => void;
  /** Before each block is sealed. */
  readonly each?: (block: number) => void;
  /** Whether takers trade in a market. */
  readonly trades?: (market: number) => boolean;
}

function wander(tape: Tape, crowd: Crowd, noise: number): void {
  const common = tape.random.normal();
  for (const [market, price] of crowd.prices) {
    const own = tape.random.normal();
    crowd.prices.set(market, price * (1 + noise * (0.7 * common + 0.7 * own)));
  }
}

/** A taker trades with a maker; more often than not towards no position. */
export function tradeOnce(
  tape: Tape,
  crowd: Crowd,
  { leverage = 1, trades = () => true }: Scene,
): void {
  const { random } = tape;
  const state = tape.state();
  const open = [...crowd.prices.keys()].filter((id) => trades(id) && state.markets.has(id));
  const market = open[random.below(open.length)];
  const taker = crowd.takers[random.below(crowd.takers.length)];
  if (market === undefined || taker === undefined) return;
  const row = state.accounts.get(taker);
  const price = state.markets.get(market)?.price ?? 0;
  if (row === undefined || price === 0) return;
  const held = row.positions.get(market) ?? 0;
  const equity = Number(equityOf(state, row) / token);
  if (equity <= 0) return;
  const lotWorth = price / 10_000;
  let lots = Math.floor((random.next() * leverage * equity) / lotWorth);
  let isBuy = random.next() < 0.5;
  if (held !== 0 && random.next() < 0.6) [lots, isBuy] = [Math.abs(held), held < 0];
  if (lots < 1) return;
  const maker = makerFor(tape, crowd, market, isBuy);
  const [buyer, seller] = isBuy ? [taker, maker] : [maker, taker];
  tape.trade(market, buyer, seller, lots);
}

/** Who quotes best is who wants to be rid of what a taker wants, or has least. */
export function makerFor(tape: Tape, { makers }: Crowd, market: number, isBuy: boolean): number {
  const { accounts } = tape.state();
  const side = isBuy ? 1 : -1;
  const held = (maker: number) => side * (accounts.get(maker)?.positions.get(market) ?? 0);
  return [...makers].sort((a, b) => held(b) - held(a))[0] as number;
}

/** A keeper hands on what it took. */
function unwind(tape: Tape, crowd: Crowd): void {
  const row = tape.state().accounts.get(crowd.keeper);
  if (!crowd.makers.length || row === undefined) return;
  for (const [market, size] of row.positions) {
    const lots = Math.ceil(Math.abs(size) / 8);
    const maker = makerFor(tape, crowd, market, size < 0);
    const [buyer, seller] = size < 0 ? [crowd.keeper, maker] : [maker, crowd.keeper];
    tape.trade(market, buyer, seller, lots);
  }
}

/** What a keeper does in a block: takes from the unhealthy, and the bankrupt are resolved. */
export function keep(tape: Tape, { keeper }: Crowd): void {
  const state = tape.state();
  for (const row of [...state.accounts.values()]) {
    if (row.account === keeper || row.positions.size === 0 || row.account > 2 ** 31) continue;
    const equity = equityOf(state, row);
    if (equity >= maintenanceOf(state, row)) continue;
    const [market, size] = [...row.positions][0] as [number, number];
    if (equity <= 0n) tape.resolve(market, row.account, keeper);
    else tape.liquidate(market, row.account, keeper, Math.ceil(Math.abs(size) / 4));
  }
}

/** Some money comes and goes. */
function bank(tape: Tape, crowd: Crowd): void {
  const { random } = tape;
  if (random.next() > 0.02) return;
  const account = crowd.takers[random.below(crowd.takers.length)];
  const row = account === undefined ? undefined : tape.state().accounts.get(account);
  if (account === undefined || row === undefined) return;
  const tokens = Number(equityOf(tape.state(), row) / token);
  if (random.next() < 0.5 || row.positions.size > 0) tape.deposit(account, 100 + random.below(900));
  else if (tokens > 1_000) tape.withdraw(account, Math.floor(tokens / 10));
}

/** Plays a scene. */
export function* live(tape: Tape, crowd: Crowd, scene: Scene): Generator<BlockView> {
  const { noise = 0.0003, trading = 0.6, missing = 0 } = scene;
  let skipped = 0;
  for (let block = 0; block < scene.blocks; block += 1) {
    wander(tape, crowd, noise);
    if (tape.random.next() < missing) skipped += 1;
    else {
      const listed = [...crowd.prices].filter(([id]) => tape.state().markets.has(id));
      const quotes = new Map<number, Quote>(
        listed.map(([id, price]) => [
          id,
          { price, rate: 100 + Math.round(tape.random.normal() * 50) },
        ]),
      );
      scene.quotes?.(quotes, block);
      tape.report(quotes, 1 + skipped);
      skipped = 0;
    }
    if (tape.random.next() < trading) {
      const count = 1 + tape.random.below(3);
      for (let i = 0; i < count; i += 1) tradeOnce(tape, crowd, scene);
    }
    bank(tape, crowd);
    keep(tape, crowd);
    if (trading > 0) unwind(tape, crowd);
    scene.each?.(block);
    yield tape.block(scene.seconds);
  }
}

/** Moves every price, or one, by a factor. */
export function shift(crowd: Crowd, factor: number, market?: number): void {
  for (const [id, price] of crowd.prices) {
    if (market === undefined || market === id) crowd.prices.set(id, price * factor);
  }
}
