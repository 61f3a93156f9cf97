/**
 * A journal of an older version must replay to the same events and the same state: operators and
 * standbys recover by it. The digests below are those of random journals over four kinds of venue.
 * Who changes one on purpose says in the changelog that older journals replay to something else.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { wholeScope } from '@holdfast/order';
import {
  accountId,
  cashQ32,
  epoch,
  fundAccount,
  fundingIndex,
  lane,
  lots,
  marketId,
  ppm,
  round,
  seconds,
  seq,
} from '@holdfast/units';
import {
  accountView,
  apply,
  bestPrices,
  checkLaws,
  createState,
  depth,
  impactView,
  marketView,
  orderIntake,
  ordersOf,
  restore,
  snapshot,
  stateHash,
  unconfirmedFills,
} from '../src/index.ts';
import type { Command, CoreConfig, MarketParams, State } from '../src/types.ts';
import { opening, stream, streamAccounts } from './stream.ts';
import { config, numbers, order, owner, params, q32 } from './support.ts';

type Dice = (bound: number) => number;

const some = (dice: Dice) => accountId(dice(30) === 0 ? 99 : 2 + dice(streamAccounts));
const someMarket = (dice: Dice) => marketId(dice(15) === 0 ? 9 : dice(2));

/** Commands that the busy stream leaves out, lawful ones and refused ones. */
const rare: readonly ((state: State, dice: Dice) => Command)[] = [
  ({ at }, dice) => {
    const initialPpm = ppm([0, 100_000, 250_000, 1_000_000][dice(4)] ?? 0);
    return { type: 'leverage', at, account: some(dice), initialPpm };
  },
  ({ at }, dice) => ({
    type: 'session',
    at,
    account: some(dice),
    key: owner(1 + dice(4)),
    expiry: seconds(dice(3) === 0 ? 0 : at + dice(90)),
    ...(dice(2) === 0 ? {} : { scope: { ...wholeScope, orderLotsMax: dice(50) } }),
  }),
  ({ at }, dice) => ({
    type: 'open',
    at,
    account: accountId(dice(20)),
    owner: owner(2 + dice(12)),
  }),
  ({ at }, dice) => {
    const number = dice(4) === 0 ? 65_535 : dice(6);
    const upTo = dice(2) === 0 ? {} : { seq: seq(1 + dice(30)) };
    return { type: 'cancel', at, account: some(dice), lane: lane(number), ...upTo, clientId: '7' };
  },
  ({ at }, dice) => ({ type: 'cancelAll', at, account: some(dice), clientId: '8' }),
  ({ at }, dice) => {
    const account = some(dice);
    const used = dice(40);
    return { type: 'laneCancelled', at, account, lane: lane(dice(6)), seq: seq(1 + used) };
  },
  ({ at }, dice) => ({ type: 'epoch', at, account: some(dice), epoch: epoch(dice(4)) }),
  ({ at }, dice) => ({
    type: 'external',
    at,
    account: dice(8) === 0 ? fundAccount(marketId(0)) : some(dice),
    cashDelta: cashQ32(BigInt(dice(2_000_000) - 1_000_000) << 20n),
    sizes: [[someMarket(dice), lots(dice(21) - 10)]],
    cause: 'liquidation',
    block: 3,
  }),
  ({ at }, dice) => ({
    type: 'external',
    at,
    account: some(dice),
    cashDelta: q32(dice(1_000)),
    sizes: [],
    cause: 'deposit',
    block: 4,
    liabilityDelta: BigInt(dice(1_000)) as never,
  }),
  ({ at }, dice) => ({
    type: 'deadman',
    at,
    account: some(dice),
    until: seconds(at - 3 + dice(20)),
  }),
  ({ at, accounts }, dice) => {
    const account = some(dice);
    const slot = lane(dice(8) === 0 ? 65_535 : dice(6));
    const number = (accounts.get(account)?.lanes.get(slot)?.seq ?? 0) + 1;
    const short = { market: someMarket(dice), price: dice(2_000) + 1, lane: slot, seq: number };
    const flags = { reduceOnly: dice(2) === 0, size: 1 + dice(3_000) };
    const bound = order(account, dice(2) === 0, { ...short, ...flags });
    return { type: 'order', at, order: bound, clientId: '9' };
  },
  ({ at }, dice) => ({
    type: 'batch',
    at,
    number: dice(5),
    fillIds: [dice(50)],
    reportRound: null,
  }),
  ({ at, markets, round: now }, dice) => {
    const number = dice(2) === 0 ? null : dice(50);
    const index = fundingIndex((markets.get(marketId(0))?.index ?? 0n) + BigInt(dice(99) << 20));
    const known = round(Math.max(now - dice(4), 1));
    return { type: 'confirmed', at, number, round: known, indexes: [[marketId(dice(3)), index]] };
  },
  ({ at, unconfirmed }, dice) => {
    const ids = [...unconfirmed.keys()].slice(-1 - dice(3));
    const fillIds = dice(4) === 0 ? [...ids, ...ids] : ids;
    return { type: 'unwind', at, fillIds, reason: 'rare', culprits: [some(dice), some(dice)] };
  },
  ({ at }, dice) => ({ type: 'seize', at, account: some(dice), market: someMarket(dice) }),
  ({ at }, dice) => ({
    type: 'params',
    at,
    market: marketId(dice(2)),
    params: { ...params, tickValue: dice(3) === 0 ? 101 : 100, takerFeePpm: ppm(dice(900)) },
  }),
];

type Kind = {
  readonly name: string;
  readonly config: Partial<CoreConfig>;
  readonly params: Partial<MarketParams>;
  /** Market 1 alone. */
  readonly second?: Partial<MarketParams>;
  readonly events: string;
  readonly state: string;
};

const kinds: readonly Kind[] = [
  { name: 'plain', config: {}, params: {}, events: '78001b7182d2588f', state: 'e0c69cedd1bdb960' },
  {
    name: 'slow and short of tokens, on the naive book',
    config: { book: 'naive', rateLimit: { burst: 9, perSecond: 2, quotePerToken: 40_000n } },
    params: { priceAgeSecondsMax: 12 },
    events: 'f11167db8fb49776',
    state: 'e398928990e93ad8',
  },
  {
    name: 'crowded',
    config: {},
    params: {
      openInterestMax: lots(300),
      openInterestLowPpm: ppm(400_000),
      openInterestHighPpm: ppm(900_000),
      concentrationPpm: ppm(200_000),
      concentrationCapPpm: ppm(150_000),
      liquidationPartPpm: ppm(300_000),
    },
    events: '8fca5d5dc073f4c0',
    state: '707294a69f027044',
  },
  {
    name: 'with an isolated market',
    config: {},
    params: { fillBandPpm: ppm(20_000) },
    second: { isolated: 1 },
    events: '5e75b1d7c53166bd',
    state: 'bc42deaf752e0c93',
  },
];

const commandsEach = 1_000;

/** A number that stands for text; messages are for people and may change. */
function digester() {
  const hash = createHash('sha256');
  const plain = (key: string, value: unknown): unknown => {
    if (key === 'message') return undefined;
    if (value instanceof Map) return [...value];
    return typeof value === 'bigint' ? `${value}n` : value;
  };
  return {
    add: (value: unknown) => void hash.update(`${JSON.stringify(value, plain)}\n`),
    done: () => hash.digest('hex').slice(0, 16),
  };
}

function views(state: State) {
  const markets = [0, 1, 9].map((id) => {
    const market = marketId(id);
    return [marketView(state, market), depth(state, market, 4), bestPrices(state, market)];
  });
  const ids = [0, 2, 3, 99].map((id) => accountId(id));
  const accounts = ids.map((id) => {
    const view = accountView(state, id);
    if (view === undefined) return [];
    const { account: _account, ...rest } = view;
    return [rest, ordersOf(state, id).map(({ placed, remaining }) => [placed, remaining])];
  });
  const impacts = [0, 1, 9].map((id) => impactView(state, marketId(id)));
  return [markets, accounts, impacts, unconfirmedFills(state).map(({ id }) => id)];
}

/** A venue's parameters in the place of the stream's. */
function adapted(kind: Kind, command: Command): Command {
  if (command.type !== 'params') return command;
  const own = command.market === 1 ? kind.second : {};
  return { ...command, params: { ...command.params, ...kind.params, ...own } };
}

function play(kind: Kind, seed: number) {
  let state = createState({ ...config, ...kind.config });
  const dice = numbers(seed * 1_000);
  const busy = stream(seed);
  const queue = opening();
  const log: Command[] = [];
  const events = digester();
  for (let i = 0; i < commandsEach; i++) {
    const isRare = queue.length === 0 && dice(8) === 0;
    const make = isRare ? (rare[dice(rare.length)] as (typeof rare)[number]) : undefined;
    const next = queue.shift() ?? (make === undefined ? busy(state) : make(state, dice));
    const command = adapted(kind, next);
    log.push(command);
    events.add(apply(state, command).events);
    if (i % 50 !== 49) continue;
    events.add(views(state));
    assert.deepEqual(checkLaws(state), []);
    // A snapshot in between changes nothing.
    const again = restore(snapshot(state));
    assert.equal(stateHash(again), stateHash(state));
    state = again;
  }
  events.add(orderIntake(log).map((command) => log.indexOf(command)));
  return { events: events.done(), state: stateHash(state).slice(2, 18) };
}

describe('journals replay to what they were', () => {
  kinds.forEach((kind, i) => {
    it(`on a venue that is ${kind.name}`, () => {
      const { events, state } = play(kind, 100 + i);
      assert.deepEqual({ events, state }, { events: kind.events, state: kind.state });
    });
  });
});
