/** Orders of the protocol: what the venue itself sells of an account below maintenance. */
import type { AccountId, Epoch, Lane, Lots, MarketId, Seconds, Seq, Ticks } from '@holdfast/units';
import { IOC, type SignedOrder } from './types.ts';

/**
 * The lane of the protocol in every account. Its orders are signed by nobody: the chain judges them
 * as a liquidation instead. Nobody else may use or cancel it.
 */
export const protocolLane = 65_535 as Lane;
/** The last lane that a trader may use. */
export const laneMax = protocolLane - 1;

/** Whether an order is the protocol's. */
export const isProtocol = ({ lane }: { readonly lane: number }): boolean => lane === protocolLane;

/** What an order of the protocol may choose. */
export type ProtocolTerms = {
  readonly account: AccountId;
  readonly market: MarketId;
  readonly isBuy: boolean;
  readonly size: Lots;
  readonly price: Ticks;
  readonly expiry: Seconds;
  readonly seq: Seq;
  readonly epoch: Epoch;
};

/** An order of the protocol: it only reduces and never rests, and its signature is empty. */
export function protocolOrder(terms: ProtocolTerms): SignedOrder {
  return {
    ...terms,
    timeInForce: IOC,
    reduceOnly: true,
    postOnly: false,
    lane: protocolLane,
    signature: new Uint8Array(64),
  };
}
