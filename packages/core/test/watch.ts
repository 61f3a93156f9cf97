/**
 * A watcher that follows events alone with its own arithmetic and holds the laws of @holdfast/laws
 * on every fill, twice: around the fill, and around all fills since the last report, which is what
 * the chain would see in one batch.
 */
import { judge } from '@holdfast/laws';
import type { SignedOrder } from '@holdfast/order';
import { type AccountId, lots, type MarketId } from '@holdfast/units';
import type { AccountState, Command, CoreEvent, FillEvent, FillSide, State } from '../src/types.ts';

type Shadow = { cash: bigint; sizes: Map<MarketId, number> };
type Valued = { equity: bigint; initial: bigint; maintenance: bigint };

const up = (amount: bigint, ppm: number): bigint => (amount * BigInt(ppm) + 999_999n) / 1_000_000n;

/** Drift stays until it is compared, so not every command needs to be. */
const compareEvery = 4;

export class Watch {
  readonly breaches: string[] = [];
  private readonly now = new Map<AccountId, Shadow>();
  private readonly base = new Map<AccountId, Shadow>();
  private readonly orders = new Map<string, SignedOrder>();

  private seen = 0;

  /** To be called after each command with its events. */
  see(state: State, command: Command, events: readonly CoreEvent[]): void {
    const accepted = events.some(({ type }) => type === 'accepted');
    if (command.type === 'order' && accepted) this.remember(command.order);
    if (command.type === 'seize' && accepted) this.seizure(state, command.account, events);
    for (const event of events) {
      if (event.type === 'fill') this.fill(state, event);
      else if (event.type === 'report') this.beginRound();
    }
    const own = /^(order|seize|cancel|call|report)/.test(command.type);
    this.seen += 1;
    if (own || command.type === 'tick') {
      if (this.seen % compareEvery === 0) this.compare(state, command);
    } else this.copy(state);
  }

  private hold(kept: boolean, breach: string): void {
    if (!kept) this.breaches.push(breach);
  }

  /** The order is the protocol's own: events name it, and the fills in flight carry it. */
  private seizure(state: State, id: AccountId, events: readonly CoreEvent[]): void {
    const { equity, maintenance } = this.valued(state, id);
    this.hold(equity >= 0n && equity < maintenance, `seizure: account ${id} is not in need`);
    for (const event of events) {
      const order = event.type === 'fill' ? state.unconfirmed.get(event.id)?.taker : undefined;
      if (order !== undefined) this.remember(order);
    }
  }

  private remember(order: SignedOrder): void {
    const { account, lane, seq } = order;
    const key = `${account}/${lane}/${seq}`;
    this.orders.set(key, order);
  }

  private fill(state: State, event: FillEvent): void {
    const { id, price, maker, taker } = event;
    this.hold(maker.account !== taker.account, `fill ${id}: self trade`);
    const market = state.markets.get(event.market);
    if (market === undefined) throw new Error(`fill ${id} is in no market`);
    const { params } = market;
    const band = { price, referencePrice: market.price, bandPpm: params.fillBandPpm };
    this.hold(judge('withinBand', band), `L10 fill ${id}: outside the band`);
    const fresh = judge('priceValid', {
      price: market.price,
      priceTime: market.priceTime,
      nowTime: state.at,
      ageSecondsMax: params.priceAgeSecondsMax,
      skewSecondsMax: state.config.reportSkewSecondsMax,
    });
    this.hold(fresh, `L08 fill ${id}: stale price`);
    const before = [this.valued(state, maker.account), this.valued(state, taker.account)];
    const sizes = [this.sizeOf(maker, event), this.sizeOf(taker, event)];
    const openBefore = this.openInterest(event.market);
    for (const side of [maker, taker]) this.book(event, side, params.tickValue);
    const openInterest = {
      openInterestBefore: openBefore,
      openInterestAfter: this.openInterest(event.market),
      openInterestMax: params.openInterestMax,
    };
    this.hold(judge('openInterestWithin', openInterest), `L06 fill ${id}: open interest`);
    [maker, taker].forEach((side, i) => {
      this.order(event, side, sizes[i] ?? 0);
      this.health(state, event, side, before[i] as Valued, sizes[i] ?? 0);
    });
  }

  private sizeOf(side: FillSide, { market }: FillEvent): number {
    return this.shadow(this.now, side.account).sizes.get(market) ?? 0;
  }

  /** The money of one side, by the formula of the specification. */
  private book(event: FillEvent, side: FillSide, tickValue: number): void {
    const shadow = this.shadow(this.now, side.account);
    const fees = this.shadow(this.now, 1 as AccountId);
    const unit = ((BigInt(event.price) * BigInt(tickValue)) << 32n) - event.index;
    const signed = side.isBuy ? event.lots : -event.lots;
    const fee = side === event.maker ? event.makerFee : event.takerFee;
    shadow.cash -= BigInt(signed) * unit + (fee << 32n);
    fees.cash += fee << 32n;
    shadow.sizes.set(event.market, (shadow.sizes.get(event.market) ?? 0) + signed);
  }

  private order(event: FillEvent, side: FillSide, sizeBefore: number): void {
    const { id, price } = event;
    const key = `${side.account}/${side.lane}/${side.seq}`;
    const order = this.orders.get(key);
    if (order === undefined) throw new Error(`fill ${id} is of an unknown order ${key}`);
    const limit = { isBuy: order.isBuy, limit: order.price, price };
    this.hold(judge('fillWithin', limit), `L12 fill ${id}: beyond the limit`);
    const filledBefore = side.filled - event.lots;
    const lane = {
      seqBefore: side.seq,
      filledBefore,
      seqAfter: side.seq,
      filledAfter: side.filled,
      size: order.size,
    };
    this.hold(judge('laneLawful', lane), `L11 fill ${id}: lane`);
    this.hold(order.expiry > event.at, `fill ${id}: expired order`);
    const sizeAfter = this.sizeOf(side, event);
    if (order.reduceOnly) {
      this.hold(judge('reduceOnlyHeld', { sizeBefore, sizeAfter }), `L13 fill ${id}: reduce only`);
    }
  }

  private health(
    state: State,
    event: FillEvent,
    side: FillSide,
    before: Valued,
    sizeBefore: number,
  ): void {
    const after = this.valued(state, side.account);
    const sizeAfter = this.sizeOf(side, event);
    const grew = !judge('reduceOnlyHeld', { sizeBefore, sizeAfter });
    this.hold(judgeHealth(before, after, grew), `L07 fill ${event.id}: account ${side.account}`);
    const base = this.shadow(this.base, side.account);
    const start = this.worth(state, base);
    const sizes = this.shadow(this.now, side.account).sizes;
    const grewAll = [...sizes].some(
      ([id, size]) =>
        !judge('reduceOnlyHeld', { sizeBefore: base.sizes.get(id) ?? 0, sizeAfter: size }),
    );
    this.hold(
      judgeHealth(start, after, grewAll),
      `L07 over the round up to fill ${event.id}: account ${side.account}`,
    );
  }

  private openInterest(market: MarketId): number {
    let sum = 0;
    for (const { sizes } of this.now.values()) sum += Math.max(sizes.get(market) ?? 0, 0);
    return sum;
  }

  private valued(state: State, id: AccountId): Valued {
    return this.worth(state, this.shadow(this.now, id));
  }

  private worth(state: State, { cash, sizes }: Shadow): Valued {
    let equityQ32 = cash;
    let initial = 0n;
    let maintenance = 0n;
    for (const [id, size] of sizes) {
      const market = state.markets.get(id);
      if (market === undefined || size === 0) continue;
      const value = BigInt(market.mark) * BigInt(market.params.tickValue);
      equityQ32 += BigInt(size) * ((value << 32n) - market.index);
      const notional = BigInt(Math.abs(size)) * value;
      initial += up(notional, market.params.initialPpm);
      maintenance += up(notional, market.params.maintenancePpm);
    }
    return { equity: equityQ32 >> 32n, initial, maintenance };
  }

  private shadow(of: Map<AccountId, Shadow>, id: AccountId): Shadow {
    let found = of.get(id);
    if (found === undefined) {
      found = { cash: 0n, sizes: new Map() };
      of.set(id, found);
    }
    return found;
  }

  /** Events must explain every account: nothing moves silently. */
  private compare(state: State, command: Command): void {
    for (const account of state.accounts.values()) {
      const shadow = this.shadow(this.now, account.id);
      const same = shadow.cash === account.cash && sameSizes(shadow, account);
      this.hold(same, `${command.type}: account ${account.id} is not what its events say`);
    }
  }

  /** What a batch under this report finds. */
  private beginRound(): void {
    for (const [id, { cash, sizes }] of this.now)
      this.base.set(id, { cash, sizes: new Map(sizes) });
  }

  /** After effects from outside: they shift the start of the round as well. */
  private copy(state: State): void {
    for (const account of state.accounts.values()) {
      const shadow = this.shadow(this.now, account.id);
      const base = this.shadow(this.base, account.id);
      const cash = account.cash - shadow.cash;
      base.cash += cash;
      for (const id of state.markets.keys()) {
        const size = lots(account.positions.get(id) ?? 0);
        const delta = size - (shadow.sizes.get(id) ?? 0);
        base.sizes.set(id, (base.sizes.get(id) ?? 0) + delta);
        shadow.sizes.set(id, size);
      }
      shadow.cash = account.cash;
    }
  }
}

function sameSizes(shadow: Shadow, account: AccountState): boolean {
  for (const [id, size] of shadow.sizes) {
    if (size !== (account.positions.get(id) ?? 0)) return false;
  }
  return [...account.positions].every(([id, size]) => shadow.sizes.get(id) === size);
}

function judgeHealth(before: Valued, after: Valued, grew: boolean): boolean {
  return judge('healthyOrHealthier', {
    equityBefore: before.equity,
    maintenanceBefore: before.maintenance,
    equityAfter: after.equity,
    initialAfter: after.initial,
    maintenanceAfter: after.maintenance,
    grew,
  });
}
