/** Laws on orders, fills, accounts and liquidations. */
import { bool, bytes32, int, type Law, uint } from '../law.ts';
import { add, and, eq, gt, implies, le, lt, mul, not, or, when } from '../term.ts';

const million = 1_000_000;
const equity = (text: string) => int(128, `${text}, quote units, rounded down`);
const margin = (text: string) => uint(128, `${text}, quote units, rounded up`);

const healthier = and(
  le('maintenanceAfter', 'maintenanceBefore'),
  le(mul('equityBefore', 'maintenanceAfter'), mul('equityAfter', 'maintenanceBefore')),
  implies(eq('maintenanceBefore', 0), le('equityBefore', 'equityAfter')),
);

export const tradingLaws: readonly Law[] = [
  {
    id: 'L07',
    name: 'healthyOrHealthier',
    title: 'Healthy or healthier',
    statement:
      'A touched account ends at or above initial margin, or no position grew or flipped, ' +
      'maintenance did not rise and equity per maintenance did not fall.',
    assumes: 'Before and after are valued at the same price and funding index.',
    inputs: {
      equityBefore: equity('equity before'),
      maintenanceBefore: margin('maintenance requirement before'),
      equityAfter: equity('equity after'),
      initialAfter: margin('initial requirement after'),
      maintenanceAfter: margin('maintenance requirement after'),
      grew: bool('whether any position grew or flipped'),
    },
    predicate: or(le('initialAfter', 'equityAfter'), and(not('grew'), healthier)),
    example: {
      equityBefore: 40n,
      maintenanceBefore: 60n,
      equityAfter: 39n,
      initialAfter: 50n,
      maintenanceAfter: 30n,
      grew: false,
    },
    // Nothing unsigned is below zero.
    equalMutants: ['maintenanceBefore = 0 as ≤'],
  },
  {
    id: 'L11',
    name: 'laneLawful',
    title: 'Lanes only move forward',
    statement:
      'The sequence of a lane never falls, its filled size never falls under one sequence, and ' +
      'filled never exceeds the size of the order.',
    assumes: 'The size is that of the signed order with the sequence after.',
    inputs: {
      seqBefore: uint(32, 'sequence stored in the lane'),
      filledBefore: uint(40, 'lots stored in the lane'),
      seqAfter: uint(32, 'sequence of the order'),
      filledAfter: uint(40, 'lots filled with this operation included'),
      size: uint(40, 'lots of the signed order'),
    },
    predicate: and(
      lt(0, 'seqAfter'),
      le('seqBefore', 'seqAfter'),
      implies(eq('seqBefore', 'seqAfter'), le('filledBefore', 'filledAfter')),
      le('filledAfter', 'size'),
    ),
    example: { seqBefore: 7, filledBefore: 20, seqAfter: 7, filledAfter: 30, size: 30 },
    // The sequence before is never above the one after.
    equalMutants: ['seqBefore = seqAfter as ≥'],
  },
  {
    id: 'L12',
    name: 'fillWithin',
    title: 'Fills respect limits',
    statement: 'A buyer pays at most, and a seller receives at least, the limit that it signed.',
    assumes: 'It is asked once for each of the two orders of a fill.',
    inputs: {
      isBuy: bool('side of the order'),
      limit: uint(32, 'limit price of the order, ticks'),
      price: uint(32, 'price of the fill, ticks'),
    },
    predicate: and(lt(0, 'price'), when('isBuy', le('price', 'limit'), le('limit', 'price'))),
    example: { isBuy: true, limit: 100, price: 99 },
  },
  {
    id: 'L13',
    name: 'reduceOnlyHeld',
    title: 'Reduce-only reduces',
    statement: 'The position neither grew nor flipped.',
    assumes: 'Asked for reduce-only orders, and for every account while a breaker is tripped.',
    inputs: {
      sizeBefore: int(54, 'lots, signed'),
      sizeAfter: int(54, 'lots, signed'),
    },
    predicate: when(
      le(0, 'sizeBefore'),
      and(le(0, 'sizeAfter'), le('sizeAfter', 'sizeBefore')),
      and(le('sizeBefore', 'sizeAfter'), le('sizeAfter', 0)),
    ),
    example: { sizeBefore: -9, sizeAfter: -4 },
    // From zero both branches allow only zero.
    equalMutants: ['0 ≤ sizeBefore strict'],
  },
  {
    id: 'L15',
    name: 'batchContiguous',
    title: 'Batches form one chain',
    statement: 'A batch has the next number and names the head that it extends.',
    assumes: 'Head and last number are what the clearing house stores.',
    inputs: {
      number: uint(64, 'number of the batch'),
      numberLast: uint(64, 'number of the last settled batch'),
      previous: bytes32('head that the batch names'),
      head: bytes32('head that is stored'),
    },
    predicate: and(eq('number', add('numberLast', 1)), eq('previous', 'head')),
    example: {
      number: 5n,
      numberLast: 4n,
      previous: `0x${'ab'.repeat(32)}`,
      head: `0x${'ab'.repeat(32)}`,
    },
  },
  {
    id: 'L20',
    name: 'liquidationLawful',
    title: 'Liquidation is needed and never hurts',
    statement:
      'Only an account below maintenance loses positions to others; it loses no more than the ' +
      'penalty and discount, the penalty is at most 1.5 % of the notional, the discount at most ' +
      'one and a half times its maintenance margin, and its health does not fall.',
    assumes: 'Before and after are valued at the same price; what insurance paid counts in after.',
    inputs: {
      equityBefore: equity('equity before'),
      maintenanceBefore: margin('maintenance requirement before'),
      equityAfter: equity('equity after'),
      maintenanceAfter: margin('maintenance requirement after'),
      penalty: uint(96, 'penalty taken, quote units'),
      discount: uint(96, 'given up against the mark price, quote units'),
      notional: uint(112, 'notional of the lots moved, quote units'),
      maintenancePpm: uint(24, 'maintenance margin of their market'),
    },
    predicate: and(
      lt('equityBefore', 'maintenanceBefore'),
      le('maintenanceAfter', 'maintenanceBefore'),
      le('equityBefore', add(add('equityAfter', 'penalty'), 'discount')),
      le(mul('penalty', million), mul('notional', 15_000)),
      le(mul('discount', 2 * million), mul(mul('notional', 'maintenancePpm'), 3)),
      le(mul('equityBefore', 'maintenanceAfter'), mul('equityAfter', 'maintenanceBefore')),
      or(le('equityBefore', 'equityAfter'), gt('equityBefore', 0)),
    ),
    example: {
      equityBefore: 2_000n,
      maintenanceBefore: 3_000n,
      equityAfter: 1_000n,
      maintenanceAfter: 1_500n,
      penalty: 600n,
      discount: 400n,
      notional: 100_000n,
      maintenancePpm: 30_000,
    },
    // Nothing needs margin: then only the last clause forbids a loss.
    edges: [
      {
        equityBefore: -5n,
        maintenanceBefore: 0n,
        equityAfter: -6n,
        maintenanceAfter: 0n,
        penalty: 1n,
        discount: 0n,
        notional: 1_000n,
        maintenancePpm: 30_000,
      },
    ],
    // At zero equity a loss already fails the comparison of health.
    equalMutants: ['0 < equityBefore not strict'],
  },
  {
    id: 'L21',
    name: 'feesWithin',
    title: 'Fees are exact',
    statement: 'A fee is the notional times its rate, rounded up to a whole quote unit.',
    assumes: 'The rate is that of the side of the order (maker or taker) in its market.',
    inputs: {
      fee: uint(96, 'fee taken, quote units'),
      notional: uint(112, 'notional of the fill, quote units'),
      feePpm: uint(24, 'rate'),
    },
    predicate: and(
      le(mul('notional', 'feePpm'), mul('fee', million)),
      lt(mul('fee', million), add(mul('notional', 'feePpm'), million)),
    ),
    example: { fee: 5n, notional: 10_000n, feePpm: 450 },
  },
  {
    id: 'L26',
    name: 'resolvedInPart',
    title: 'One block resolves a part',
    statement:
      'In one block at most a part of the open interest of a market goes through the waterfall, ' +
      'and one position beyond it that is larger than half of that part.',
    assumes: 'Open interest is that before the first resolution of the block.',
    inputs: {
      lots: uint(53, 'lots that leave the account'),
      moved: uint(53, 'lots resolved in the block before'),
      large: bool('whether one larger than half of the part was among them'),
      openInterest: uint(53, 'lots open before the first of them'),
      partPpm: uint(24, 'largest part that is liquidated in one block'),
    },
    predicate: or(
      le(mul(add('moved', 'lots'), million), mul('openInterest', 'partPpm')),
      and(not('large'), lt(mul('openInterest', 'partPpm'), mul('lots', 2 * million))),
    ),
    example: { lots: 150, moved: 100, large: false, openInterest: 1_000, partPpm: 250_000 },
    // One larger than half of the part: the first of the block, and another.
    edges: [
      { lots: 200, moved: 200, large: false, openInterest: 1_000, partPpm: 250_000 },
      { lots: 200, moved: 200, large: true, openInterest: 1_000, partPpm: 250_000 },
      { lots: 125, moved: 200, large: false, openInterest: 1_000, partPpm: 250_000 },
    ],
  },
];
