/** What the vault promises about withdrawals, and its three bounded models. */
import { act, type Model, type Property, wait } from './model.ts';
import {
  anyReady,
  isGated,
  lineOf,
  room,
  takenSmall,
  vaultTerms as terms,
  type VaultState,
  vaultModel,
} from './vault.ts';

type V = Property<VaultState>;

const hour = 3_600;
const day = 24 * hour;

/** Most that left in any window of so many seconds, by the times of the payments themselves. */
const mostIn = (s: VaultState, seconds: number, isAll: boolean): number =>
  Math.max(
    0,
    ...s.payments.map((end) =>
      s.payments
        .filter(({ time }) => time <= end.time && end.time - time < seconds)
        .reduce((sum, { common, reserved }) => sum + common + (isAll ? reserved : 0), 0),
    ),
  );

const beyond = (s: VaultState, isAll: boolean, hourMax: number, dayMax: number) => {
  const [hourly, daily] = [mostIn(s, hour, isAll), mostIn(s, day, isAll)];
  return hourly > hourMax || daily > dayMax ? `${hourly} in an hour, ${daily} in a day` : undefined;
};

const windows: V[] = [
  {
    name: 'no window lets out more',
    says: 'What leaves in any hour and in any 24 hours is within the budgets, wherever they begin.',
    mutant: 'window forgets',
    breaks: 'a window counts only its current bucket',
    kind: 'state',
    check: (s) => beyond(s, true, terms.hourBudget, terms.dayBudget),
  },
  {
    name: 'the reserve is for small ones',
    says: 'What leaves by the common share never touches the share of small withdrawals.',
    mutant: 'one share',
    breaks: 'the common share is the whole budget',
    kind: 'state',
    check: (s) =>
      beyond(s, false, terms.hourBudget - terms.hourReserve, terms.dayBudget - terms.dayReserve),
  },
  {
    name: 'no newcomer overtakes',
    says: 'While one that is ready waits, a new withdrawal gets nothing of the common share.',
    mutant: 'newcomers first',
    breaks: 'a new withdrawal is paid although others wait',
    kind: 'step',
    check: (before, { name }, after) => {
      if (name !== 'withdraw' && name !== 'exit') return undefined;
      const common = (s: VaultState) => s.payments.reduce((sum, each) => sum + each.common, 0);
      return anyReady(before) && common(after) > common(before) ? 'paid before others' : undefined;
    },
  },
  {
    name: 'pieces of a large withdrawal are large',
    says: 'From where an account asked for as much as is large in an hour nothing is paid at once.',
    mutant: 'pieces are small',
    breaks: 'a withdrawal is judged by itself alone',
    kind: 'step',
    check: (before, { name, args }, after) => {
      const [account, amount] = args as [number, number];
      if (name !== 'withdraw' || after.asks[account]!.amount < terms.largeMin) return undefined;
      if (takenSmall(before, account) + amount <= terms.smallMax) return undefined;
      return after.received[account]! > before.received[account]! ? 'paid at once' : undefined;
    },
  },
  {
    name: 'no withdrawal is paid twice',
    says: 'Of each account: cash, what waits and what was received are what it had.',
    mutant: 'taken back and paid',
    breaks: 'a withdrawal that was taken back stays in its line',
    kind: 'step',
    check: (before, _action, after) => {
      const sum = (s: VaultState, who: number): number =>
        s.cash[who]! +
        s.received[who]! +
        s.entries.reduce((all, { account, amount }) => all + (account === who ? amount : 0), 0);
      const wrong = before.cash.findIndex((_, who) => sum(before, who) !== sum(after, who));
      return wrong < 0 ? undefined : `account ${wrong} has another sum`;
    },
  },
];

/** Pays what can be paid, takes back what a veto stopped, and waits half a day otherwise. */
function serve(s: VaultState, mutant: string) {
  if (s.entries.length === 0) return undefined;
  const open = s.entries.find(({ state, until }) => state === 'vetoed' && s.now >= until);
  if (open) return act('stranger', 'reclaim', open.id);
  const { common, reserved } = room(s, mutant);
  const ready = s.entries.filter(({ state, readyAt }) => state === 'waiting' && readyAt <= s.now);
  const fits = common > 0 || (reserved > 0 && ready.some(({ id }) => lineOf(id) === 0));
  const gated = isGated(s, s.uncovered, mutant);
  // A gate that is due closes at the first release, and only then begins to end.
  const closes = gated && (s.gatedAt === 0 || s.now >= s.gatedAt + terms.gatePeriodSeconds);
  const pays = !gated && fits && ready.length > 0;
  return pays || closes ? act('stranger', 'release', 8) : wait(12 * hour);
}

const vetoes: V[] = [
  {
    name: 'a veto takes a majority',
    says: 'A withdrawal is stopped only by more than half of the guardians of the moment.',
    mutant: 'one guardian',
    breaks: 'one guardian is enough',
    kind: 'step',
    check: (before, { by, name, args }, after) => {
      const entry = after.entries.find(({ id }) => id === args[0]);
      if (name !== 'veto' || entry?.state !== 'vetoed') return undefined;
      const all = before.guardians.filter(Boolean).length;
      const valid = entry.confirmed.filter((who) => before.guardians[who]).length;
      return valid * 2 > all ? undefined : `${valid} of ${all}, the last by ${by}`;
    },
  },
  {
    name: 'only large ones, only in their delay',
    says: 'What may be paid already, and what is not large, is never stopped.',
    mutant: 'veto when ready',
    breaks: 'a large withdrawal may be stopped as long as it waits',
    kind: 'step',
    check: (before, { name, args }) => {
      const entry = before.entries.find(({ id }) => id === args[0]);
      if (name !== 'veto' || !entry) return undefined;
      return lineOf(entry.id) !== 2 || before.now >= entry.readyAt ? 'stopped late' : undefined;
    },
  },
  {
    name: 'a forced exit cannot be stopped',
    says: 'What an exit pays never waits for the delay of large withdrawals, so nobody stops it.',
    mutant: 'exits may be large',
    breaks: 'an exit is large like any other',
    kind: 'state',
    check: (s) =>
      s.entries.some(({ id, isForced }) => isForced && lineOf(id) === 2)
        ? 'an exit waits in the large line'
        : undefined,
  },
  {
    name: 'vetoed once in thirty days',
    says: 'An account is stopped at most once in 30 days.',
    mutant: 'vetoed again',
    breaks: 'an account may be stopped again at once',
    kind: 'step',
    check: (before, _action, after) => {
      const again = before.vetoedAt.some(
        (time, who) =>
          time !== 0 && time !== after.vetoedAt[who] && after.now < time + terms.vetoRestSeconds,
      );
      return again ? 'stopped again' : undefined;
    },
  },
  {
    name: 'a veto ends',
    says: 'From every state whatever was stopped is back in its account within a day, by anyone.',
    mutant: 'veto never ends',
    breaks: 'a stopped withdrawal stays stopped',
    kind: 'response',
    next: (s) => {
      const stopped = s.entries.find(({ state }) => state === 'vetoed');
      if (!stopped) return undefined;
      if (s.now < stopped.until) return wait(stopped.until - s.now);
      return act('stranger', 'reclaim', stopped.id);
    },
    stepsMax: 6,
    secondsMax: terms.vetoSeconds,
    unmovedBy: ['governor', 'stranger', 'house'],
  },
];

const gates: V[] = [
  {
    name: 'the gate rests',
    says: 'An insolvency, real or made, closes the gate at most once in 30 days.',
    mutant: 'gate again',
    breaks: 'the gate may close again as soon as it has opened',
    kind: 'state',
    check: ({ gatedAt, gatedBefore }) =>
      gatedBefore !== 0 && gatedAt < gatedBefore + terms.gatePeriodSeconds
        ? 'closed again too soon'
        : undefined,
  },
  {
    name: 'everything that waits is paid',
    says: 'From every state anyone alone has all that waits paid within gate, delay and windows.',
    mutant: 'gate stays',
    breaks: 'the gate stays closed while the insolvency lasts',
    kind: 'response',
    next: serve,
    stepsMax: 24,
    secondsMax: terms.gateSeconds + terms.delaySeconds + 3 * day,
  },
];

/** Past moments by their order alone: only that decides who is next. */
function key(s: VaultState): string {
  const past = [...new Set(s.entries.map(({ readyAt }) => readyAt))]
    .filter((t) => t <= s.now)
    .sort();
  const ready = (time: number): string => {
    if (time === s.now) return 'n';
    return time > s.now ? `+${time - s.now}` : String(past.indexOf(time));
  };
  const age = (time: number, seconds: number): string =>
    time === 0 || s.now - time >= seconds ? '-' : String(s.now - time);
  const entries = s.entries.map((e) => {
    const until = Math.max(0, e.until - s.now);
    const what = `${e.account}${e.state[0]}${e.amount}${e.isForced}${e.confirmed}`;
    return `${e.id}:${ready(e.readyAt)}/${until}/${what}`;
  });
  const paid = s.payments
    .filter(({ time }) => Math.floor(time / hour) >= Math.floor(s.now / hour) - 24)
    .map(({ time, common, reserved }) => `${s.now - time}:${common}.${reserved}`);
  const uses = s.uses.map(({ last, amount }) =>
    s.now - last >= day ? '' : `${s.now - last}.${amount}`,
  );
  return [
    s.cash,
    entries,
    [s.heads, s.tails, s.requests, s.uncovered],
    paid,
    uses,
    s.asks.map(({ last, amount }) => `${age(last, terms.askedSeconds)}.${amount}`),
    s.vetoedAt.map((time) => age(time, terms.vetoRestSeconds)),
    s.guardians,
    age(s.gatedAt, terms.gatePeriodSeconds),
  ].join(' ');
}

export const vaultModels: readonly Model<VaultState>[] = [
  vaultModel(
    {
      name: 'vault: windows and order',
      bounds: '2 accounts of 6 and 4 units, 3 withdrawals',
      cash: [6, 4],
      amounts: [1, 2],
      requestsMax: 3,
      hasVeto: false,
      hasGate: false,
      waits: [12 * hour],
    },
    windows,
    key,
  ),
  vaultModel(
    {
      name: 'vault: veto',
      bounds: '1 account of 6 units, 2 withdrawals, 3 guardians of whom one may be removed',
      cash: [6],
      amounts: [3],
      requestsMax: 2,
      hasVeto: true,
      hasGate: false,
      waits: [12 * hour, 28 * day],
    },
    vetoes,
    key,
  ),
  vaultModel(
    {
      name: 'vault: gate',
      bounds: '2 accounts of 3 and 2 units, 2 withdrawals, an insolvency that comes and goes',
      cash: [3, 2],
      amounts: [2],
      requestsMax: 2,
      hasVeto: false,
      hasGate: true,
      waits: [12 * hour, 3 * day, 27 * day],
    },
    gates,
    key,
  ),
];
