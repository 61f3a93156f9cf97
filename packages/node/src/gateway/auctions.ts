/** Frames of the `auction` channels: what a call would come to, and what it came to. */
import { type CoreEvent, callView } from '@holdfast/core';
import type { MarketId } from '@holdfast/units';
import type { NodeParts } from '../parts.ts';

type Ended = CoreEvent & { readonly type: 'auction' };

const nothing = { price: 0, lots: 0, bid: 0, offered: 0 };

/** How a market matches now; in a call, with the indicative price. */
export function auctionFrame({ engine, clock }: NodeParts, market: MarketId): object {
  const call = callView(engine.state, market);
  const about = { op: 'auction', market, at: clock.now() };
  if (call === undefined) return { ...about, phase: 'continuous', ...nothing };
  return { ...about, phase: 'call', ...call };
}

/** The end of a call; its trades follow on their own channel. */
export function endFrame({ market, price, lots, bid, offered }: Ended, at: number): object {
  return { op: 'auction', market, at, phase: 'continuous', price, lots, bid, offered };
}
