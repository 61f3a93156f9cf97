/** One command in, the state after it and its events out. */
import { callMarket, setPolicy } from './auction/call.ts';
import { confirmBatch, sealBatch, unwind } from './batch.ts';
import { cancelAll, cancelLane } from './cancel.ts';
import {
  applyExternal,
  killLane,
  openAccount,
  setBar,
  setBreaker,
  setDeadman,
  setEpoch,
  setLeverage,
  setParams,
  setSession,
} from './chain.ts';
import { widenInterest } from './interest.ts';
import { placeOrder } from './place.ts';
import { takeReport } from './report.ts';
import { seize } from './seize.ts';
import { type Context, createContext, holdConservation } from './state.ts';
import { advance } from './time.ts';
import type { Applied, Command, CommandOf, CommandType, State } from './types.ts';

/**
 * Applies a command. Mutates and returns `state`; equal states and commands give equal results.
 *
 * @throws AssertionError if time runs backwards or a law on conservation breaks: the state is then
 * unusable and the process must halt
 */
export function apply(state: State, command: Command): Applied {
  const ctx = createContext(state);
  advance(ctx, command.at);
  const handle = handlers[command.type] as (ctx: Context, command: Command) => void;
  handle(ctx, command);
  widenInterest(ctx);
  holdConservation(ctx);
  return { state, events: ctx.events };
}

type Handlers = { readonly [T in CommandType]: (ctx: Context, command: CommandOf<T>) => void };

const handlers: Handlers = {
  order: placeOrder,
  cancel: cancelLane,
  cancelAll,
  report: takeReport,
  open: openAccount,
  external: applyExternal,
  session: setSession,
  laneCancelled: killLane,
  epoch: setEpoch,
  leverage: setLeverage,
  params: setParams,
  breaker: setBreaker,
  bar: setBar,
  deadman: setDeadman,
  batch: sealBatch,
  confirmed: confirmBatch,
  unwind,
  seize,
  auctions: setPolicy,
  call: callMarket,
  // Time has passed by then, and that is all a tick is for.
  tick: () => {},
};
