/** What to do about a rejection, by its code. */
import type { Rejection } from '@holdfast/units';

const cures: Readonly<Record<string, string>> = {
  AccountUnknown: 'open an account first, or check its number',
  AllowanceShort: 'approve the vault for the amount first',
  AmountNotWhole: 'use at most 6 decimals',
  BalanceShort: 'get more of the token (on a test venue: the faucet)',
  BreakerTripped: 'only orders that reduce positions pass until the breaker expires; try later',
  DuplicateClientId: 'use a new client id for a new order',
  EpochWrong: 'read the account again and sign anew: a cancel-all came in between',
  ExpiryOutOfRange: 'give an expiry that lies ahead',
  FillOrKillShort: 'lower the size, move the limit, or use IOC to take what there is',
  FlagsConflict: 'a post-only order must be GTC',
  GasShort: 'send some of the chain’s native currency to the signing address',
  Halted: 'the node takes no orders; cancels and the chain stay open; try later',
  LoginExpired: 'connect again',
  LoginRequired: 'connect with the key of the account’s owner or a session key',
  MarginShort: 'deposit more, or lower the size',
  MarketUnknown: 'list the markets and use one of their symbols',
  NotAuthorized: 'sign with the owner’s key or an unexpired session key',
  NotLiquidatable: 'the account is healthy; nothing is to be done',
  NotOwner: 'sign with the key that owns the account; session keys only trade',
  OpenInterestExceeded: 'the market is full; trade a smaller size or reduce',
  OrderExpired: 'sign the order again with a later expiry',
  OrderUnknown: 'nothing rests there (any more); list the open orders',
  OrdersTooMany: 'cancel an order first',
  OutflowExceeded: 'the vault’s hourly or daily window is used up; withdraw less or later',
  OutsideBand: 'move the limit closer to the index price',
  Overloaded: 'send again in a moment',
  OverFilled: 'the order is filled already; use a higher seq',
  PositionsExceeded: 'close a position in another market first',
  PostOnlyCrosses: 'move the limit away from the other side, or drop post-only',
  PriceMissing: 'wait for the first price report',
  PriceOutOfRange: 'give a positive price',
  PriceStale: 'wait for the next price report, or push one yourself',
  RateLimited: 'slow down; the limit grows with traded volume',
  ReduceOnlyBroken: 'the order would grow or flip the position; lower its size',
  ReportStale: 'fetch a newer report',
  RoundNotNewer: 'the chain already has this report; send none',
  SelfTrade: 'the two orders belong to one account',
  SeqStale: 'the lane has moved on; use the next seq',
  SessionExpired: 'have the owner set the session key again',
  SignatureWrong: 'sign with the owner’s key or an unexpired session key, for this venue',
  SizeOutOfRange: 'give a positive size in whole lots',
  TokenUnlisted: 'deposit the venue’s own token',
  TooSoon: 'the sequencer’s last report is recent enough; nothing is to be done',
};

/** One sentence on how to cure a rejection, or undefined when nothing general can be said. */
export const cureOf = (code: string): string | undefined => cures[code];

/** Code, message and cure in one line for people. */
export function explain(rejection: Pick<Rejection, 'code' | 'message'>): string {
  const cure = cureOf(rejection.code);
  return `${rejection.code}: ${rejection.message}${cure ? ` – ${cure}` : ''}`;
}
