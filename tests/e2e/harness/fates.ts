/** What became of every order and every fill, by the events that a journal makes. */
import type { Command, CoreEvent, FillEvent, State } from '@holdfast/core';
import type { AccountId, Lane } from '@holdfast/units';
import type { ChainFill } from './judge.ts';
import type { Records } from './records.ts';

type Fate = {
  readonly size: number;
  readonly clientId: string | undefined;
  filled: number;
  unwound: number;
  ended: number;
};

export type OrderName = { account: number; lane: number; seq: number };

export type Fates = {
  readonly visit: (command: Command, events: readonly CoreEvent[]) => void;
  /**
   * Accounts for every lot of an order: filled, unwound, cancelled, expired or resting now.
   * @returns what is wrong, or undefined
   */
  account(order: OrderName, state: State): string | undefined;
  /** Fills that were not unwound, by id. */
  fills(): FillEvent[];
  unwound(): number;
};

const nameOf = ({ account, lane, seq }: OrderName): string => `${account}/${lane}/${seq}`;

export function createFates(): Fates {
  const orders = new Map<string, Fate>();
  const fills = new Map<number, FillEvent>();
  let unwound = 0;
  const change = (order: OrderName, what: 'filled' | 'unwound' | 'ended', lots: number): void => {
    const fate = orders.get(nameOf(order));
    if (fate === undefined) throw new Error(`an event names order ${nameOf(order)}`);
    fate[what] += lots;
  };
  function take(event: CoreEvent): void {
    if (event.type === 'fill') {
      fills.set(event.id, event);
      change(event.maker, 'filled', event.lots);
      change(event.taker, 'filled', event.lots);
    } else if (event.type === 'cancelled' || event.type === 'expired') {
      change(event, 'ended', event.lots);
    } else if (event.type === 'unwound') {
      for (const id of event.fillIds) {
        const fill = fills.get(id);
        if (fill === undefined) throw new Error(`fill ${id} is unwound but was never made`);
        fills.delete(id);
        unwound += 1;
        for (const side of [fill.maker, fill.taker]) {
          change(side, 'filled', -fill.lots);
          change(side, 'unwound', fill.lots);
        }
      }
    }
  }
  return {
    visit(command, events) {
      if (command.type === 'order' && events.some(({ type }) => type === 'accepted')) {
        const { size } = command.order;
        const name = nameOf(command.order);
        if (orders.has(name)) throw new Error(`order ${name} was accepted twice`);
        const { clientId } = command;
        orders.set(name, { size, clientId, filled: 0, unwound: 0, ended: 0 });
      }
      for (const event of events) take(event);
    },
    account(order, state) {
      const fate = orders.get(nameOf(order));
      if (fate === undefined) return 'is not in the journal';
      const lane = state.accounts.get(order.account as AccountId)?.lanes.get(order.lane as Lane);
      const rests = lane?.seq === order.seq ? (lane.resting?.remaining ?? 0) : 0;
      const { size, filled, unwound: back, ended } = fate;
      if (filled + back + ended + rests === size) return undefined;
      return `of its ${size} lots ${filled} filled, ${back} unwound, ${ended} ended, ${rests} rest`;
    },
    fills: () => [...fills.values()],
    unwound: () => unwound,
  };
}

const count = (names: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

const nameOfFill = (fill: {
  market: number;
  price: number;
  lots: number;
  maker: OrderName;
  taker: OrderName;
}): string =>
  `${fill.market}:${fill.lots}@${fill.price} ${nameOf(fill.maker)} ${nameOf(fill.taker)}`;

/**
 * Holds fills that the core knows against those that the chain settled, and each lane of the chain
 * against the sum of its fills.
 *
 * @returns differences; empty if each fill was settled exactly once
 */
export function settledTwice(
  fates: Fates,
  settled: readonly ChainFill[],
  records: Records,
): string[] {
  const wrong: string[] = [];
  const core = count(fates.fills().map(nameOfFill));
  const chain = count(settled.map(nameOfFill));
  for (const name of new Set([...core.keys(), ...chain.keys()])) {
    const [here, there] = [core.get(name) ?? 0, chain.get(name) ?? 0];
    if (here !== there) wrong.push(`${name}: matched ${here} times, settled ${there} times`);
  }
  const sums = new Map<string, { seq: number; filled: number }>();
  for (const { lots, maker, taker } of fates.fills()) {
    for (const { account, lane, seq } of [maker, taker]) {
      const sum = sums.get(`${account}/${lane}`);
      if (sum === undefined || sum.seq < seq) sums.set(`${account}/${lane}`, { seq, filled: lots });
      else if (sum.seq === seq) sum.filled += lots;
    }
  }
  for (const [name, { seq, filled }] of sums) {
    const lane = records.lanes.get(name);
    if (lane?.seq === seq && lane.filled === filled) continue;
    wrong.push(`lane ${name}: ${lane?.seq} has ${lane?.filled} filled, its fills are ${filled}`);
  }
  return wrong;
}
