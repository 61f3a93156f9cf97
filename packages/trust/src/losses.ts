/** The worst that a power can cost, in quote units (10^-6), from the numbers of the chain. */
import { maxBig, minBig } from '@holdfast/units';
import type { Facts, MarketFacts } from './facts.ts';

/** What bounds a loss; each has a rule in `lossOf`. */
export type LossKey =
  | 'none'
  | 'own'
  | 'window'
  | 'prices'
  | 'fills'
  | 'inside'
  | 'halt'
  | 'steered'
  | 'treasury'
  | 'prices or treasury'
  | 'governor';

export type Loss = {
  /** Quote units that can be gone within 24 hours of its taking effect. */
  readonly dayQuote: bigint;
  /** Quote units that can move between accounts of the venue and stay inside. */
  readonly insideQuote: bigint;
  /** How it is bounded, in words. */
  readonly why: string;
};

/** Largest penalty of a liquidation, ppm of the notional: law L20. */
const penaltyPpm = 15_000n;
const hourSeconds = 3600n;
const daySeconds = 86_400n;
const ppmOne = 1_000_000n;

/** Quote units of the positions of one side at the index price. */
const openNotional = ({ openInterest, price, tickValue }: MarketFacts): bigint =>
  openInterest * price * tickValue;

/** The same, if the market were full. */
export const capNotional = ({ openInterestMax, price, tickValue }: MarketFacts): bigint =>
  openInterestMax * price * tickValue;

const sum = (values: readonly bigint[]): bigint => values.reduce((all, each) => all + each, 0n);

/** Everything that the vault owes, queued or not, quote units. */
export const heldQuote = ({ vault }: Facts): bigint => vault.liabilities + vault.queued;

/** The most that leaves the vault in so many seconds from now, whoever asks, quote units. */
export function outflow(facts: Facts, seconds: bigint): bigint {
  const { hourBudget, dayBudget } = facts.vault;
  const byHour = hourBudget * maxBig(1n, (seconds + hourSeconds - 1n) / hourSeconds);
  const byDay = dayBudget * maxBig(1n, (seconds + daySeconds - 1n) / daySeconds);
  return minBig(heldQuote(facts), minBig(byHour, byDay));
}

/** What the treasury may pay of the collateral in 24 hours; other tokens have no price here. */
const treasuryDay = ({ treasury }: Facts): bigint =>
  sum(
    (treasury?.tokens ?? []).map(({ day, held, scale }) =>
      scale === undefined ? 0n : minBig(day, held) / scale,
    ),
  );

const inside = (facts: Facts): bigint =>
  minBig(heldQuote(facts), sum(facts.markets.map(openNotional)));

const filled = (facts: Facts): bigint =>
  sum(facts.markets.map((each) => (capNotional(each) * each.fillBandPpm) / ppmOne));

/** Costs of closing all that is open at the far end of a steward's band: penalty and discount. */
const closed = (facts: Facts): bigint =>
  sum(
    facts.markets.map((each) => {
      // Law L20: the discount is at most one and a half times the maintenance margin.
      const ppm = penaltyPpm + (each.maintenanceMaxPpm * 3n) / 2n;
      return (openNotional(each) * ppm) / ppmOne;
    }),
  );

const rules: Readonly<Record<LossKey, (facts: Facts) => Loss>> = {
  none: () => ({ dayQuote: 0n, insideQuote: 0n, why: 'moves no value' }),
  own: () => ({ dayQuote: 0n, insideQuote: 0n, why: 'the caller’s own account alone' }),
  window: (facts) => ({
    dayQuote: outflow(facts, daySeconds),
    insideQuote: 0n,
    why: 'the vault’s outflow windows, if the code that holds it were broken',
  }),
  prices: (facts) => ({
    dayQuote: outflow(facts, daySeconds),
    insideQuote: inside(facts),
    why: 'false prices: out of the venue by the windows, between accounts by the open interest',
  }),
  fills: (facts) => ({
    dayQuote: 0n,
    insideQuote: minBig(heldQuote(facts), filled(facts)),
    why: 'signed orders filled at the far edge of band and limit, markets full',
  }),
  inside: (facts) => ({
    dayQuote: 0n,
    insideQuote: inside(facts),
    why: 'positions closed at another price than their owners wish',
  }),
  halt: (facts) => ({
    dayQuote: 0n,
    insideQuote: inside(facts),
    why: 'by a quorum alone: bad debt that liquidation, switched off, would have stopped',
  }),
  steered: (facts) => ({
    dayQuote: 0n,
    insideQuote: minBig(heldQuote(facts), closed(facts)),
    why: 'all positions liquidated by maintenance margins that were announced: penalty, discount',
  }),
  treasury: (facts) => ({
    dayQuote: treasuryDay(facts),
    insideQuote: 0n,
    why: 'protocol funds, by the limit of 24 hours (other tokens than the collateral not counted)',
  }),
  'prices or treasury': (facts) => ({
    dayQuote: maxBig(outflow(facts, daySeconds), treasuryDay(facts)),
    insideQuote: inside(facts),
    why: 'a false key of the oracle committee: as false prices; of the treasury: its limits',
  }),
  governor: () => ({
    dayQuote: 0n,
    insideQuote: 0n,
    why: 'what its successor can do has delays of its own',
  }),
};

/** The worst loss by a key. */
export const lossOf = (facts: Facts, key: LossKey): Loss => rules[key](facts);
