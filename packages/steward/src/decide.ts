/** What a steward does about one market, and why: pure, so that it can be told and tested. */
import { type Measured, wantedTuple } from '@holdfast/forecast';
import {
  decayed,
  type RiskTuple,
  refuseMove,
  refuseNotice,
  sameTuple,
  stepRange,
  towards,
} from '@holdfast/risk';
import type { SteeredMarket } from './chain.ts';

/** The outcome of a look at a market. */
export type Plan =
  | { readonly do: 'rest'; readonly why: string }
  | { readonly do: 'move'; readonly why: string; readonly tuple: RiskTuple }
  | { readonly do: 'decay'; readonly why: string; readonly tuple: RiskTuple };

/** A maintenance margin to announce, beside whatever is moved. */
export type Notice = number | undefined;

/** A tuple is renewed when less than this part of its time is left. */
const renewPart = 0.5;

const isSteered = (market: SteeredMarket): boolean => !sameTuple(market.anchor, market.current);

function decayPlan(market: SteeredMarket, why: string): Plan {
  const next = decayed(market);
  if (typeof next === 'string') return { do: 'rest', why: `${why} (${next})` };
  return { do: 'decay', why, tuple: next };
}

/**
 * Chooses the lawful tuple that is closest to what measured risk asks for.
 *
 * @param measured undefined when the model fails: then nothing is renewed, and what has expired
 *   goes back to the anchor
 * @param inputTime second of the newest input
 */
export function decide(
  market: SteeredMarket,
  measured: Measured | undefined,
  inputTime: number,
): Plan {
  const { anchor, current, terms, course, now } = market;
  const wanted = measured && wantedTuple(anchor, measured);
  if (wanted === undefined) {
    if (!isSteered(market)) return { do: 'rest', why: 'no forecast; the anchor is in force' };
    return decayPlan(market, 'no forecast: what was tightened expires and decays');
  }
  const tuple = towards(wanted, anchor, current, terms, course, now);
  const left = course.expiresAt - now;
  if (sameTuple(tuple, current)) {
    if (!isSteered(market)) return { do: 'rest', why: 'the anchor is enough' };
    if (left > terms.holdSeconds * renewPart) return { do: 'rest', why: 'in force' };
  }
  const refused = refuseMove(market, tuple, inputTime);
  if (refused !== undefined) return { do: 'rest', why: refused };
  return { do: 'move', why: sameTuple(tuple, current) ? 'renewed' : 'measured risk', tuple };
}

/**
 * The maintenance margin to announce now, if measured risk asks for a higher one and none waits.
 *
 * @param measured as {@link decide}
 */
export function notice(market: SteeredMarket, measured: Measured | undefined): Notice {
  const { anchor, current, terms, course, now } = market;
  const wanted = measured && wantedTuple(anchor, measured);
  if (wanted === undefined || wanted.maintenancePpm <= current.maintenancePpm) return undefined;
  const isWaiting = course.noticePpm !== 0 && now <= course.noticeReadyAt + 86_400;
  if (isWaiting) return undefined;
  const [, high] = stepRange('maintenancePpm', anchor, current, terms, 3_600);
  const next = Math.min(high, wanted.maintenancePpm);
  return refuseNotice(market, next) === undefined ? next : undefined;
}
