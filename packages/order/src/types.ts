/** The order and its signed forms. */
import type { AccountId, Epoch, Lane, Lots, MarketId, Seconds, Seq, Ticks } from '@holdfast/units';

/** 0 good till cancelled, 1 immediate or cancel, 2 fill or kill. */
export type TimeInForce = 0 | 1 | 2;
export const GTC = 0 satisfies TimeInForce;
export const IOC = 1 satisfies TimeInForce;
export const FOK = 2 satisfies TimeInForce;

/** Names of the time-in-force values, by value. */
export const timeInForceNames = ['GTC', 'IOC', 'FOK'] as const;

/** Every effective field of an order: exactly what its owner signs. */
export type Order = {
  readonly account: AccountId;
  readonly market: MarketId;
  readonly isBuy: boolean;
  /** Lots, 1 .. 2^40 - 1. */
  readonly size: Lots;
  /** Limit in ticks, 1 .. 2^32 - 1. */
  readonly price: Ticks;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
  readonly postOnly: boolean;
  /** Dead from this venue second on. */
  readonly expiry: Seconds;
  readonly lane: Lane;
  readonly seq: Seq;
  /** The account's epoch at signing; `cancelAll` bumps it. Not carried in the packed form. */
  readonly epoch: Epoch;
};

/** A signature that a contract wallet judges (ERC-1271): any bytes. */
export type ContractSignature = { readonly contract: true; readonly bytes: Uint8Array };

/** 64 bytes EIP-2098 (r, vs), or what an ERC-1271 wallet takes. */
export type OrderSignature = Uint8Array | ContractSignature;

export type SignedOrder = Order & { readonly signature: OrderSignature };

/** Where a contract signature lies inside a batch's `signatures` bytes. */
export type SignatureSpan = { readonly offset: number; readonly length: number };

/** What the 90 bytes hold: an order without its epoch. */
export type PackedOrder = Omit<Order, 'epoch'> & {
  readonly signature: Uint8Array | SignatureSpan;
};

/** One fill of a batch: places of its two orders in the batch, lots, price in ticks. */
export type BatchFill = {
  readonly maker: number;
  readonly taker: number;
  readonly lots: Lots;
  readonly price: Ticks;
};

/** A login to the gateway, by the owner or an unexpired session key. */
export type Login = {
  readonly account: AccountId;
  readonly expiry: Seconds;
  /** 32 bytes, from the server's hello. */
  readonly nonce: Uint8Array;
};
