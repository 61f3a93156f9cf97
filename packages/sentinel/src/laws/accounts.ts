/** Laws on accounts: L07 (healthy or healthier), L13 under a breaker, L20 and L26 (liquidation). */
import {
  freshPace,
  grewAny,
  type Health,
  health,
  type MarketOf,
  marketContext,
  paceAfter,
} from '@holdfast/risk';
import { type CashQ32, firstFundAccount, firstUserAccount, type Lots } from '@holdfast/units';
import type { AccountView, VenueEvent } from '../rule.ts';
import type { Tables } from '../state/tables.ts';
import {
  ask,
  big,
  levelAt,
  marketAt,
  num,
  type Question,
  type Step,
  scopeOf,
} from './questions.ts';

/** Marks and indexes of now, open interest of before: what the contracts judge with. */
function marketOf(before: Tables, after: Tables): MarketOf {
  return (id) => {
    const { params, mark, fundingIndex } = marketAt(after, id);
    const openInterest = before.markets.get(id)?.openInterest ?? 0;
    const at = { price: mark as never, index: fundingIndex as never, openInterest };
    return marketContext(params, at);
  };
}

const standing = (account: AccountView, of: MarketOf): Health =>
  health(
    {
      cash: account.cashQ32 as CashQ32,
      positions: account.positions as ReadonlyMap<never, Lots>,
      userPpm: account.userPpm as never,
    },
    of,
  );

export const isUser = (id: number): boolean => id >= firstUserAccount && id < firstFundAccount;

/** Whether an account is one of the backstop's pools. */
const isPool = (tables: Tables, id: number): boolean => [...tables.backstops.values()].includes(id);

/** Law L07 of one account between two states. */
export function healthQuestion(step: Step, id: number): Question | undefined {
  const { before, after } = step;
  const [was, now] = [before.accounts.get(id), after.accounts.get(id)];
  if (was === undefined || now === undefined || !isUser(id)) return undefined;
  const of = marketOf(before, after);
  const [old, next] = [standing({ ...was, userPpm: now.userPpm }, of), standing(now, of)];
  const input = {
    equityBefore: old.equity,
    maintenanceBefore: old.maintenance,
    equityAfter: next.equity,
    initialAfter: next.initial,
    maintenanceAfter: next.maintenance,
    grew: grewAny(was.positions as never, now.positions as never),
  };
  return ask(step, 'healthyOrHealthier', input, 0, `account ${id}`);
}

/** Law L13 of an account in the markets in which a breaker forbids it to grow. */
export function growthQuestions(step: Step, id: number): Question[] {
  const { before, after, time } = step;
  const was = before.accounts.get(id)?.positions ?? new Map<number, number>();
  const now = after.accounts.get(id)?.positions ?? new Map<number, number>();
  const asked: Question[] = [];
  for (const market of new Set([...was.keys(), ...now.keys()])) {
    const sizes = { sizeBefore: was.get(market) ?? 0, sizeAfter: now.get(market) ?? 0 };
    if (sizes.sizeBefore === sizes.sizeAfter) continue;
    if (levelAt(before, scopeOf(market), time) === 0) continue;
    asked.push(ask(step, 'reduceOnlyHeld', sizes, scopeOf(market), `account ${id}`));
  }
  return asked;
}

/** Law L20 of a `Touched` that carries out a `Liquidated` or a `Seized`. */
export function liquidationQuestions(step: Step): Question[] {
  const done = step.earlier.at(-1);
  if (done === undefined || done.source !== 'clearingHouse') return [];
  if (done.name === 'Liquidated') return [liquidated(step, done)];
  return done.name === 'Seized' ? [seized(step, done)] : [];
}

function lawful(
  step: Step,
  done: VenueEvent,
  from: Tables,
  paid: { readonly lots: number; readonly discount: bigint; readonly penalty: bigint },
): Question {
  const id = num(done.args.account);
  const market = num(done.args.market);
  const of = marketOf(step.start, step.after);
  const blank = step.after.accounts.get(id) as AccountView;
  const old = standing(from.accounts.get(id) ?? blank, of);
  const next = standing(blank, of);
  const { mark, params } = marketAt(step.after, market);
  const input = {
    equityBefore: old.equity,
    maintenanceBefore: old.maintenance,
    equityAfter: next.equity,
    maintenanceAfter: next.maintenance,
    penalty: paid.penalty,
    discount: paid.discount > 0n ? paid.discount : 0n,
    notional: BigInt(Math.abs(paid.lots)) * BigInt(mark) * BigInt(params.tickValue),
    maintenancePpm: params.maintenancePpm,
  };
  return ask(step, 'liquidationLawful', input, scopeOf(market), `account ${id}`);
}

function liquidated(step: Step, done: VenueEvent): Question {
  const { size, price, penalty, market } = done.args;
  const { mark, params } = marketAt(step.after, num(market));
  const lots = num(size);
  // A long is taken below the mark, a short above it.
  const gap = lots > 0 ? mark - num(price) : num(price) - mark;
  const discount = BigInt(gap) * BigInt(Math.abs(lots)) * BigInt(params.tickValue);
  return lawful(step, done, step.before, { lots, discount, penalty: big(penalty) });
}

/** The fills were stored before: as it was is as the transaction found it. */
function seized(step: Step, done: VenueEvent): Question {
  const { size, lost, penalty } = done.args;
  const paid = { lots: num(size), discount: big(lost), penalty: big(penalty) };
  return lawful(step, done, step.start, paid);
}

/**
 * Law L26 of a `Resolved`. No log tells what was open before the first of a block: at most what is
 * open now and what left, and that is what is allowed.
 */
export function resolvedQuestion(step: Step): Question {
  const { args } = step.event;
  const id = num(args.market);
  const { openInterest, params } = marketAt(step.after, id);
  const lots = Math.abs(num(args.size));
  const partPpm = params.liquidationPartPpm;
  const begun = step.paces.get(id) ?? freshPace(openInterest + lots, partPpm);
  const pace = { ...begun, partPpm };
  step.paces.set(id, paceAfter(pace, lots) ?? pace);
  const about = `account ${num(args.account)}`;
  return ask(step, 'resolvedInPart', { lots, ...pace }, scopeOf(id), about);
}

/** Accounts that an operation was judged on, by what announced it. */
export function judgedAccounts(step: Step): number[] {
  const { event, earlier, before } = step;
  const ids = (event.accounts ?? []).map(({ account }) => account);
  const owned = ids.filter((id) => isUser(id) && !isPool(before, id));
  if (event.name === 'Settled') {
    const protocol = new Set(
      (event.orders ?? []).filter(({ lane }) => lane === 65_535).map(({ account }) => account),
    );
    return owned.filter((id) => !protocol.has(id));
  }
  const cause = num(event.args.cause);
  // 5 a transfer, 8 a conditional order: both sides are judged.
  if (cause === 5 || cause === 8) return owned;
  const done = earlier.at(-1);
  if (cause === 1 && done?.name === 'Liquidated') return [num(done.args.keeperAccount)];
  return [];
}
