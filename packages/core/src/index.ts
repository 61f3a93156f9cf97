/**
 * The whole exchange as one function of state and command. No clock, no randomness, no I/O: the
 * journal of commands is its only input, so replay gives the same hash.
 */
export { apply } from './apply.ts';
export { callSecondsMax } from './auction/call.ts';
export { type Clearing, clear } from './auction/clear.ts';
export type { Book, Buckets, Level, Resting } from './book/book.ts';
export { checkLaws } from './check.ts';
export { stateHash } from './hash.ts';
export { type ImpactView, impactView } from './impact.ts';
export { orderIntake } from './intake.ts';
export { mayOrder } from './limits.ts';
export { seizureOrder } from './seize.ts';
export { restore, snapshot } from './snapshot.ts';
export { createState } from './state.ts';
export type * from './types.ts';
export { judgeLife } from './validate.ts';
export {
  type AccountView,
  accountView,
  bestPrices,
  type CallView,
  callView,
  depth,
  type MarketView,
  marketView,
  ordersOf,
  unconfirmedFills,
} from './views.ts';
