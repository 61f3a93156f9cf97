/**
 * The way out past the operator: forced queue, freeze, reckoning, exit. An owner's account without
 * positions, a neighbour, an operator that may censor, a guardian, a governor, a relayer and
 * strangers. Amounts are whole units of the token.
 */
import { type Action, act, type Model, type Result, type Timed, wait } from './model.ts';

const hour = 3_600;
const day = 24 * hour;

/** Constants of the contracts as deployed for the replay. */
export const forcedTerms = {
  deadlineSeconds: 6 * hour,
  graceSeconds: 6 * hour,
  silenceSeconds: 7 * day,
  quietSeconds: 30,
  holdSeconds: 12 * hour,
  /** What the owner and the neighbour have at first. */
  deposits: [4, 1],
  /** Places of the reckoning: insurance, fees, two users, 256 funds of markets. */
  places: 260,
} as const;
const terms = forcedTerms;

type Request = {
  /** `cancel` of the owner or of the neighbour, or `withdraw` of the owner. */
  readonly kind: 'withdraw' | 'cancel';
  readonly account: number;
  /** 0: all that is free. */
  readonly amount: number;
  readonly nonce: number;
  readonly deadline: number;
  /** Its fee was given back after the freeze. */
  readonly isVoid: boolean;
};

export type ForcedState = Timed & {
  /** All requests so far, the first is number 1. */
  readonly requests: readonly Request[];
  readonly done: number;
  /** Of the owner and of the neighbour. */
  readonly cash: readonly number[];
  readonly epochs: readonly number[];
  readonly paid: readonly number[];
  readonly exited: readonly number[];
  readonly nonces: readonly number[];
  readonly hasSequencer: boolean;
  readonly breakerUntil: number;
  readonly frozenTime: number;
  readonly reckoned: number;
  readonly isReckoned: boolean;
  /** What was in the accounts when the reckoning ended. */
  readonly pool: number;
  readonly rounds: number;
  readonly reportTime: number;
  /** Fees that may be collected: by the operator, strangers, the owner, the neighbour. */
  readonly owed: readonly number[];
  /** Ghost: payments under nonce 1. */
  readonly paidByNonce: number;
};

const bump = (list: readonly number[], at: number, by: number): number[] =>
  list.map((each, i) => (i === at ? each + by : each));

export const waiting = (s: ForcedState): Request | undefined => s.requests[s.done];

export const levelAt = (s: ForcedState): number => (s.now < s.breakerUntil ? 1 : 0);

/** Whether anyone may freeze now. */
export const mayFreeze = (s: ForcedState, mutant = ''): boolean => {
  const head = waiting(s);
  const grace = mutant === 'no grace' ? 0 : terms.graceSeconds;
  const isOverdue = head !== undefined && head.deadline + grace < s.now;
  const isSilent = s.reportTime > 0 && s.reportTime + terms.silenceSeconds < s.now;
  if (mutant === 'silence alone freezes') return isSilent;
  return isOverdue || (isSilent && mutant !== 'overdue alone freezes');
};

function pay(s: ForcedState, who: number, amount: number): ForcedState {
  return { ...s, cash: bump(s.cash, who, -amount), paid: bump(s.paid, who, amount) };
}

/** Uses a nonce of the owner. */
function use(s: ForcedState, nonce: number): ForcedState {
  return { ...s, nonces: [...s.nonces, nonce] };
}

function execute(s: ForcedState, by: string, number: number, mutant: string): Result<ForcedState> {
  if (s.frozenTime !== 0) return 'Frozen';
  if (mutant === 'breaker stops it' && levelAt(s) > 0) return 'Frozen';
  if (number !== s.done + 1 && mutant !== 'any turn') return 'ForcedOutOfTurn';
  const request = s.requests[number - 1];
  if (!request || number <= s.done) return number <= s.done ? 'ForcedOutOfTurn' : 'QueueEmpty';
  const isEarly = s.now <= request.deadline || mutant === 'operator alone';
  const isOperator = by === 'operator' && s.hasSequencer;
  if (isEarly && !isOperator && mutant !== 'anyone at once') return 'ForcedEarly';
  const taken = { ...s, done: number, owed: bump(s.owed, by === 'operator' ? 0 : 1, 1) };
  if (request.kind === 'cancel') {
    return { ...taken, epochs: bump(s.epochs, request.account, 1) };
  }
  // Unlawful ones are taken out without effect: the nonce was used, or the cash is short.
  const amount = request.amount === 0 ? s.cash[0]! : request.amount;
  const isUsed = s.nonces.includes(request.nonce) && mutant !== 'two nullifiers';
  if (isUsed || amount === 0 || amount > s.cash[0]!) return taken;
  const paid = pay(use(taken, request.nonce), 0, amount);
  return request.nonce === 1 ? { ...paid, paidByNonce: s.paidByNonce + 1 } : paid;
}

/** Nobody here has a position, so that nothing ever waits for a price. */
function setAside(s: ForcedState, number: number, mutant: string): Result<ForcedState> {
  if (s.frozenTime !== 0) return 'Frozen';
  if (number !== s.done + 1) return 'ForcedOutOfTurn';
  const request = s.requests[number - 1];
  if (!request) return 'QueueEmpty';
  if (s.now <= request.deadline) return 'ForcedEarly';
  if (s.reportTime <= request.deadline) return 'VenueSilent';
  return mutant === 'anything steps aside' ? { ...s, done: number } : 'PriceUsable';
}

function request(s: ForcedState, { by, args }: Action, mutant: string): Result<ForcedState> {
  const [account, amount, nonce] = args as [number, number, number];
  if (by !== (account === 0 ? 'owner' : 'neighbour')) return 'NotOwner';
  if (s.frozenTime !== 0) return 'VenueFrozen';
  const kind = nonce === 0 ? 'cancel' : 'withdraw';
  const deadline = s.now + terms.deadlineSeconds;
  const before =
    mutant === 'new ones push back'
      ? s.requests.map((each) => ({ ...each, deadline }))
      : s.requests;
  return {
    ...s,
    requests: [...before, { kind, account, amount, nonce, deadline, isVoid: false }],
  };
}

function leave(s: ForcedState, { name, args }: Action, mutant: string): Result<ForcedState> {
  if (s.frozenTime === 0) return 'NotFrozen';
  if (name === 'reckon') {
    if (s.isReckoned) return 'ReckoningClosed';
    const reckoned = Math.min(terms.places, s.reckoned + args[0]!);
    if (reckoned < terms.places) return { ...s, reckoned };
    return { ...s, reckoned, isReckoned: true, pool: s.cash[0]! + s.cash[1]! };
  }
  if (mutant === 'breaker stops the exit' && levelAt(s) > 0) return 'Frozen';
  if (!s.isReckoned) return 'ReckoningOpen';
  const who = args[0]!;
  const claim = s.cash[who]!;
  if (claim === 0) return 'NothingOwed';
  const paid = pay(s, who, claim);
  const left = mutant === 'exit keeps the account' ? s.cash : paid.cash;
  return { ...paid, cash: left, exited: s.exited.map((each, i) => (i === who ? claim : each)) };
}

function refund(s: ForcedState, number: number): Result<ForcedState> {
  if (s.frozenTime === 0) return 'VenueRuns';
  const found = s.requests[number - 1];
  if (!found || number <= s.done || found.isVoid) return 'FeesNone';
  return {
    ...s,
    requests: s.requests.map((each) => (each === found ? { ...each, isVoid: true } : each)),
    owed: bump(s.owed, 2 + found.account, 1),
  };
}

function relay(s: ForcedState): Result<ForcedState> {
  if (s.frozenTime !== 0) return 'Frozen';
  if (s.nonces.includes(1)) return 'NonceUsed';
  if (s.cash[0]! < 2) return 'MarginShort';
  return { ...pay(use(s, 1), 0, 2), paidByNonce: s.paidByNonce + 1 };
}

function report(s: ForcedState, by: string, mutant: string): Result<ForcedState> {
  if (s.frozenTime !== 0 && mutant !== 'a report thaws') return 'Frozen';
  if (s.now - s.reportTime <= terms.quietSeconds) return 'TooSoon';
  if (by === 'minority' && mutant !== 'one reporter is enough') return 'QuorumShort';
  return { ...s, frozenTime: 0, rounds: s.rounds + 1, reportTime: s.now };
}

function apply(s: ForcedState, action: Action, mutant: string): Result<ForcedState> {
  const { by, name, args } = action;
  switch (name) {
    case 'wait':
      return { ...s, now: s.now + args[0]! };
    case 'request':
      return request(s, action, mutant);
    case 'execute':
      return execute(s, by, args[0]!, mutant);
    case 'setAside':
      return setAside(s, args[0]!, mutant);
    case 'freeze':
      if (s.frozenTime !== 0) return 'Frozen';
      return mayFreeze(s, mutant) ? { ...s, frozenTime: s.now } : 'FreezeEarly';
    case 'reckon':
    case 'exit':
      return leave(s, action, mutant);
    case 'refund':
      return refund(s, args[0]!);
    case 'relay':
      return relay(s);
    case 'report':
      return report(s, by, mutant);
    case 'tighten':
      return { ...s, breakerUntil: s.now + terms.holdSeconds };
    case 'dismiss':
      return { ...s, hasSequencer: false };
    default:
      // Whoever is captured tries to take or cut the next request past the clearing house.
      if (mutant !== 'anyone clears' || !waiting(s) || name === 'cut') return 'NotClearingHouse';
      return { ...s, done: s.done + 1 };
  }
}

function key(s: ForcedState): string {
  const horizon = -terms.graceSeconds - 1;
  const isFrozen = s.frozenTime !== 0;
  const requests = s.requests.slice(s.done).map((r) => {
    const left = isFrozen ? '' : Math.max(horizon, r.deadline - s.now);
    return `${r.kind}${r.account}${r.amount}${r.nonce}@${left}${r.isVoid}`;
  });
  const isReported = s.reportTime !== 0 && !isFrozen;
  const silence = isReported ? Math.min(s.now - s.reportTime, 8 * day) : '-';
  const breaker = s.breakerUntil === 0 ? '-' : Math.max(0, s.breakerUntil - s.now);
  // What only tells the past is left out: fees, epochs, how many were executed.
  const numbers = [s.requests.length, s.cash, s.paid, [...s.nonces].sort(), s.rounds];
  const flags = [s.hasSequencer, isFrozen, s.reckoned, s.isReckoned, s.paidByNonce];
  return [requests, silence, breaker, numbers.join('/'), flags].join(' ');
}

export type ForcedBounds = {
  readonly name: string;
  readonly bounds: string;
  /** Most requests and reports ever made, in actions; responses go beyond. */
  readonly requestsMax: number;
  readonly reportsMax: number;
  readonly waits: readonly number[];
};

const actionsOf =
  (bounds: ForcedBounds) =>
  (s: ForcedState): Action[] => {
    const list = bounds.waits.map(wait);
    const next = s.done + 1;
    if (s.requests.length < bounds.requestsMax) {
      list.push(act('owner', 'request', 0, 2, 1), act('owner', 'request', 0, 0, 2));
      list.push(act('neighbour', 'request', 1, 0, 0), act('neighbour', 'request', 0, 0, 3));
    }
    for (const by of ['operator', 'stranger']) {
      list.push(act(by, 'execute', next), act(by, 'execute', next + 1));
    }
    list.push(act('stranger', 'setAside', next), act('operator', 'setAside', next + 1));
    list.push(act('relayer', 'relay'), act('stranger', 'freeze'), act('stranger', 'refund', next));
    list.push(act('stranger', 'reckon', 100), act('stranger', 'reckon', 1_000));
    list.push(act('stranger', 'exit', 0), act('stranger', 'exit', 1));
    for (const by of ['governor', 'guardian', 'operator']) list.push(act(by, 'take', next));
    list.push(act('governor', 'cut', next));
    if (s.rounds < bounds.reportsMax) {
      list.push(act('reporters', 'report'), act('minority', 'report'));
    }
    if (s.breakerUntil === 0) list.push(act('guardian', 'tighten'));
    if (s.hasSequencer) list.push(act('governor', 'dismiss'));
    return list;
  };

function moments(s: ForcedState): number[] {
  const deadline = waiting(s)?.deadline ?? 0;
  const times = [deadline, deadline + terms.graceSeconds, s.reportTime + terms.silenceSeconds];
  return [...times, s.breakerUntil, s.reportTime + terms.quietSeconds]
    .flatMap((time) => [0, 1].map((by) => time - s.now + by))
    .filter((dt) => dt > 0);
}

export function forcedModel(
  bounds: ForcedBounds,
  properties: Model<ForcedState>['properties'],
): Model<ForcedState> {
  return {
    name: bounds.name,
    contracts: [
      'ForcedQueue.sol',
      'modules/ForcedModule.sol',
      'modules/ExitModule.sol',
      'modules/CustodyModule.sol',
      'ClearingHouse.sol',
    ],
    bounds: bounds.bounds,
    initial: {
      now: 1_900_800_000,
      requests: [],
      done: 0,
      cash: terms.deposits,
      epochs: [0, 0],
      paid: [0, 0],
      exited: [0, 0],
      nonces: [],
      hasSequencer: true,
      breakerUntil: 0,
      frozenTime: 0,
      reckoned: 0,
      isReckoned: false,
      pool: 0,
      rounds: 0,
      reportTime: 0,
      owed: [0, 0, 0, 0],
      paidByNonce: 0,
    },
    actions: actionsOf(bounds),
    moments,
    apply,
    key,
    properties,
  };
}
