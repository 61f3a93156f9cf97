/** Checks of values: fills, reports and arithmetic. */
import { type Mutant, mutant, type Property } from '../../prove/property.ts';
import { check, library } from './check.ts';

const fills: readonly Property[] = [
  check(
    'code.strange',
    'FillChecks.check_strange',
    ['L12', 'L13'],
    'Netting',
    'The one value that admits a fill lets through only what every plain condition allows',
    [
      mutant(
        'a seller may get a tick less than its limit',
        library('Netting'),
        'strange := or(strange, lt(price, xor(ask, differ)))',
        'strange := or(strange, lt(add(price, 1), xor(ask, differ)))',
      ),
    ],
  ),
  check(
    'code.bid',
    'FillChecks.check_bid',
    ['L01', 'L03', 'L04'],
    'Netting',
    'A fill in which the maker buys moves lots and cash that add up to the fees alone',
    [
      mutant(
        'half of the fee of the taker is lost',
        library('Netting'),
        'sub(sub(mload(word), moved), shl(32, takerFee))',
        'sub(sub(mload(word), moved), shl(31, takerFee))',
      ),
    ],
    { reverts: 'errors' },
  ),
  check(
    'code.ask',
    'FillChecks.check_ask',
    ['L01', 'L03', 'L04'],
    'Netting',
    'A fill in which the maker sells moves lots and cash that add up to the fees alone',
    [
      mutant(
        'half of the fee of the maker is lost',
        library('Netting'),
        'sub(add(mload(word), moved), shl(32, makerFee))',
        'sub(add(mload(word), moved), shl(31, makerFee))',
      ),
    ],
    { reverts: 'errors' },
  ),
  check(
    'code.moreBid',
    'FillChecks.check_moreBid',
    ['L01', 'L03', 'L04'],
    'Netting',
    'One more fill on whatever those before it left adds its lots, cash and fees; the maker buys',
    [
      mutant(
        'only the last fill of an order counts',
        library('Netting'),
        'mstore(maker, add(word, lots))',
        'mstore(maker, add(and(word, 0xffffffff), lots))',
      ),
    ],
    { reverts: 'errors', slow: true, seconds: 120 },
  ),
  check(
    'code.moreAsk',
    'FillChecks.check_moreAsk',
    ['L01', 'L03', 'L04'],
    'Netting',
    'One more fill on whatever those before it left adds its lots, cash and fees; the maker sells',
    [
      mutant(
        'what the taker gained before is lost',
        library('Netting'),
        'sub(sub(mload(word), moved), shl(32, takerFee))',
        'sub(sub(0, moved), shl(32, takerFee))',
      ),
    ],
    { reverts: 'errors', slow: true, seconds: 120 },
  ),
  check(
    'code.two',
    'FillChecks.check_two',
    ['L01', 'L03', 'L04'],
    'Netting',
    'Two fills of one order, run together, add up to the fees alone: lots and prices of 8 bits',
    [
      mutant(
        'what an order filled before as a taker is lost',
        library('Netting'),
        'mstore(maker, add(word, lots))',
        'mstore(maker, add(and(word, 0xffffffff), lots))',
      ),
    ],
    { reverts: 'errors', slow: true, seconds: 120, method: 'bounded' },
  ),
  check(
    'code.legs',
    'FillChecks.check_legs',
    ['L03', 'L04'],
    'Desks',
    'Lots and cash that are summed in one word come apart again',
    [
      mutant(
        'negative cash takes a lot',
        library('Desks'),
        'lots := sar(192, sub(word, cashQ32))',
        'lots := sar(192, word)',
      ),
    ],
  ),
];

const median = (count: number, mutants: readonly Mutant[]): Property =>
  check(
    `code.median${count}`,
    `ReportChecks.check_medianOf${count}`,
    [],
    'Medians',
    `A value passes exactly as the lower median of ${count} reported ones, field by field`,
    mutants,
  );

const ratesPlain = mutant(
  'negative rates are the highest',
  library('Medians'),
  'seen := signextend(3, item)',
  'seen := and(item, 0xffffffff)',
);

const reports: readonly Property[] = [
  median(3, [ratesPlain]),
  median(4, [
    mutant(
      'the upper median passes',
      library('Medians'),
      'uint256 rank = (count - 1) / 2;',
      'uint256 rank = count / 2;',
    ),
  ]),
  median(5, [ratesPlain]),
  check(
    'code.take',
    'ReportChecks.check_take',
    ['L09'],
    'Reports',
    'A report of two markets that the compiler encoded is never refused, and taken as it is',
    [
      mutant(
        'times from 2^32 on are refused',
        library('Reports'),
        'shr(40, mload(add(report, 0x20)))',
        'shr(32, mload(add(report, 0x20)))',
      ),
    ],
    { reverts: 'none' },
  ),
  check(
    'code.takeRaw',
    'ReportChecks.check_takeRaw',
    ['L09'],
    'Reports',
    'Of any words in the place of a report of one market only lawful ones are taken',
    [
      mutant(
        'rates of 40 bits are taken',
        library('Reports'),
        'xor(item, signextend(3, item))',
        'xor(item, signextend(4, item))',
      ),
    ],
  ),
  check(
    'code.observation',
    'ObservationChecks.check_signer',
    ['L09'],
    'Observations',
    'What is recovered of an observation is its digest by abi.encode, with its signature',
    [
      mutant(
        'the time of an observation is not signed',
        library('Observations'),
        'mstore(add(buffer, 0x40), time)',
        'mstore(add(buffer, 0x40), round)',
      ),
    ],
    { reverts: 'none' },
  ),
  check(
    'code.level',
    'ReportChecks.check_level',
    ['L14'],
    'OutflowRing',
    'The level moved on by up to 255 half days tells of no more than was held meanwhile',
    [
      mutant(
        'the half day before is forgotten',
        library('OutflowRing'),
        'level.low2 = steps == 1 ? level.low1 :',
        'level.low2 = steps == 1 ? held :',
      ),
    ],
    { slow: true },
  ),
];

const arithmetic: readonly Property[] = [
  check(
    'code.products',
    'MarginChecks.check_products',
    ['L21'],
    'Margin',
    'Notional, caution, fees and close-out do not wrap: lots 56 bits, a lot 80, amounts 128',
    [
      mutant(
        'a short is a lot larger',
        library('Margin'),
        'return uint256((lots ^ sign) - sign);',
        'return uint256((lots ^ sign) - sign - sign);',
      ),
    ],
    { slow: true },
  ),
  check(
    'code.band',
    'MarginChecks.check_band',
    ['L10'],
    'Margin',
    'The band of fills that wraps below zero says what two plain comparisons say',
    [
      mutant(
        'the band is a tick too wide',
        library('Margin'),
        'return (price - reach, reach * 2);',
        'return (price - reach, reach * 2 + 1);',
      ),
    ],
    { slow: true },
  ),
  check(
    'code.funding',
    'MarginChecks.check_funding',
    ['L19'],
    'Funding',
    'A step of the funding index never fails: rate 24 bits, price 32, tick value 48, seconds 16',
    [
      mutant(
        'a step is divided by its seconds',
        library('Funding'),
        'countedSeconds) << 32)) / PPM_DAY',
        'countedSeconds) << 32)) / int256(countedSeconds)',
      ),
    ],
    { reverts: 'none' },
  ),
  check(
    'code.mark',
    'MarginChecks.check_mark',
    ['L10'],
    'Marks',
    'The accepted mark is a price, and within the clamp of the index',
    [
      mutant(
        'the clamp is a tick too wide',
        library('Marks'),
        '_near(mark, index, (index * clampPpm) / PPM)',
        '_near(mark, index, (index * clampPpm) / PPM + 1)',
      ),
    ],
    { slow: true },
  ),
];

export const valueChecks: readonly Property[] = [...fills, ...reports, ...arithmetic];
