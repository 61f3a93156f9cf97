import type { CoreEvent, FillEvent } from '@holdfast/core';
import type { AccountId, MarketId } from '@holdfast/units';

/** A fill and how far it got: matched, sealed into a batch, confirmed on chain, or unwound. */
export type TapeFill = FillEvent & {
  readonly status: 'matched' | 'sealed' | 'settled' | 'unwound';
  readonly batch: number | undefined;
};

/** The recent past, for people who ask: fills by market and account, batches by number. */
export type Tape = {
  take(events: readonly CoreEvent[]): void;
  fill(id: number): TapeFill | undefined;
  /** Newest first. */
  fills(filter: { account?: AccountId; market?: MarketId; limit: number }): TapeFill[];
  /** Price of a market's last fill, ticks. */
  last(market: MarketId): number | undefined;
  batch(number: number): { number: number; fillIds: readonly number[] } | undefined;
  export(): unknown;
};

type Exported = { fills: TapeFill[]; batches: [number, readonly number[]][] };

/** @param fillsMax - fills that are kept */
export function createTape(exported?: unknown, fillsMax = 50_000): Tape {
  const from = exported as Exported | undefined;
  const fills = new Map<number, TapeFill>(from?.fills.map((fill) => [fill.id, fill]));
  const batches = new Map<number, readonly number[]>(from?.batches);
  const lasts = new Map<number, number>(from?.fills.map(({ market, price }) => [market, price]));

  function mark(ids: readonly number[], change: Partial<TapeFill>): void {
    for (const id of ids) {
      const fill = fills.get(id);
      if (fill !== undefined) fills.set(id, { ...fill, ...change });
    }
  }

  function trim(map: Map<number, unknown>, size: number): void {
    for (const key of map.keys()) {
      if (map.size <= size) return;
      map.delete(key);
    }
  }

  function takeOne(event: CoreEvent): void {
    if (event.type === 'fill') {
      fills.set(event.id, { ...event, status: 'matched', batch: undefined });
      trim(fills, fillsMax);
      lasts.set(event.market, event.price);
    } else if (event.type === 'batch') {
      batches.set(event.number, event.fillIds);
      trim(batches, fillsMax);
      mark(event.fillIds, { status: 'sealed', batch: event.number });
    } else if (event.type === 'confirmed') {
      mark(event.fillIds, { status: 'settled' });
    } else if (event.type === 'unwound') {
      mark(event.fillIds, { status: 'unwound' });
    }
  }

  return {
    take: (events) => events.forEach(takeOne),
    fill: (id) => fills.get(id),
    last: (market) => lasts.get(market),
    fills({ account, market, limit }) {
      const found: TapeFill[] = [];
      for (const fill of [...fills.values()].reverse()) {
        if (found.length >= limit) break;
        if (market !== undefined && fill.market !== market) continue;
        const isMine = fill.maker.account === account || fill.taker.account === account;
        if (account === undefined || isMine) found.push(fill);
      }
      return found;
    },
    batch(number) {
      const fillIds = batches.get(number);
      return fillIds === undefined ? undefined : { number, fillIds };
    },
    export: (): Exported => ({ fills: [...fills.values()], batches: [...batches] }),
  };
}
