/** Orders as their owners sign them, and batches as a sequencer sends them. */
import { clearingHouseAbi } from '@holdfast/abi';
import {
  domain,
  domainSeparator,
  type Order,
  orderDigest,
  type SignedOrder,
  signDigest,
} from '@holdfast/order';
import { encodeBatch, type FillTerms } from '@holdfast/settle';
import type { Hex } from '@holdfast/units';
import { decodeFunctionData } from 'viem';
import { chainId } from './chain.ts';
import type { Ground } from './ground.ts';

/** Fields of an order as plain numbers. */
export type Fields = { readonly [K in keyof Order]?: Order[K] extends boolean ? boolean : number };

/** An order in words; what is not told is usual: it rests, for an hour, on the next lane seq. */
export interface OrderWish {
  /** Market by its symbol. */
  readonly market: string;
  readonly side: 'buy' | 'sell';
  /** Base units, as decimal text or number: `1.5`. */
  readonly size: number | string;
  /** Quote per base unit. */
  readonly price: number | string;
  /** Fields as they are signed, over all of the above. */
  readonly fields?: Fields;
  /** Chain and contract that the signature is for, where it is not this venue. */
  readonly domain?: { readonly chainId?: number; readonly clearingHouse?: Hex };
}

async function epochOf(world: Ground, account: number): Promise<number> {
  const [, , epoch] = (await world.read('clearingHouse', 'account', account)) as unknown[];
  return Number(epoch);
}

/** The order of a person of the world, signed by this key. */
export async function signedOrder(
  world: Ground,
  name: string,
  wish: OrderWish,
): Promise<SignedOrder> {
  const { account } = world.person(name);
  const { memory, keys } = world;
  const seq = (memory.seqs.get(account) ?? 0) + 1;
  memory.seqs.set(account, seq);
  const epoch = wish.fields?.epoch ?? (await epochOf(world, account));
  const order = {
    account,
    market: world.market(wish.market).id,
    isBuy: wish.side === 'buy',
    size: world.lots(wish.market, wish.size),
    price: world.ticks(wish.market, wish.price),
    timeInForce: 0,
    reduceOnly: false,
    postOnly: false,
    expiry: memory.time + 3_600,
    lane: seq % 16,
    seq,
    epoch,
    ...wish.fields,
  } as unknown as Order;
  const { clearingHouse } = world.venue.contracts;
  const where = { chainId, clearingHouse, ...wish.domain };
  const separator = domainSeparator(domain(where.chainId, where.clearingHouse));
  return { ...order, signature: signDigest(orderDigest(separator, order), keys.secret(name)) };
}

/** A fill of two orders; lots and price are those of the maker unless told. */
export interface FillWish {
  readonly maker: SignedOrder;
  readonly taker: SignedOrder;
  readonly lots?: number;
  /** Ticks. */
  readonly price?: number;
}

export interface BatchWish {
  readonly report?: Hex;
  readonly number?: number;
  readonly previous?: Hex;
}

/** Calldata of `settle`, by the encoder that the node's settler uses. */
export async function batchOf(
  world: Ground,
  fills: readonly FillWish[],
  { report = '0x', number, previous }: BatchWish = {},
): Promise<Hex> {
  const last = Number(await world.read('clearingHouse', 'batchNumber'));
  const head = (await world.read('clearingHouse', 'batchHead')) as Hex;
  const terms = fills.map(({ maker, taker, lots, price }, id) => ({
    id,
    market: maker.market,
    maker,
    taker,
    lots: lots ?? Math.min(maker.size, taker.size),
    price: price ?? maker.price,
  })) as unknown as FillTerms[];
  const { calldata } = encodeBatch(terms, {
    number: number ?? last + 1,
    previous: previous ?? head,
    receipts: `0x${'00'.repeat(32)}`,
    report,
    round: null,
  });
  return calldata;
}

/** The batch inside the calldata of `settle`, to be tampered with. */
export function batchInside(calldata: Hex) {
  const { args } = decodeFunctionData({ abi: clearingHouseAbi, data: calldata });
  return (args as readonly [Record<string, unknown>])[0];
}
