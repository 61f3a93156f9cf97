/** Bars of the index price, made of the reports that the chain accepted. */
import { clearingHouseAbi } from '@holdfast/abi';
import type { Bar } from '@holdfast/forecast';
import type { ChainReader, Venue } from '@holdfast/host';
import { readRefreshedQuotes } from '@holdfast/keeper';
import { type Address, parseEventLogs } from 'viem';

/** Bars by market id that grow with the chain. */
export interface LiveBars {
  /** Reads what the chain has since the last call, up to `block`. */
  read(block: number): Promise<void>;
  /** Finished bars of a market, the oldest first; prices in ticks. */
  of(market: number): readonly Bar[];
  /** Time of the newest report, seconds. */
  readonly time: () => number;
  /** Forgets everything: the chain began again. */
  reset(): void;
}

const blocksPerRead = 2_000;
/** Bars that are kept; the longest window of a model is 720. */
const barsMax = 5_000;

/** @param barSeconds length of a bar, venue seconds */
export function createLiveBars(venue: Venue, reader: ChainReader, barSeconds: number): LiveBars {
  const series = new Map<number, Bar[]>();
  let next = venue.deployBlock;
  let newest = 0;

  function take(market: number, price: number, time: number): void {
    const ts = Math.floor(time / barSeconds) * barSeconds;
    const bars = series.get(market) ?? [];
    series.set(market, bars);
    const last = bars.at(-1);
    if (last?.ts === ts) {
      const [high, low] = [Math.max(last.high, price), Math.min(last.low, price)];
      bars[bars.length - 1] = { ts, high, low, close: price };
    } else {
      bars.push({ ts, high: price, low: price, close: price });
      if (bars.length > barsMax) bars.shift();
    }
  }

  return {
    async read(block) {
      while (next <= block) {
        const to = Math.min(next + blocksPerRead - 1, block);
        const logs = await reader.getLogs({
          address: venue.contracts.clearingHouse as Address,
          fromBlock: BigInt(next),
          toBlock: BigInt(to),
        });
        const events = parseEventLogs({ abi: clearingHouseAbi, logs, eventName: 'Refreshed' });
        for (const { args } of events) {
          newest = args.time;
          for (const { market, price } of readRefreshedQuotes(args.quotes)) {
            take(market, price, args.time);
          }
        }
        next = to + 1;
      }
    },
    of: (market) => (series.get(market) ?? []).filter(({ ts }) => ts + barSeconds <= newest),
    time: () => newest,
    reset() {
      series.clear();
      next = venue.deployBlock;
      newest = 0;
    },
  };
}
