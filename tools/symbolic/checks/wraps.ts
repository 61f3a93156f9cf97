/** Checks of arithmetic without checks: with them, no input of the stated widths panics. */
import { type Mutant, mutant, type Property } from '../../prove/property.ts';
import { check, library } from './check.ts';

type Rest = Partial<Property> & { place?: string };

/** A check of `WrapChecks`, or of another place with its libraries compiled with checks. */
function wrap(name: string, subject: string, title: string, broken: Mutant, rest: Rest = {}) {
  const { place = `WrapChecks.check_${name}`, ...more } = rest;
  const laws = more.laws ?? [];
  return check(`wrap.${name}`, place, laws, subject, title, [broken], {
    plain: ['checks'],
    seconds: 120,
    slow: true,
    ...more,
  });
}

export const wrapChecks: readonly Property[] = [
  wrap(
    'products',
    'Margin',
    'Notional, caution, fees and close-out wrap nowhere: lots 64 bits, a lot 80, amounts 200',
    mutant(
      'what a lot is worth is taken off the lots',
      library('Margin'),
      'return magnitude(lots) * market.lotValue;',
      'return magnitude(lots) - market.lotValue;',
    ),
    { laws: ['L07'] },
  ),
  wrap(
    'interest',
    'Margin',
    'The margin of open interest, and the most of a batch, wrap nowhere; it is at least the base',
    mutant(
      'what is above the low end is taken the other way round',
      library('Margin'),
      'above = scaled - from;',
      'above = from - scaled;',
    ),
    { laws: ['L07'] },
  ),
  wrap(
    'initialPpm',
    'Margin',
    'The initial margin of a position wraps nowhere, divides by no zero, and is 24 bits',
    mutant(
      'what is demanded already is taken off the base',
      library('Margin'),
      'if (added <= (ppm - base) * interest) return ppm;',
      'if (added <= (base - ppm) * interest) return ppm;',
    ),
    { laws: ['L07'] },
  ),
  wrap(
    'add',
    'Margin',
    'One more position wraps no sum of an account: equity 184 bits, requirements 176',
    mutant(
      'no market at all has one before it',
      library('Margin'),
      'return totals.lone == 0 || totals.held & (totals.held - 1) == 0;',
      'return totals.held & (totals.held - 1) == 0 || totals.lone == 0;',
    ),
    { laws: ['L07'] },
  ),
  wrap(
    'only',
    'Margin',
    'What an only position demands of equity of 144 bits wraps nowhere: lots 64 bits, a lot 80',
    mutant(
      'the ceiling is of the square of the lots',
      library('Margin'),
      'int256 most = int256(magnitude(lots) * market.lotCeiling);',
      'int256 most = int256(magnitude(lots) << 160) * int256(market.lotCeiling);',
    ),
    { laws: ['L07'] },
  ),
  wrap(
    'marks',
    'Marks',
    'The accepted mark wraps nowhere, and is never zero',
    mutant(
      'the span is taken off whatever it is',
      library('Marks'),
      'span < centre ? centre - span : 1',
      'span > centre ? centre - span : 1',
    ),
    { laws: ['L10'] },
  ),
  wrap(
    'small',
    'Lanes, Orders, Medians, Desks',
    'A filled lane, the side of an order, the rank of a median and the next record wrap nowhere',
    mutant(
      'lots count double',
      library('Lanes'),
      '(lots << FILLED_SHIFT)',
      '(lots << (FILLED_SHIFT + 1))',
    ),
    { laws: ['L11'] },
  ),
  wrap(
    'legs',
    'Desks, Judging',
    'Of two legs that of an account is found, and open interest changes by the longs alone',
    mutant(
      'what stands in front of the legs is one',
      library('Desks'),
      'at > desk.legs;',
      'at >= desk.legs;',
    ),
    { laws: ['L05'] },
  ),
  wrap(
    'fill',
    'Netting, Margin, Desks',
    'A fill wraps nowhere: lots 40 bits, price 32, tick value 48, index 96, fees 16',
    mutant('fees are taken off', library('Netting'), 'fees += _fill(', 'fees -= _fill('),
    { place: 'FillChecks.check_bid', laws: ['L03'], reverts: 'errors' },
  ),
  wrap(
    'close',
    'Closing, Lanes, Desks',
    'The lanes of two orders are closed without wrapping',
    mutant(
      'lots have 16 more bits',
      library('Closing'),
      'lane = lane.plus(lots);',
      'lane = lane.plus(lots << 16);',
    ),
    { place: 'LaneChecks.check_close', laws: ['L11'], reverts: 'errors' },
  ),
];
