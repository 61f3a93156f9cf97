/** What the waterfall must do to everybody, by the formulas in TypeScript. */
import type { Mirror } from '@holdfast/keeper';
import { cashAfter, type Fall, type RiskAccount, resolution } from '@holdfast/risk';
import { type AccountId, accountId, isRejection, type MarketId } from '@holdfast/units';

/** An account that nothing has touched. */
export const nobody: RiskAccount = { cash: 0n as RiskAccount['cash'], positions: new Map() };

type Terms = Pick<Fall, 'marketOf' | 'coverSharePpm' | 'drawn' | 'backstopLotsMax' | 'backstop'>;

/** What the event says and cash and size of everybody in the market; or why it is refused. */
export function expectedFall(
  { accounts }: Mirror,
  account: number,
  market: MarketId,
  list: readonly number[],
  terms: Terms,
) {
  const accountOf = (id: AccountId): RiskAccount => accounts.get(id) ?? nobody;
  const sizeOf = (id: AccountId): number => accountOf(id).positions.get(market) ?? 0;
  const openInterest = [...accounts.keys()].reduce((sum, id) => sum + Math.max(sizeOf(id), 0), 0);
  const found = resolution({
    ...terms,
    account: accountId(account),
    market,
    accountOf,
    isolated: false,
    openInterest,
    counterparties: list.map(accountId),
  });
  if (isRejection(found)) return { refused: found.code };
  const { toBackstop, toCounterparties, toFund, covered, ownCovered, levied } = found;
  const rows = new Map<number, string>();
  for (const id of new Set([...accounts.keys(), ...found.changes.keys()])) {
    const size = sizeOf(id) + (found.changes.get(id)?.sizeDelta ?? 0);
    rows.set(id, `${cashAfter(found, id, accountOf(id), market)}/${size}`);
  }
  return { told: { toBackstop, toCounterparties, toFund, covered, levied }, ownCovered, rows };
}
