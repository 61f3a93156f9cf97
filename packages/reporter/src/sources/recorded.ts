import type { Bar, BarSeries } from './bars.ts';
import type { PriceSource, SourcePrice } from './source.ts';

/** Index of the last bar that opened at or before `time`, or -1. */
function barIndex(bars: readonly Bar[], time: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bars[middle] as Bar).ts <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The price inside a bar: straight lines open → first extreme → second extreme → close in equal
 * thirds. A rising bar visits its low first, a falling one its high.
 *
 * @param part how much of the bar has passed, 0..1
 */
export function priceInBar(bar: Bar, part: number): number {
  const rising = bar.close >= bar.open;
  const path = rising
    ? [bar.open, bar.low, bar.high, bar.close]
    : [bar.open, bar.high, bar.low, bar.close];
  const at = Math.min(Math.max(part, 0), 1) * 3;
  const leg = Math.min(Math.floor(at), 2);
  const from = path[leg] as number;
  const to = path[leg + 1] as number;
  return Math.round(from + (to - from) * (at - leg));
}

/** The recorded price at a time; in a gap and after the end the last close, before it nothing. */
export function priceAt(series: BarSeries, time: number): number | undefined {
  const index = barIndex(series.bars, time);
  if (index < 0) return undefined;
  const bar = series.bars[index] as Bar;
  return priceInBar(bar, (time - bar.ts) / series.barSeconds);
}

/** Whether a time lies inside a recording: a perpetual's last close is not worth repeating. */
function covers({ bars, barSeconds }: BarSeries, time: number): boolean {
  const bar = bars[barIndex(bars, time)];
  return bar !== undefined && time < bar.ts + barSeconds;
}

/**
 * A source that replays recorded bars at their own times.
 *
 * @param perps recorded perpetuals of another venue, where there are any
 */
export function recordedSource(
  series: ReadonlyMap<string, BarSeries>,
  perps: ReadonlyMap<string, BarSeries> = new Map(),
): PriceSource {
  return {
    name: 'recorded',
    pricesAt: async (time) => {
      const prices = new Map<string, SourcePrice>();
      for (const [symbol, bars] of series) {
        const price8 = priceAt(bars, time);
        const perp = perps.get(symbol);
        const perp8 = perp !== undefined && covers(perp, time) ? priceAt(perp, time) : undefined;
        const perps8 = perp8 === undefined ? [] : [perp8];
        if (price8 !== undefined) prices.set(symbol, { price8, perps8 });
      }
      return prices;
    },
    close: async () => undefined,
  };
}

/** Takes from the first source that knows a market; so a replay of two markets still has four. */
export function firstOf(sources: readonly PriceSource[]): PriceSource {
  return {
    name: sources.map((source) => source.name).join('+'),
    pricesAt: async (time) => {
      const prices = new Map<string, SourcePrice>();
      for (const source of sources) {
        for (const [symbol, price] of await source.pricesAt(time)) {
          if (!prices.has(symbol)) prices.set(symbol, price);
        }
      }
      return prices;
    },
    close: async () => {
      for (const source of sources) await source.close();
    },
  };
}
