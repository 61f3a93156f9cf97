/** Random commands that keep a venue busy: each depends on the seed and on the state so far. */
import {
  accountId,
  epoch,
  fundingIndex,
  lane,
  lots,
  marketId,
  ppm,
  seconds,
  seq,
} from '@holdfast/units';
import { accountView } from '../src/index.ts';
import type { Command, MarketState, State } from '../src/types.ts';
import { config, deposit, numbers, order, owner, params, q32, report } from './support.ts';

export const streamAccounts = 12;

type Dice = (bound: number) => number;

/** Accounts, deposits, first prices. */
export function opening(): Command[] {
  const out: Command[] = [];
  for (let id = 2; id < 2 + streamAccounts; id++) {
    out.push({ type: 'open', at: seconds(1000), account: accountId(id), owner: owner(id) });
    out.push(deposit(id, 300_000 + 150_000 * id, 1000));
  }
  for (const { id, params: own } of config.markets) {
    const marked = { ...own, markClampPpm: ppm(20_000) };
    out.push({ type: 'params', at: seconds(1000), market: id, params: marked });
  }
  out.push(report(1, [1000, 1000], 1000));
  return out;
}

/**
 * An endless stream; call it with the state before each command. Orders carry made-up hashes, so
 * that most of the time does not go into hashing, unless `hashed` is false.
 */
export function stream(seed: number, hashed = true): (state: State) => Command {
  const dice = numbers(seed);
  return (state) => {
    const command = someCommand(state, dice);
    if (command.type !== 'order' || !hashed) return command;
    const { account, lane: slot, seq: number } = command.order;
    return { ...command, hash: `0x${account}-${slot}-${number}` };
  };
}

function someCommand(state: State, dice: Dice): Command {
  const kind = dice(1000);
  if (kind < 700) return someOrder(state, dice);
  if (kind < 780) return someCancel(state, dice);
  if (kind < 820) return someReport(state, dice);
  if (kind < 850) return someTime(state, dice);
  if (kind < 920) return someSettling(state, dice);
  if (kind < 988) return someMoney(state, dice);
  if (kind < 994) return someSeizure(state, dice);
  return someControl(state, dice);
}

const someAccount = (dice: Dice) => accountId(2 + dice(streamAccounts));

function someOrder(state: State, dice: Dice): Command {
  const id = someAccount(dice);
  const account = state.accounts.get(id);
  const market = dice(2);
  const slot = lane(dice(6));
  const used = account?.lanes.get(slot)?.seq ?? 0;
  const index = state.markets.get(marketId(market))?.price || 1000;
  const isBuy = dice(2) === 0;
  const aggressive = dice(4) === 0 ? dice(40) : -dice(30);
  const price = Math.max(index + (isBuy ? aggressive : -aggressive), 1);
  const postOnly = dice(5) === 0;
  return {
    type: 'order',
    at: state.at,
    order: order(id, isBuy, {
      market,
      price,
      size: 1 + (dice(12) === 0 ? dice(400) : dice(30)),
      tif: postOnly ? 0 : (([0, 0, 0, 1, 2] as const)[dice(5)] ?? 0),
      reduceOnly: dice(10) === 0,
      postOnly,
      expiry: state.at + (dice(10) === 0 ? dice(30) : 100 + dice(2000)),
      lane: slot,
      seq: dice(20) === 0 ? Math.max(used, 1) : used + 1 + dice(2),
      epoch: dice(200) === 0 ? 99 : (account?.epoch ?? 0),
    }),
  };
}

function someCancel(state: State, dice: Dice): Command {
  const account = someAccount(dice);
  const at = state.at;
  const kind = dice(20);
  if (kind === 0) return { type: 'cancelAll', at, account };
  const slot = lane(dice(6));
  const used = state.accounts.get(account)?.lanes.get(slot)?.seq ?? 0;
  if (kind === 1) return { type: 'laneCancelled', at, account, lane: slot, seq: seq(used + 1) };
  if (kind === 2) {
    const now = state.accounts.get(account)?.epoch ?? 0;
    return { type: 'epoch', at, account, epoch: epoch(now + 1) };
  }
  if (kind < 6) return { type: 'cancel', at, account, lane: slot, seq: seq(used + dice(2) || 1) };
  return { type: 'cancel', at, account, lane: slot };
}

function someReport(state: State, dice: Dice): Command {
  const at = state.at + 1 + dice(5);
  const prices = [0, 1].map((id) => {
    const now = state.markets.get(marketId(id))?.price || 1000;
    const step = dice(6) === 0 ? 90 : 12;
    const pull = now > 1300 ? -5 : now < 700 ? 5 : 0;
    return Math.max(now + pull + dice(2 * step + 1) - step, 300);
  });
  const marks = prices.map((price) => price + dice(61) - 30);
  const round = state.round + (dice(30) === 0 ? 0 : 1);
  return report(round, prices, at, dice(400_000) - 200_000, marks);
}

function someTime(state: State, dice: Dice): Command {
  const at = seconds(state.at + dice(dice(20) === 0 ? 90 : 8));
  if (dice(6) > 0) return { type: 'tick', at };
  const until = seconds(dice(3) === 0 ? 0 : at + dice(60));
  return { type: 'deadman', at, account: someAccount(dice), until };
}

function someSettling(state: State, dice: Dice): Command {
  const at = state.at;
  const open = [...state.unconfirmed.values()].sort((a, b) => a.id - b.id);
  const free = open.filter(({ batch }) => batch === null);
  const first = free[0];
  const kind = dice(10);
  const sealed = [...state.batches.keys()].sort((a, b) => a - b)[0];
  if (kind < 4 && first !== undefined) {
    const fillIds = free.filter((fill) => fill.round === first.round).map(({ id }) => id);
    const number = (state.fills % 1_000_000) + 1;
    return { type: 'batch', at, number, fillIds, reportRound: first.round };
  }
  if (kind < 9 && sealed !== undefined) {
    const indexes = [0, 1].map((id) => {
      const market = state.markets.get(marketId(id)) as MarketState;
      const wobble = dice(3) === 0 ? BigInt(dice(1000)) << 20n : 0n;
      return [market.id, fundingIndex(market.index + wobble)] as const;
    });
    return { type: 'confirmed', at, number: sealed, indexes };
  }
  const from = Math.max(open.length - 1 - dice(4), 0);
  const fillIds = open.slice(from, from + 1 + dice(3)).map(({ id }) => id);
  return { type: 'unwind', at, fillIds, reason: 'test' };
}

/** Of whoever is worst off, or of anybody. */
function someSeizure(state: State, dice: Dice): Command {
  const ids = Array.from({ length: streamAccounts }, (_, i) => accountId(2 + i));
  const health = (id: (typeof ids)[number]): number => {
    const view = accountView(state, id);
    return view && view.maintenance > 0n ? Number(view.equity) / Number(view.maintenance) : 1e9;
  };
  const [worst = accountId(2)] = ids.sort((a, b) => health(a) - health(b));
  const account = dice(4) === 0 ? someAccount(dice) : worst;
  return { type: 'seize', at: state.at, account, market: marketId(dice(2)) };
}

function someMoney(state: State, dice: Dice): Command {
  const id = someAccount(dice);
  const free = accountView(state, id)?.free ?? 0n;
  if (free < 0n) return deposit(id, 400_000 + dice(600_000), state.at);
  if (dice(2) === 0) return deposit(id, 1 + dice(100_000), state.at);
  const quote = -(1 + dice(Math.min(Number(free) + 1, 400_000)));
  return { ...deposit(id, quote, state.at), cause: 'withdraw' } as Command;
}

function someControl(state: State, dice: Dice): Command {
  const at = state.at;
  if (dice(2) === 0) {
    const until = seconds(at + 5 + dice(20));
    return { type: 'breaker', at, scope: dice(3), level: dice(4), until };
  }
  const initialPpm = ppm([50_000, 60_000, 100_000][dice(3)] ?? 50_000);
  const id = marketId(dice(2));
  const next = { ...params, initialPpm, markClampPpm: ppm(20_000) };
  return { type: 'params', at, market: id, params: next };
}

/** A liquidation as the chain tells it: three effects that belong together. */
export function liquidation(
  state: State,
  loser: number,
  keeper: number,
  cash: bigint,
  size: number,
): Command[] {
  const at = state.at;
  const effect = (account: number, sign: 1 | -1): Command => ({
    type: 'external',
    at,
    account: accountId(account),
    cashDelta: q32(cash * BigInt(sign)),
    sizes: [[marketId(0), lots(sign * size)]],
    cause: 'liquidation',
    block: 2,
  });
  return [effect(loser, -1), effect(keeper, 1)];
}
