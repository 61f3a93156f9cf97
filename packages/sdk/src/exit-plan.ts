/**
 * What to do next in order to leave. Every step is read off the chain, so that a run that was
 * interrupted continues where it stopped, and running again when there is nothing to do is idle.
 */
import { type Hex, isRejection, type Rejection } from '@holdfast/units';
import type { Done } from './chain.ts';
import type { Exit, ExitAccount, ExitStatus } from './exit.ts';

/** One thing to do; amounts as on chain. */
export type ExitStep =
  | { readonly do: 'cancelOrders' | 'queueWithdraw' | 'exit'; readonly account: number }
  | { readonly do: 'withdraw'; readonly account: number; readonly quote: bigint }
  | {
      readonly do: 'queueClose';
      readonly account: number;
      readonly market: number;
      readonly isLong: boolean;
    }
  | { readonly do: 'execute' | 'setAside' | 'refund'; readonly number: number }
  | { readonly do: 'freeze' | 'collect' }
  | { readonly do: 'reckon'; readonly count: number };

export type ExitResult = ExitStep & {
  readonly tx?: Hex;
  /** Why the chain refused it. */
  readonly refused?: Rejection;
};

/** Accounts reckoned in one transaction: at most some four million gas. */
const reckonAtOnce = 200;

/**
 * While the venue runs: what needs nobody at once, what needs a counterparty into the queue, and so
 * what guardians let out by the queue alone.
 */
function leave(status: ExitStatus, account: ExitAccount, isThrottled: boolean): ExitStep[] {
  const { account: id, positions, cashQ32 } = account;
  const own = [...status.waiting, ...status.aside].filter((each) => each.account === id);
  if (positions.length === 0) {
    const quote = cashQ32 >> 32n;
    if (quote <= 0n) return [];
    if (!isThrottled) return [{ do: 'withdraw', account: id, quote }];
    // What waits in the queue already takes all that is there when its turn comes.
    const isQueued = own.some(({ kind }) => kind === 'withdraw');
    return isQueued ? [] : [{ do: 'queueWithdraw', account: id }];
  }
  const steps: ExitStep[] = positions
    .filter(({ market }) => !own.some((each) => each.kind === 'close' && each.market === market))
    .map(({ market, size }) => ({ do: 'queueClose', account: id, market, isLong: size > 0 }));
  // Orders signed before would open positions again.
  if (steps.length > 0) steps.unshift({ do: 'cancelOrders', account: id });
  if (!own.some(({ kind }) => kind === 'withdraw'))
    steps.push({ do: 'queueWithdraw', account: id });
  return steps;
}

/**
 * What is overdue and needs no taker: those aside, and the first in line. One that needs a taker
 * or could not be executed is set aside where the want of a price is why.
 *
 * @param failed steps that the chain refused in this run, by `keyOf`
 */
function overdue(status: ExitStatus, failed: ReadonlySet<string>): ExitStep[] {
  const ready = ({ kind, number }: ExitStatus['waiting'][number]) =>
    kind !== 'close' && !failed.has(keyOf({ do: 'execute', number }));
  const aside = status.aside.filter(ready);
  const late = status.waiting.filter(({ deadline }) => deadline < status.time);
  const blocked = late.findIndex((each) => !ready(each));
  const line = blocked < 0 ? late : late.slice(0, blocked);
  const steps: ExitStep[] = [...aside, ...line].map(({ number }) => ({ do: 'execute', number }));
  const head = late[blocked];
  if (head !== undefined) steps.push({ do: 'setAside', number: head.number });
  return steps.filter((step) => !failed.has(keyOf(step)));
}

function afterFreeze(status: ExitStatus): ExitStep[] {
  const { reckoning, accounts, waiting, aside } = status;
  if (!reckoning.done) return [{ do: 'reckon', count: reckonAtOnce }];
  const ids = new Set(accounts.map(({ account }) => account));
  return [
    ...accounts
      .filter(({ claim }) => claim > 0n)
      .map(({ account }) => ({ do: 'exit', account }) as const),
    ...[...aside, ...waiting]
      .filter(({ account }) => ids.has(account))
      .map(({ number }) => ({ do: 'refund', number }) as const),
  ];
}

/**
 * The steps that are possible now, in order. Pure.
 *
 * @param throttled accounts whose withdrawal the breaker sends through the queue
 * @param failed steps that the chain refused in this run, by `keyOf`
 */
export function planExit(
  status: ExitStatus,
  throttled: ReadonlySet<number> = new Set(),
  failed: ReadonlySet<string> = new Set(),
): ExitStep[] {
  const collect: ExitStep[] = status.owed > 0n ? [{ do: 'collect' }] : [];
  if (status.frozenTime !== 0) return [...afterFreeze(status), ...collect];
  if (status.accounts.every(({ cashQ32, positions }) => positions.length === 0 && cashQ32 <= 0n)) {
    return collect;
  }
  const due = overdue(status, failed);
  if (due.length > 0) return due;
  const { freezeFrom } = status;
  if (freezeFrom !== undefined && freezeFrom <= status.time) return [{ do: 'freeze' }];
  const steps = status.accounts.flatMap((one) => leave(status, one, throttled.has(one.account)));
  return [...steps, ...collect];
}

/** A number that no withdrawal of the account has used: the chain's time is never used twice. */
function freshNonce(status: ExitStatus, account: number): bigint {
  const all = [...status.waiting, ...status.aside];
  const used = all.filter((each) => each.account === account).map(({ nonce }) => nonce);
  let nonce = BigInt(status.time);
  while (used.includes(nonce)) nonce += 1n;
  return nonce;
}

function perform(
  exit: Exit,
  status: ExitStatus,
  step: ExitStep,
  to: Hex,
): Promise<Done | Rejection> {
  const { chain } = exit;
  switch (step.do) {
    case 'cancelOrders':
      return chain.cancelAll(step.account);
    case 'queueClose':
      return exit.requestClose(step.account, step.market, step.isLong);
    case 'queueWithdraw':
      return exit.requestWithdraw(step.account, to, freshNonce(status, step.account));
    case 'withdraw':
      return exit.withdrawNow(step.account, step.quote, to);
    case 'execute':
      return exit.execute(step.number);
    case 'setAside':
      return exit.setAside(step.number);
    case 'freeze':
      return exit.freeze();
    case 'reckon':
      return exit.reckon(step.count);
    case 'exit':
      return exit.exit(step.account, to);
    case 'refund':
      return exit.refund(step.number);
    case 'collect':
      return exit.collect(to);
  }
}

/** Refusals that only say that somebody else did it first. */
const overtaken = new Set(['ForcedOutOfTurn', 'Frozen', 'ReckoningClosed', 'FeesNone']);

/**
 * Does all that is possible now, looking again after each round, until nothing more is.
 *
 * @param to who is paid; the owner's address, unless it cannot receive the token
 * @param onStep called after each step
 */
export async function runExit(
  exit: Exit,
  owner: Hex,
  accounts: readonly number[],
  to: Hex = owner,
  onStep: (result: ExitResult) => void = () => undefined,
): Promise<{ readonly results: readonly ExitResult[]; readonly status: ExitStatus }> {
  const results: ExitResult[] = [];
  const failed = new Set<string>();
  const throttled = new Set<number>();
  for (;;) {
    const status = await exit.status(owner, accounts);
    const steps = planExit(status, throttled, failed).filter((step) => !failed.has(keyOf(step)));
    if (steps.length === 0) return { results, status };
    for (const step of steps) {
      const done = await perform(exit, status, step, to);
      const refused = isRejection(done) ? done : undefined;
      if (refused !== undefined) failed.add(keyOf(step));
      if (step.do === 'withdraw' && refused?.code === 'BreakerTripped') throttled.add(step.account);
      if (refused !== undefined && step.do === 'setAside') continue;
      if (refused !== undefined && overtaken.has(refused.code)) continue;
      const result =
        refused === undefined ? { ...step, tx: (done as Done).tx } : { ...step, refused };
      results.push(result);
      onStep(result);
    }
  }
}

function keyOf(step: ExitStep): string {
  return JSON.stringify(step, (_key, value) => (typeof value === 'bigint' ? `${value}` : value));
}
