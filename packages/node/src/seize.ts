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

/** What may have left an account in need, or have settled what the protocol sold before. */
const stirring: ReadonlySet<string> = new Set(['report', 'confirmed', 'unwound']);

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

/** What the book would take of an account now, as a command; undefined when it takes nothing. */
function seizureOf(parts: NodeParts, id: AccountId): Input | undefined {
  const { state } = parts.engine;
  for (const market of marketsOf(parts, id)) {
    const aim = seizureOrder(state, id, market);
    if (isRejection(aim)) continue;
    const { isBuy, price } = aim.order;
    const { bid, ask } = bestPrices(state, market);
    if (isBuy ? ask !== undefined && ask <= price : bid !== undefined && bid >= price) {
      return { type: 'seize', account: id, market };
    }
  }
  return undefined;
}

/** All that the book would take now. */
export function seizures(parts: NodeParts): Input[] {
  const inputs: Input[] = [];
  for (const [id, { positions }] of parts.engine.state.accounts) {
    if (positions.size === 0 || id < firstUserAccount || id >= firstFundAccount) continue;
    const input = seizureOf(parts, id);
    if (input !== undefined) inputs.push(input);
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

/** Looks whenever the core has moved prices or settled something. Never two looks at once. */
export function watchSeizures(parts: NodeParts): void {
  const { engine, logger } = parts;
  let running = false;
  let again = false;
  async function look(): Promise<void> {
    do {
      again = false;
      // One turn of the event loop: the command that stirred it is answered first.
      await new Promise((resolve) => setImmediate(resolve));
      if (parts.halted() !== undefined) return;
      tell(parts, await engine.submit(seizures(parts)));
    } while (again);
  }
  engine.listen(({ events }) => {
    if (!events.some(({ type }) => stirring.has(type))) return;
    again = true;
    if (running) return;
    running = true;
    look()
      .catch((error) => logger.error({ error: errorMessage(error) }, 'seizures failed'))
      .finally(() => {
        running = false;
      });
  });
}
