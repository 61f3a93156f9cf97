/** The chain's logs as events of the book. Pure: the caller reads logs and calldata. */
import { clearingHouseAbi, iConfidentialPoolAbi, vaultAbi } from '@holdfast/abi';
import { packedFillBytes, packedOrderBytes, unpackFill, unpackOrder } from '@holdfast/order';
import { type ChainEvent, decodeLog, type RawLog, type Sources } from '@holdfast/settle';
import { EnvironmentError, fromHex, type Hex, isRejection } from '@holdfast/units';
import { decodeEventLog, decodeFunctionData } from 'viem';
import type { BookEvent, BookFill } from './book.ts';

export type PoolSources = Sources & {
  readonly pool: Hex;
  readonly vault: Hex;
  /** The omnibus account. */
  readonly account: number;
  /** Token units per quote unit. */
  readonly scale: bigint;
};

/** Whose an order of the omnibus account is. */
export type OwnerOf = (lane: number, seq: number) => number | undefined;

/** The sides of the omnibus account in a batch's fills, in their order. */
export function fillsOfBatch(input: Hex, account: number, ownerOf: OwnerOf): BookFill[] {
  const { functionName, args } = decodeFunctionData({ abi: clearingHouseAbi, data: input });
  if (functionName !== 'settle') {
    throw new EnvironmentError('BatchUnread', 'a batch came by a call that is not settle');
  }
  const [batch] = args as readonly [{ readonly orders: Hex; readonly fills: Hex }];
  const orders = fromHex(batch.orders);
  const fills = fromHex(batch.fills);
  const sides: BookFill[] = [];
  for (let at = 0; at < fills.length; at += packedFillBytes) {
    const fill = unpackFill(fills, at);
    if (isRejection(fill)) throw new EnvironmentError('BatchUnread', fill.message);
    const { lots, price } = fill;
    for (const role of ['maker', 'taker'] as const) {
      const place = fill[role] * packedOrderBytes;
      const order = unpackOrder(orders.slice(place, place + packedOrderBytes));
      if (isRejection(order) || order.account !== account) continue;
      const member = ownerOf(order.lane, order.seq);
      const signed = order.isBuy ? lots : -lots;
      sides.push({ member, market: order.market, lots: signed, price, role });
    }
  }
  return sides;
}

function marketEvents(event: ChainEvent): BookEvent[] {
  if (event.type === 'Refreshed') {
    return event.quotes.map(({ market, mark, indexAfter }) => ({
      type: 'market',
      market,
      to: { mark, index: indexAfter },
    }));
  }
  if (event.type !== 'MarketSet') return [];
  const { tickValue, initialPpm, maintenancePpm, takerFeePpm, makerFeePpm } = event.params;
  const to = { tickValue, initialPpm, maintenancePpm, takerFeePpm, makerFeePpm };
  return [{ type: 'market', market: event.market, to }];
}

function houseEvents(s: PoolSources, event: ChainEvent, fills: () => BookFill[]): BookEvent[] {
  switch (event.type) {
    case 'Settled':
    case 'Touched': {
      const found = event.accounts.filter(({ account }) => account === s.account);
      if (found.length === 0) return [];
      const own = event.type === 'Settled' ? [{ type: 'fills' as const, fills: fills() }] : [];
      return [
        ...own,
        ...found.map(({ cashAfter, sizes }) => ({
          type: 'omnibus' as const,
          cash: cashAfter,
          sizes,
        })),
      ];
    }
    case 'Deposited':
    case 'Withdrawn':
      if (event.account !== s.account) return [];
      return [{ type: 'omnibus', cash: event.cashAfter, sizes: [] }];
    case 'Levied':
      return [{ type: 'levied', market: event.market, perLot: event.perLot }];
    default:
      return marketEvents(event);
  }
}

/** Reads logs into events; remembers which queued withdrawal is whose. */
export function createReader(s: PoolSources, ownerOf: OwnerOf) {
  const queued = new Map<bigint, number>();

  function poolEvents(log: RawLog): BookEvent[] {
    const topics = log.topics as [Hex, ...Hex[]];
    const { eventName, args } = decodeEventLog({
      abi: iConfidentialPoolAbi,
      data: log.data,
      topics,
    });
    if (eventName === 'MemberJoined') {
      return [{ type: 'joined', address: args.member, key: args.key }];
    }
    if (eventName === 'MemberDeposited') {
      return [{ type: 'flow', member: args.number, quote: args.quote }];
    }
    if (eventName !== 'MemberPaid') return [];
    if (args.queuedId !== 0n) queued.set(args.queuedId, args.number);
    return [{ type: 'flow', member: args.number, quote: -args.quote }];
  }

  /** A payout that was stopped comes back to whom it was for. */
  function vaultEvents(log: RawLog): BookEvent[] {
    const topics = log.topics as [Hex, ...Hex[]];
    const { eventName, args } = decodeEventLog({ abi: vaultAbi, data: log.data, topics });
    if (eventName !== 'Returned') return [];
    const { id, account, amount } = args as { id: bigint; account: number; amount: bigint };
    const member = queued.get(id);
    if (account !== s.account || member === undefined) return [];
    return [{ type: 'flow', member, quote: amount / s.scale }];
  }

  const isFlow = ({ type }: BookEvent): boolean => type === 'flow' || type === 'joined';

  return {
    /**
     * Events of one transaction's logs, in order; flows first, so that what the clearing house
     * says of the account contains them.
     */
    eventsOf(logs: readonly RawLog[], input: () => Hex): BookEvent[] {
      const events = logs.flatMap((log) => {
        if (log.address === s.pool) return poolEvents(log);
        if (log.address === s.vault) return vaultEvents(log);
        const event = decodeLog(s, log);
        if (event === undefined) return [];
        return houseEvents(s, event, () => fillsOfBatch(input(), s.account, ownerOf));
      });
      return [...events.filter(isFlow), ...events.filter((each) => !isFlow(each))];
    },
  };
}
