/** Random commands with auctions on one variant of the core, under every judge of them. */
import type * as core from '../src/index.ts';
import * as engine from '../src/index.ts';
import type { Command } from '../src/types.ts';
import { AuctionWatch, calling } from './auction-watch.ts';
import { opening } from './stream.ts';
import { config } from './support.ts';
import { Watch } from './watch.ts';

const commandsMax = 6_000;

/** What a market may not do while it collects, and when it may no longer collect. */
function breachOfCall(state: core.State, events: readonly core.CoreEvent[]): string | undefined {
  const ended = new Set<number>();
  for (const event of events) {
    if (event.type !== 'auction' && event.type !== 'fill') continue;
    const market = state.markets.get(event.market) as core.MarketState;
    if (event.type === 'auction') ended.add(market.id);
    else if (market.call !== undefined && !ended.has(market.id)) return `a call filled ${event.id}`;
    const view = engine.marketView(state, market.id);
    if (event.type === 'auction' && view?.fresh !== true) return 'an old price';
    if (event.type === 'auction' && view?.breakerLevel !== 0) return 'a breaker';
  }
  for (const { call, id } of state.markets.values()) {
    if (call === undefined || call.until > state.at) continue;
    const view = engine.marketView(state, id);
    if (view?.fresh === true && view.breakerLevel === 0) return `the call of ${id} is overdue`;
  }
  return undefined;
}

export type Played = { breach: string | undefined; watch: AuctionWatch };

export function play(variant: typeof core, seed: number, count = commandsMax): Played {
  const state = variant.createState(config);
  const laws = new Watch();
  const watch = new AuctionWatch();
  const next = calling(seed);
  const script = opening();
  let waiting: Command | undefined;
  for (let i = 0; i < count; i++) {
    const command: Command = script[i] ?? waiting ?? next(state);
    // What time alone does comes first, so that it is judged by what was in force then.
    const isLater = command.at > state.at && command.type !== 'tick' && i >= script.length;
    waiting = isLater ? command : undefined;
    const now: Command = isLater ? { type: 'tick', at: command.at } : command;
    try {
      watch.look(state);
      const { events } = variant.apply(state, now);
      laws.see(state, now, events);
      watch.see(events);
      const [breach] = [...laws.breaches, ...watch.breaches];
      const wrong = breach ?? breachOfCall(state, events) ?? sometimes(variant, state, i);
      if (wrong !== undefined) return { breach: wrong, watch };
    } catch (error) {
      return { breach: String(error), watch };
    }
  }
  return { breach: undefined, watch };
}

const sometimes = (variant: typeof core, state: core.State, i: number): string | undefined =>
  i % 50 === 0 ? variant.checkLaws(state)[0] : undefined;
