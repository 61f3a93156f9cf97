/** A venue whose operator uses auctions. */
import { marketId, seconds } from '@holdfast/units';
import { type CallView, callView } from '../src/index.ts';
import type { CoreEvent } from '../src/types.ts';
import { Venue } from './support.ts';

export const market = marketId(0);

/** A venue with the operator's commands. */
export class Hall extends Venue {
  call(length = 30): readonly CoreEvent[] {
    return this.run({ type: 'call', at: seconds(this.at), market, seconds: length });
  }

  policy(openSeconds: number, reopenSeconds: number, scope = 0): readonly CoreEvent[] {
    const policy = { openSeconds, reopenSeconds };
    return this.run({ type: 'auctions', at: seconds(this.at), scope, policy });
  }

  breaker(level: number, length: number, scope = 0): readonly CoreEvent[] {
    const until = seconds(this.at + length);
    return this.run({ type: 'breaker', at: seconds(this.at), scope, level, until });
  }

  wait(length: number): readonly CoreEvent[] {
    this.at += length;
    return this.run({ type: 'tick', at: seconds(this.at) });
  }

  view(): CallView | undefined {
    return callView(this.state, market);
  }

  isCalling(id = 0): boolean {
    return this.state.markets.get(marketId(id))?.call !== undefined;
  }
}

export function auctionOf(events: readonly CoreEvent[]) {
  const found = events.find(({ type }) => type === 'auction');
  return found?.type === 'auction' ? found : undefined;
}
