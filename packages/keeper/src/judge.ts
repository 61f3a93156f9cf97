import { acceptMark, withinBand } from '@holdfast/oracle';
import { health, liquidatable, type MarketContext, notional } from '@holdfast/risk';
import { type AccountId, type MarketId, ppm, type Ticks } from '@holdfast/units';
import type { Mirror } from './mirror.ts';

/** A report as the relay serves it. */
export interface KeptReport {
  round: number;
  time: number;
  raw: `0x${string}`;
  quotes: readonly { market: number; price: number; mark: number; rate: number }[];
}

/**
 * The newest report that the chain would accept: after the last round, not too old, and within
 * the band of every market. After a long quiet time the newest of all may be out of reach of the
 * band, and the way there goes over older ones.
 *
 * @param now venue time, seconds
 */
export function usableReport(
  reports: readonly KeptReport[],
  mirror: Mirror,
  now: number,
): KeptReport | undefined {
  const ageMax = Math.max(...[...mirror.markets.values()].map((each) => each.priceAgeSecondsMax));
  const fits = (report: KeptReport): boolean =>
    report.round > mirror.round() &&
    report.time > mirror.reportTime() &&
    report.time >= now - ageMax + 5 &&
    report.quotes.every(({ market, price }) => {
      const before = mirror.marks.get(market as MarketId)?.price;
      const band = mirror.markets.get(market as MarketId)?.bandPpm;
      if (band === undefined) return false;
      return before === undefined || withinBand(price as Ticks, before, ppm(band));
    });
  return reports.filter(fits).reduce<KeptReport | undefined>((best, report) => {
    return best === undefined || report.round > best.round ? report : best;
  }, undefined);
}

/** The marks that the chain would accept from a report, by market. */
export function marksAfter(report: KeptReport, mirror: Mirror): ReadonlyMap<number, Ticks> {
  const marks = new Map<number, Ticks>();
  for (const [id, { markClampPpm }] of mirror.markets) {
    const quote = report.quotes.find(({ market }) => market === id);
    if (quote === undefined) continue;
    const seen = mirror.marks.get(id);
    const before = seen && { price: seen.price as Ticks, mark: seen.mark as Ticks };
    marks.set(id, acceptMark(quote.mark, before, quote.price as Ticks, ppm(markClampPpm)));
  }
  return marks;
}

/** An account that may be liquidated, and its positions, the largest first. */
export interface Victim {
  account: AccountId;
  equity: bigint;
  maintenance: bigint;
  markets: MarketId[];
}

/**
 * Accounts below maintenance at these marks.
 *
 * @param spare account ids that are never touched (the keeper's own)
 */
export function findVictims(
  mirror: Mirror,
  context: (market: MarketId) => MarketContext | undefined,
  spare: (account: AccountId) => boolean,
): Victim[] {
  const victims: Victim[] = [];
  for (const [account, state] of mirror.accounts) {
    const ids = [...state.positions.keys()];
    if (ids.length === 0 || spare(account)) continue;
    if (ids.some((id) => context(id) === undefined)) continue;
    const of = (id: MarketId): MarketContext => context(id) as MarketContext;
    const now = health(state, of);
    if (!liquidatable(now)) continue;
    const worth = (id: MarketId): bigint =>
      notional(state.positions.get(id) ?? 0, of(id).price, of(id).tickValue);
    const markets = ids.sort((a, b) => (worth(a) < worth(b) ? 1 : -1));
    victims.push({ account, equity: now.equity, maintenance: now.maintenance, markets });
  }
  return victims.sort((a, b) => (a.equity - a.maintenance < b.equity - b.maintenance ? -1 : 1));
}
