/** Laws on the whole state of the venue and on how value moves inside it. */
import { int, type Law, list, type RecordType, uint } from '../law.ts';
import { add, and, eq, exists, forall, le, max, mul, or, sum, when } from '../term.ts';

const q32 = 2n ** 32n;

const account: RecordType = {
  kind: 'record',
  name: 'AccountState',
  doc: 'One account, reserved ones included.',
  fields: { cashQ32: int(128, 'cash, quote units with 32 fractional bits') },
};

const position: RecordType = {
  kind: 'record',
  name: 'PositionState',
  doc: 'One position of one account.',
  fields: { market: uint(8, 'market id'), size: int(54, 'lots, signed') },
};

const market: RecordType = {
  kind: 'record',
  name: 'MarketState',
  doc: 'One listed market.',
  fields: { market: uint(8, 'market id'), openInterest: uint(53, 'lots, as the venue states it') },
};

const positions = list(position, 'every position of every account');
const markets = list(market, 'every listed market');

const inMarket = (value: Parameters<typeof when>[1]) =>
  sum('positions', 'p', when(eq('p.market', 'm.market'), value, 0));

export const stateLaws: readonly Law[] = [
  {
    id: 'L01',
    name: 'collateralConserved',
    title: 'Collateral is conserved',
    statement: 'The cash of all accounts adds up to exactly what the vault owes.',
    assumes: 'The list holds every account, the insurance fund and the fee account included.',
    inputs: {
      accounts: list(account, 'every account'),
      liabilities: uint(96, 'what the vault owes, quote units'),
    },
    predicate: eq(sum('accounts', 'a', 'a.cashQ32'), mul('liabilities', q32)),
    example: { accounts: [{ cashQ32: -q32 }, { cashQ32: 3n * q32 }], liabilities: 2n },
  },
  {
    id: 'L02',
    name: 'vaultCovers',
    title: 'The vault covers what it owes',
    statement:
      'The tokens in the vault are worth at least what it owes to accounts and what is queued.',
    assumes: 'The balance is read from the token itself, rounded down to quote units.',
    inputs: {
      balance: uint(128, 'tokens held by the vault, quote units'),
      liabilities: uint(96, 'what the vault owes to accounts, quote units'),
      queued: uint(96, 'withdrawals that have left their accounts and wait, quote units'),
    },
    predicate: le(add('liabilities', 'queued'), 'balance'),
    example: { balance: 1000n, liabilities: 900n, queued: 100n },
  },
  {
    id: 'L03',
    name: 'conserved',
    title: 'Operations conserve cash',
    statement: 'An operation changes the sum of all cash by exactly the change of the liabilities.',
    assumes: 'The change of cash is summed over every account that the operation touched.',
    inputs: {
      cashDeltaQ32: int(136, 'change of the sum of cash, Q32'),
      liabilitiesDelta: int(96, 'change of what the vault owes, quote units'),
    },
    predicate: eq('cashDeltaQ32', mul('liabilitiesDelta', q32)),
    example: { cashDeltaQ32: -7n * q32, liabilitiesDelta: -7n },
  },
  {
    id: 'L04',
    name: 'netPositionZero',
    title: 'Net position is zero',
    statement: 'The positions of each market add up to zero, and each is in a listed market.',
    assumes: 'The lists hold every position and every market.',
    inputs: { positions, markets },
    predicate: and(
      forall('markets', 'm', eq(inMarket('p.size'), 0)),
      forall('positions', 'p', exists('markets', 'm', eq('p.market', 'm.market'))),
    ),
    example: {
      positions: [
        { market: 0, size: 5 },
        { market: 0, size: -3 },
        { market: 0, size: -2 },
        { market: 1, size: 1 },
        { market: 1, size: -1 },
      ],
      markets: [
        { market: 0, openInterest: 5 },
        { market: 1, openInterest: 1 },
      ],
    },
    // Sums over markets up to (or from) each one are all zero only if every single sum is.
    equalMutants: ['p.market = m.market as ≤', 'p.market = m.market as ≥'],
  },
  {
    id: 'L05',
    name: 'openInterestIsLongs',
    title: 'Open interest is the sum of longs',
    statement: 'The open interest of each market is the sum of its long positions.',
    assumes: 'The lists hold every position and every market.',
    inputs: { positions, markets },
    predicate: forall('markets', 'm', eq(inMarket(max('p.size', 0)), 'm.openInterest')),
    example: {
      positions: [
        { market: 0, size: 5 },
        { market: 0, size: -5 },
      ],
      markets: [
        { market: 0, openInterest: 5 },
        { market: 1, openInterest: 0 },
      ],
    },
  },
  {
    id: 'L06',
    name: 'openInterestWithin',
    title: 'Open interest stays under its cap',
    statement: 'Open interest does not grow above the cap of its market.',
    assumes: 'Before and after are taken around one whole batch.',
    inputs: {
      openInterestBefore: uint(53, 'lots'),
      openInterestAfter: uint(53, 'lots'),
      openInterestMax: uint(53, 'lots'),
    },
    predicate: or(
      le('openInterestAfter', 'openInterestMax'),
      le('openInterestAfter', 'openInterestBefore'),
    ),
    example: { openInterestBefore: 3, openInterestAfter: 9, openInterestMax: 10 },
  },
];
