/**
 * Withdrawals in the vault: two outflow windows with a reserved share, three lines, the veto of
 * large ones, the gate of an uncovered insolvency, exits that nobody stops. Amounts are units.
 * Budgets are the floors: the trailing minimum is not part of the model.
 */
import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';

const hour = 3_600;
const day = 24 * hour;

/** Constants of the contract as deployed for the replay. */
export const vaultTerms = {
  hourBudget: 4,
  dayBudget: 4,
  hourReserve: 1,
  dayReserve: 1,
  smallMax: 1,
  largeMin: 3,
  delaySeconds: 12 * hour,
  vetoSeconds: day,
  vetoRestSeconds: 30 * day,
  askedSeconds: hour,
  gateSeconds: 3 * day,
  gatePeriodSeconds: 30 * day,
} as const;
const terms = vaultTerms;

export const lineNames = ['small', 'ordinary', 'large'] as const;
type Line = 0 | 1 | 2;
const [SMALL, ORDINARY, LARGE] = [0, 1, 2] as const;

export type Entry = {
  readonly id: number;
  readonly account: number;
  readonly readyAt: number;
  readonly state: 'waiting' | 'vetoed';
  readonly amount: number;
  readonly until: number;
  /** Ghost: by an exit that was forced. */
  readonly isForced: boolean;
  /** Guardians that confirmed its veto, in order. */
  readonly confirmed: readonly number[];
};
type Payment = { readonly time: number; readonly common: number; readonly reserved: number };

export type VaultState = Timed & {
  /** What the clearing house has for each account. */
  readonly cash: readonly number[];
  /** What each account's owner received. */
  readonly received: readonly number[];
  readonly entries: readonly Entry[];
  readonly heads: readonly number[];
  readonly tails: readonly number[];
  /** All payments of the last two days. */
  readonly payments: readonly Payment[];
  readonly uses: readonly { readonly last: number; readonly amount: number }[];
  /** What each account asked for without a pause of an hour. */
  readonly asks: readonly { readonly last: number; readonly amount: number }[];
  readonly vetoedAt: readonly number[];
  readonly guardians: readonly boolean[];
  readonly uncovered: number;
  readonly gatedAt: number;
  /** Ghost: the closing of the gate before that. */
  readonly gatedBefore: number;
  readonly requests: number;
};

const put = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((each, i) => (i === at ? value : each));
const add = (list: readonly number[], at: number, by: number): number[] =>
  put(list, at, list[at]! + by);

export const lineOf = (id: number): Line => (id & 3) as Line;
const numberOf = (line: number, place: number): number => place * 4 + line;
const find = (s: VaultState, id: number): Entry | undefined =>
  s.entries.find((entry) => entry.id === id);
const isEmpty = (s: VaultState, line: Line): boolean => s.heads[line] === s.tails[line];
const headOf = (s: VaultState, line: Line) => find(s, numberOf(line, s.heads[line]!));
/** An entry that is gone reads as zeros: ready. */
const isReady = (s: VaultState, line: Line): boolean =>
  !isEmpty(s, line) && (headOf(s, line)?.readyAt ?? 0) <= s.now;

export const anyReady = (s: VaultState): boolean => !isEmpty(s, ORDINARY) || isReady(s, LARGE);

/** What both shares used of the windows that end now: past buckets and the current one. */
function used(s: VaultState, mutant: string) {
  const count = (seconds: number, buckets: number) => {
    const back = mutant === 'window forgets' ? 0 : buckets;
    const from = Math.floor(s.now / seconds) - back;
    const inside = s.payments.filter(({ time }) => Math.floor(time / seconds) >= from);
    const sum = (of: 'common' | 'reserved') => inside.reduce((all, each) => all + each[of], 0);
    return { common: sum('common'), reserved: sum('reserved') };
  };
  return { hour: count(300, 12), day: count(hour, 24) };
}

const open = (budget: number, part: number, own: number, other: number): number =>
  Math.max(0, Math.min(part - own, budget - own - other));

/** What each share may pay now. */
export function room(s: VaultState, mutant = ''): { common: number; reserved: number } {
  const flow = used(s, mutant);
  const reserve = mutant === 'one share' ? 0 : 1;
  const { hourBudget, dayBudget, hourReserve, dayReserve } = terms;
  const hourCommon = hourBudget - reserve * hourReserve;
  const dayCommon = dayBudget - reserve * dayReserve;
  const { hour: h, day: d } = flow;
  return {
    common: Math.min(
      open(hourBudget, hourCommon, h.common, h.reserved),
      open(dayBudget, dayCommon, d.common, d.reserved),
    ),
    reserved: Math.min(
      open(hourBudget, hourReserve, h.reserved, h.common),
      open(dayBudget, dayReserve, d.reserved, d.common),
    ),
  };
}

export function isGated(s: VaultState, uncovered: number, mutant = ''): boolean {
  if (uncovered === 0) return false;
  const { gatedAt: since, now } = s;
  const period = mutant === 'gate again' ? terms.gateSeconds : terms.gatePeriodSeconds;
  if (mutant === 'gate stays') return true;
  return since === 0 || now < since + terms.gateSeconds || now >= since + period;
}

function closeGate(s: VaultState, mutant: string): VaultState {
  const period = mutant === 'gate again' ? terms.gateSeconds : terms.gatePeriodSeconds;
  if (s.gatedAt !== 0 && s.now < s.gatedAt + period) return s;
  return { ...s, gatedAt: s.now, gatedBefore: s.gatedAt };
}

function count(s: VaultState, account: number, common: number, reserved: number): VaultState {
  if (common + reserved === 0) return s;
  const recent = s.payments.filter(({ time }) => s.now - time <= 2 * day);
  return {
    ...s,
    received: add(s.received, account, common + reserved),
    payments: [...recent, { time: s.now, common, reserved }],
  };
}

function ask(s: VaultState, account: number, amount: number): VaultState {
  const { last, amount: before } = s.asks[account]!;
  const left = s.now >= last + terms.askedSeconds ? 0 : before;
  return { ...s, asks: put(s.asks, account, { last: s.now, amount: left + amount }) };
}

export const takenSmall = ({ now, uses }: VaultState, account: number): number =>
  now >= uses[account]!.last + day ? 0 : uses[account]!.amount;

/** What decides whether one is large: all that its account asked for, or half of what waits. */
function weight(s: VaultState, account: number, amount: number, mutant: string): number {
  const isMore = takenSmall(s, account) + amount > terms.smallMax;
  if (!isMore || mutant === 'pieces are small') return amount;
  const waiting = s.entries.reduce((sum, each) => sum + each.amount, 0);
  return Math.max(s.asks[account]!.amount, Math.floor((amount + waiting) / 2));
}

/** A withdrawal of an account: what fits is paid, the rest waits. */
function pay(
  before: VaultState,
  account: number,
  amount: number,
  isForced: boolean,
  mutant: string,
): VaultState {
  const uncovered = isForced ? 0 : before.uncovered;
  const gated = isGated(before, uncovered, mutant);
  let s: VaultState = {
    ...before,
    cash: add(before.cash, account, -amount),
    requests: before.requests + 1,
  };
  if (uncovered !== 0 && gated) s = closeGate(s, mutant);
  const mayBeLarge = !isForced || mutant === 'exits may be large';
  if (mayBeLarge) s = ask(s, account, amount);
  if (mayBeLarge && weight(s, account, amount, mutant) >= terms.largeMin) {
    return enqueue(s, LARGE, account, amount, s.now + terms.delaySeconds, isForced);
  }
  const { common, reserved } = room(before, mutant);
  const jumps = mutant === 'newcomers first';
  const first = !gated && (!anyReady(before) || jumps) ? Math.min(amount, common) : 0;
  let rest = amount - first;
  const taken = takenSmall(s, account);
  if (rest === 0 || taken + rest > terms.smallMax) {
    s = count(s, account, first, 0);
    return rest === 0 ? s : enqueue(s, ORDINARY, account, rest, s.now, isForced);
  }
  s = { ...s, uses: put(s.uses, account, { last: s.now, amount: taken + rest }) };
  const second = gated || !isEmpty(s, SMALL) ? 0 : Math.min(rest, reserved);
  rest -= second;
  s = count(s, account, first, second);
  return rest === 0 ? s : enqueue(s, SMALL, account, rest, s.now, isForced);
}

function enqueue(
  s: VaultState,
  line: Line,
  account: number,
  amount: number,
  readyAt: number,
  isForced: boolean,
): VaultState {
  const id = numberOf(line, s.tails[line]!);
  const rest = { state: 'waiting', until: 0, confirmed: [] } as const;
  return {
    ...s,
    tails: add(s.tails, line, 1),
    entries: [...s.entries, { id, account, amount, readyAt, isForced, ...rest }],
  };
}

/** Steps over places at the head that no longer wait. */
function skip(s: VaultState, line: Line): VaultState {
  let head = s.heads[line]!;
  while (head < s.tails[line]! && find(s, numberOf(line, head))?.state !== 'waiting') head += 1;
  return { ...s, heads: put(s.heads, line, head) };
}

function nextLine(s: VaultState): Line | undefined {
  const [ordinary, large] = [!isEmpty(s, ORDINARY), isReady(s, LARGE)];
  if (ordinary && large) {
    const time = (line: Line) => headOf(s, line)?.readyAt ?? 0;
    return time(ORDINARY) <= time(LARGE) ? ORDINARY : LARGE;
  }
  if (ordinary) return ORDINARY;
  if (large) return LARGE;
  return isEmpty(s, SMALL) ? undefined : SMALL;
}

function release(before: VaultState, most: number, mutant: string): VaultState {
  if (isGated(before, before.uncovered, mutant)) return closeGate(before, mutant);
  let s = before;
  for (let i = 0; i < most; i += 1) {
    const now = room(s, mutant);
    const isReserved = !isEmpty(s, SMALL) && now.reserved > 0;
    const line = isReserved ? SMALL : nextLine(s);
    const most = line === undefined ? 0 : isReserved ? now.reserved : now.common;
    if (line === undefined || most === 0) break;
    const entry = headOf(s, line);
    if (entry?.state !== 'waiting') {
      s = { ...s, heads: add(s.heads, line, 1) };
      continue;
    }
    const paid = Math.min(entry.amount, most);
    s = count(s, entry.account, isReserved ? 0 : paid, isReserved ? paid : 0);
    if (paid < entry.amount) {
      const left = { ...entry, amount: entry.amount - paid };
      s = { ...s, entries: s.entries.map((each) => (each === entry ? left : each)) };
    } else {
      const entries = s.entries.filter((each) => each !== entry);
      s = { ...s, entries, heads: add(s.heads, line, 1) };
    }
  }
  return s;
}

function veto(s: VaultState, who: number, id: number, mutant: string): Result<VaultState> {
  if (!s.guardians[who]) return 'NotGuardian';
  const entry = find(s, id);
  const isEarly = entry !== undefined && (s.now < entry.readyAt || mutant === 'veto when ready');
  const isOpen = entry?.state === 'waiting' && lineOf(id) === LARGE && isEarly;
  if (!isOpen) return 'VetoLate';
  const last = s.vetoedAt[entry.account]!;
  const rests = last !== 0 && s.now > last && s.now < last + terms.vetoRestSeconds;
  if (rests && mutant !== 'vetoed again') return 'VetoResting';
  if (entry.confirmed.includes(who)) return 'VetoTwice';
  const confirmed = [...entry.confirmed, who];
  const valid = confirmed.filter((each) => s.guardians[each]).length;
  const half = Math.floor(s.guardians.filter(Boolean).length / 2) + 1;
  const isDone = valid >= (mutant === 'one guardian' ? 1 : half);
  const change = isDone
    ? { ...entry, confirmed, state: 'vetoed' as const, until: s.now + terms.vetoSeconds }
    : { ...entry, confirmed };
  const after = { ...s, entries: s.entries.map((each) => (each === entry ? change : each)) };
  if (!isDone) return after;
  return skip({ ...after, vetoedAt: put(s.vetoedAt, entry.account, s.now) }, LARGE);
}

function reclaim(s: VaultState, id: number, mutant: string): Result<VaultState> {
  const entry = find(s, id);
  if (!entry) return 'WithdrawalUnknown';
  const runs = s.now < entry.until || mutant === 'veto never ends';
  if (entry.state === 'vetoed' && runs) return 'VetoRunning';
  const stays = mutant === 'taken back and paid' && entry.state === 'waiting';
  const entries = stays ? s.entries : s.entries.filter((each) => each !== entry);
  return skip({ ...s, entries, cash: add(s.cash, entry.account, entry.amount) }, lineOf(id));
}

export function applyVault(s: VaultState, action: Action, mutant: string): Result<VaultState> {
  const { by, name, args } = action;
  switch (name) {
    case 'wait':
      return { ...s, now: s.now + args[0]! };
    case 'withdraw':
      return pay(s, args[0]!, args[1]!, false, mutant);
    case 'exit':
      return pay(s, args[0]!, args[1]!, true, mutant);
    case 'release':
      return release(s, args[0]!, mutant);
    case 'veto':
      return veto(s, Number(by.at(-1)), args[0]!, mutant);
    case 'reclaim':
      return reclaim(s, args[0]!, mutant);
    case 'remove':
      return { ...s, guardians: put(s.guardians, args[0]!, false) };
    default:
      return { ...s, uncovered: args[0]! };
  }
}

export type VaultBounds = {
  readonly name: string;
  readonly bounds: string;
  readonly cash: readonly number[];
  readonly amounts: readonly number[];
  readonly requestsMax: number;
  readonly hasVeto: boolean;
  readonly hasGate: boolean;
  readonly waits: readonly number[];
};

const actionsOf =
  (b: VaultBounds) =>
  (s: VaultState): Action[] => {
    const list = [
      ...b.waits.map(wait),
      act('stranger', 'release', 1),
      act('stranger', 'release', 8),
    ];
    s.cash.forEach((cash, account) => {
      if (s.requests >= b.requestsMax) return;
      for (const amount of b.amounts) {
        if (amount <= cash) list.push(act(`owner${account}`, 'withdraw', account, amount));
      }
      if (cash > 0) list.push(act('house', 'exit', account, cash));
    });
    for (const { id, account, state } of s.entries) {
      const by = state === 'vetoed' ? 'stranger' : `owner${account}`;
      list.push(act(by, 'reclaim', id));
      if (b.hasVeto) list.push(...[0, 1, 2].map((who) => act(`guardian${who}`, 'veto', id)));
    }
    list.push(act('stranger', 'reclaim', 4));
    if (b.hasVeto && s.guardians[2]) list.push(act('governor', 'remove', 2));
    if (b.hasGate) list.push(act('market', 'uncover', 1 - s.uncovered));
    return list;
  };

export function vaultModel(
  bounds: VaultBounds,
  properties: Model<VaultState>['properties'],
  keyOf: (state: VaultState) => string,
): Model<VaultState> {
  const accounts = bounds.cash.map(() => 0);
  return {
    name: bounds.name,
    contracts: ['Vault.sol', 'VaultQueue.sol', 'VaultWindows.sol', 'libraries/OutflowRing.sol'],
    bounds: bounds.bounds,
    initial: {
      now: 1_900_800_000,
      cash: bounds.cash,
      received: accounts,
      entries: [],
      heads: [1, 1, 1],
      tails: [1, 1, 1],
      payments: [],
      uses: accounts.map(() => ({ last: 0, amount: 0 })),
      asks: accounts.map(() => ({ last: 0, amount: 0 })),
      vetoedAt: accounts,
      guardians: [true, true, true],
      uncovered: 0,
      gatedAt: 0,
      gatedBefore: 0,
      requests: 0,
    },
    actions: actionsOf(bounds),
    moments,
    apply: applyVault,
    key: keyOf,
    properties,
  };
}

function moments(s: VaultState): number[] {
  const last = s.payments.slice(-3).map(({ time }) => time);
  const times = [
    ...last.flatMap((time) => [time + hour, time + day, time + 300]),
    ...last.map((time) => (Math.floor(time / 300) + 13) * 300),
    ...last.map((time) => (Math.floor(time / hour) + 25) * hour),
    ...s.entries.flatMap(({ readyAt, until }) => [readyAt, until]),
    ...s.vetoedAt.map((time) => time + terms.vetoRestSeconds),
    ...s.uses.map(({ last: time }) => time + day),
    ...s.asks.map(({ last: time }) => time + terms.askedSeconds),
    s.gatedAt + terms.gateSeconds,
    s.gatedAt + terms.gatePeriodSeconds,
  ];
  return times.flatMap((time) => [-1, 0, 1].map((by) => time - s.now + by)).filter((dt) => dt > 0);
}
