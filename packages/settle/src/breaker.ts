/** Levels in force, as the breaker and the clearing house have them at some second. */
import { type Resume, resumeAfterHalt, resumeLevel, resumeMoments } from '@holdfast/risk';
import { accountId, seconds } from '@holdfast/units';
import type { Draft } from './effects.ts';
import { type Mirror, type MirrorBreaker, type MirrorMarket, noBreaker } from './mirror.ts';

/** What is in force of a scope, and until when it stays so. */
export type Standing = { readonly level: number; readonly until: number };

/** Scopes of markets end here; above are those of withdrawals and accounts. */
const scopeOfMarketMax = 256;
const levelMax = 3;
/** Longer than any outage: its end is not known before the report that brings it. */
const outageSeconds = 365 * 86_400;

const halted = ({ since, untils }: MirrorBreaker): Resume => resumeAfterHalt(since, untils[2]);

function setLevel({ untils }: MirrorBreaker, now: number): number {
  return untils.findLastIndex((until) => now < until) + 1;
}

/** Level in force of one scope by its entry alone. */
export function scopeLevel(mirror: Mirror, scope: number, now: number): number {
  const entry = mirror.breaker.get(scope);
  if (entry === undefined) return 0;
  return Math.max(setLevel(entry, now), resumeLevel(halted(entry), now));
}

/**
 * Level in force of a market: the highest of its own scope, the venue's, and its way back from an
 * outage of its price.
 *
 * @param row the market, where it is newer than in the mirror
 */
export function breakerLevel(
  mirror: Mirror,
  market: number,
  now: number,
  row: MirrorMarket | undefined = mirror.markets.get(market),
): number {
  return Math.max(
    scopeLevel(mirror, 0, now),
    scopeLevel(mirror, 1 + market, now),
    row === undefined ? 0 : resumeLevel(row.resume, now),
  );
}

/** Whether an account may not grow or flip. */
export function isBarred(mirror: Mirror, account: number, now: number): boolean {
  return now < (mirror.barred.get(account) ?? 0);
}

/**
 * What is in force of a scope as the core shall have it. A market whose price on chain is too old
 * to be used is halted already: the report that ends the outage finds it so.
 */
function wantedOf(mirror: Mirror, scope: number, now: number): Standing {
  const entry = mirror.breaker.get(scope) ?? noBreaker;
  const market = scope === 0 ? undefined : mirror.markets.get(scope - 1);
  const ageMax = mirror.params.get(scope - 1)?.priceAgeSecondsMax ?? 0;
  if (market !== undefined && market.priceTime !== 0 && now > market.priceTime + ageMax) {
    return { level: levelMax, until: market.priceTime + outageSeconds };
  }
  const ways = [halted(entry), ...(market === undefined ? [] : [market.resume])];
  const levelAt = (time: number): number =>
    Math.max(setLevel(entry, time), ...ways.map((way) => resumeLevel(way, time)));
  const level = levelAt(now);
  const moments = [...entry.untils, ...ways.flatMap(resumeMoments)].filter((time) => time > now);
  moments.sort((a, b) => a - b);
  const until = moments.find((time) => levelAt(time) !== level);
  return { level, until: level === 0 ? 0 : (until as number) };
}

/**
 * The core keeps one level per scope, the chain several expiries and the ways back. This says what
 * to tell the core so that both have the same level in force now; it is asked again as time passes.
 *
 * @param known what the core has
 */
export function breakerDrafts(
  mirror: Mirror,
  known: ReadonlyMap<number, Standing>,
  now: number,
): Draft[] {
  const drafts: Draft[] = [];
  const markets = [...mirror.markets.keys()].map((market) => 1 + market);
  for (const scope of new Set([...mirror.breaker.keys(), ...markets, ...known.keys()])) {
    if (scope > scopeOfMarketMax) continue;
    const wanted = wantedOf(mirror, scope, now);
    const held = known.get(scope);
    const inForce = held !== undefined && now < held.until ? held : { level: 0, until: 0 };
    if (inForce.level === wanted.level && inForce.until === wanted.until) continue;
    drafts.push({ type: 'breaker', scope, level: wanted.level, until: seconds(wanted.until) });
  }
  return drafts;
}

/**
 * What to tell the core of accounts that may not grow, so that it knows of those and no others.
 *
 * @param known until when each is barred, as the core has it
 */
export function barDrafts(
  { barred }: Mirror,
  known: ReadonlyMap<number, number>,
  now: number,
): Draft[] {
  const drafts: Draft[] = [];
  for (const id of new Set([...barred.keys(), ...known.keys()])) {
    const [wanted, held] = [barred.get(id) ?? 0, known.get(id) ?? 0];
    if (wanted === held || Math.max(wanted, held) <= now) continue;
    drafts.push({ type: 'bar', account: accountId(id), until: seconds(wanted) });
  }
  return drafts;
}
