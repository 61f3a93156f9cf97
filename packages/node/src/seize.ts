/**
 * The book stage of liquidation: after each report, the protocol sells into the book for every
 * account below maintenance. The core judges and the chain judges again; this only asks.
 */
import { bestPrices, seizureOrder } from '@holdfast/core';
import { errorMessage } from '@holdfast/host';
import { notional } from '@holdfast/risk';
import {
  type AccountId,
  firstFundAccount,
  firstUserAccount,
  isRejection,
  type MarketId,
  type Ticks,
} from '@holdfast/units';
import type { Input, Outcome } from './engine.ts';
import type { NodeParts } from './parts.ts';

/** The markets of an account, the largest position first. */
function marketsOf({ engine }: NodeParts, id: AccountId): MarketId[] {
  const { accounts, markets } = engine.state;
  const worth = ([market, size]: readonly [MarketId, number]): bigint => {
    const { mark = 0, params } = markets.get(market) ?? {};
    return notional(size, mark as Ticks, params?.tickValue ?? 0);
  };
  return [...(accounts.get(id)?.positions ?? [])]
    .map((entry) => ({ market: entry[0], worth: worth(entry) }))
    .sort((a, b) => (a.worth < b.worth ? 1 : a.worth > b.worth ? -1 : a.market - b.market))
    .map(({ market }) => market);
}

/** How an account stands with the book: not in need, in need, or with a command that helps. */
type Standing = 'healthy' | 'inNeed' | Input;

function standingOf(parts: NodeParts, id: AccountId): Standing {
  const { state } = parts.engine;
  let found: Standing = 'healthy';
  for (const market of marketsOf(parts, id)) {
    const aim = seizureOrder(state, id, market);
    if (isRejection(aim)) {
      // One verdict on the account: it is the same in every market.
      if (aim.code === 'NotLiquidatable') return 'healthy';
      found = 'inNeed';
      continue;
    }
    found = 'inNeed';
    const { isBuy, price } = aim.order;
    const { bid, ask } = bestPrices(state, market);
    if (isBuy ? ask !== undefined && ask <= price : bid !== undefined && bid >= price) {
      return { type: 'seize', account: id, market };
    }
  }
  return found;
}

const isOwned = (id: AccountId): boolean => id >= firstUserAccount && id < firstFundAccount;

/**
 * All that the book would take now.
 *
 * @param only accounts to look at; default: all
 * @param inNeed gets the accounts that are in need, whether the book helps or not
 */
export function seizures(
  parts: NodeParts,
  only: Iterable<AccountId> = parts.engine.state.accounts.keys(),
  inNeed: Set<AccountId> = new Set(),
): Input[] {
  const inputs: Input[] = [];
  for (const id of only) {
    if (!isOwned(id)) continue;
    const standing = standingOf(parts, id);
    if (standing === 'healthy') continue;
    inNeed.add(id);
    if (standing !== 'inNeed') inputs.push(standing);
  }
  return inputs;
}

function tell({ logger }: NodeParts, outcomes: readonly Outcome[]): void {
  for (const { command, events } of outcomes) {
    if (command.type !== 'seize') continue;
    const { account, market } = command;
    let sold = 0;
    for (const event of events) if (event.type === 'fill') sold += event.lots;
    const refused = events.find((event) => event.type === 'rejected');
    const why = refused?.type === 'rejected' ? refused.code : undefined;
    if (sold > 0) logger.info({ account, market, lots: sold }, 'sold into the book');
    else logger.debug({ account, market, why }, 'the book takes nothing');
  }
}

/**
 * Looks at everybody after a report, and at those in need whenever something has settled: what was
 * sold of them may not have been enough. Never two looks at once.
 */
export function watchSeizures(parts: NodeParts): void {
  const { engine, logger } = parts;
  let inNeed = new Set<AccountId>();
  let next: 'all' | 'inNeed' | undefined;
  let running = false;
  async function look(): Promise<void> {
    while (next !== undefined) {
      // One turn of the event loop: the command that stirred it is answered first.
      await new Promise((resolve) => setImmediate(resolve));
      const only = next === 'all' ? engine.state.accounts.keys() : inNeed;
      next = undefined;
      if (parts.halted() !== undefined) return;
      const found = new Set<AccountId>();
      const inputs = seizures(parts, only, found);
      inNeed = found;
      tell(parts, await engine.submit(inputs));
    }
  }
  engine.listen(({ events }) => {
    if (events.some(({ type }) => type === 'report')) next = 'all';
    else if (inNeed.size === 0) return;
    else if (events.some(({ type }) => type === 'confirmed' || type === 'unwound')) {
      next ??= 'inNeed';
    } else return;
    if (running) return;
    running = true;
    look()
      .catch((error) => logger.error({ error: errorMessage(error) }, 'seizures failed'))
      .finally(() => {
        running = false;
      });
  });
}
