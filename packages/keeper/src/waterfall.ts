import { coveragePpm, crowd, freshPace, type Pace, paceAfter } from '@holdfast/risk';
import { type AccountId, firstFundAccount, type MarketId, ppmOne } from '@holdfast/units';
import type { Victim } from './judge.ts';
import type { Mirror } from './mirror.ts';

/** A call that helps an account in need; the report is its last argument. */
export interface Act {
  name: 'liquidate' | 'resolve' | 'flag';
  args: unknown[];
  market: MarketId;
}

/** Most accounts that one call lists: about 30,000 gas each. */
const listedMax = 800;

/**
 * The other side of a market, ids ascending: all of it when that fits one call, otherwise its
 * largest positions up to the part that the contract demands, and at least a crowd.
 */
export function counterpartiesOf(mirror: Mirror, market: MarketId, long: boolean): AccountId[] {
  const side: { id: AccountId; size: number }[] = [];
  for (const [id, { positions }] of mirror.accounts) {
    const size = positions.get(market) ?? 0;
    if (size !== 0 && size > 0 !== long) side.push({ id, size: Math.abs(size) });
  }
  if (side.length > listedMax) {
    side.sort((a, b) => b.size - a.size || a.id - b.id);
    const whole = side.reduce((sum, { size }) => sum + size, 0);
    const wanted = Number((BigInt(whole) * coveragePpm) / 1_000_000n);
    let listed = 0;
    const enough = side.findIndex(({ size }) => {
      listed += size;
      return listed >= wanted;
    });
    // Beyond what fits a call, a crowd will do: its members lose no more than their share.
    side.length = enough >= 0 && enough < listedMax ? Math.max(enough + 1, crowd) : listedMax;
  }
  return side.map(({ id }) => id).sort((a, b) => a - b);
}

/** Whether anyone can help: a fund has no owner, so that only the waterfall takes from it. */
export const isHelpable = ({ account, equity, maintenance }: Victim): boolean =>
  account < firstFundAccount || equity < (maintenance * 2n) / 3n;

/**
 * Below close-out the waterfall, above it a keeper.
 */
export function actOf(mirror: Mirror, victim: Victim, keeper: number): Act {
  const { account, equity, maintenance } = victim;
  const market = victim.markets[0] as MarketId;
  const closeOut = (maintenance * 2n) / 3n;
  if (equity >= closeOut) {
    return { name: 'liquidate', args: [account, market, 0, keeper], market };
  }
  const long = (mirror.accounts.get(account)?.positions.get(market) ?? 0) > 0;
  const list = counterpartiesOf(mirror, market, long);
  return { name: 'resolve', args: [account, market, list], market };
}

/**
 * Says of each act of a turn whether a block still takes it: of each market a part goes through the
 * waterfall in one block, and the next turn goes on. Asked with the largest loss first.
 */
export function createPacer(mirror: Mirror): (act: Act) => boolean {
  const paces = new Map<MarketId, Pace>();
  const begun = (market: MarketId): Pace => {
    let openInterest = 0;
    for (const { positions } of mirror.accounts.values()) {
      openInterest += Math.max(positions.get(market) ?? 0, 0);
    }
    return freshPace(openInterest, mirror.markets.get(market)?.liquidationPartPpm ?? ppmOne);
  };
  return ({ name, args, market }) => {
    if (name !== 'resolve') return true;
    const size = mirror.accounts.get(args[0] as AccountId)?.positions.get(market) ?? 0;
    const after = paceAfter(paces.get(market) ?? begun(market), Math.abs(size));
    if (after !== undefined) paces.set(market, after);
    return after !== undefined;
  };
}
