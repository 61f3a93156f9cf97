/** Cash, positions, lanes and margin. */
import { type Mutant, mutant, type Property } from '../property.ts';

const cash = 'contracts/proofs/Cash.sol';
const interest = 'contracts/proofs/Interest.sol';
const lanes = 'contracts/proofs/Lanes.sol';
const lawLib = 'contracts/src/generated/LawLib.sol';

const houseTie = 'contracts/test/ties/TieHouse.t.sol#HouseTie';

const cashMutants: readonly Mutant[] = [
  mutant(
    'a deposit is credited twice',
    cash,
    '        a += _of(quote);\n        insurance += _of(shared);',
    '        a += _of(quote) + _of(quote);\n        insurance += _of(shared);',
  ),
  mutant('a withdrawal stays owed', cash, '        owed -= _of(quote);', '        owed -= 0;'),
  mutant(
    'the fee of one side is lost',
    cash,
    'fees = fees + _of(makerFee) + _of(takerFee);',
    'fees = fees + _of(takerFee);',
  ),
  mutant(
    'the reward of a keeper is minted',
    cash,
    'fund += _of(penalty) - _of(reward);',
    'fund += _of(penalty);',
  ),
  mutant(
    'shared cover is paid by nobody',
    cash,
    '        insurance -= _of(shared);',
    '        insurance -= 0;',
  ),
  mutant('a levy relieves and charges nobody', cash, 'dueRest += _of(partRest);', 'dueRest += 0;'),
  mutant('a levy that was paid stays due', cash, '        dueA = 0;', '        dueA = dueA;'),
];

export const accountProperties: readonly Property[] = [
  {
    id: 'cash.conserved',
    laws: ['L01'],
    title:
      'The cash of all accounts adds up to what the vault owes after any sequence of operations',
    harness: 'Cash.sol',
    contract: 'CashAlways',
    subject: 'ClearingHouse, all modules',
    engine: 'chc',
    method: 'all executions',
    model: 'CashModel',
    ties: [houseTie],
    seconds: 90,
    mutants: cashMutants,
  },
  {
    id: 'cash.step',
    laws: ['L03'],
    title: 'Each operation changes the sum of all cash by exactly what the vault owes more or less',
    harness: 'Cash.sol',
    contract: 'CashStep',
    subject: 'ClearingHouse, all modules',
    engine: 'bmc',
    method: 'one step',
    model: 'CashModel',
    ties: [houseTie],
    mutants: cashMutants,
  },
  {
    id: 'cash.law',
    laws: ['L03'],
    title: 'The law that the contracts ask says yes exactly to what conserves',
    harness: 'Cash.sol',
    contract: 'CashLaw',
    subject: 'LawLib',
    engine: 'bmc',
    method: 'all inputs',
    plain: ['wide'],
    mutants: [
      mutant(
        'a unit of the fraction may go',
        lawLib,
        'return cashDeltaQ32 == ',
        'return cashDeltaQ32 <= ',
      ),
    ],
  },
  {
    id: 'net.zero',
    laws: ['L04', 'L05'],
    title:
      'Positions add up to zero and open interest to the longs after any sequence of operations',
    harness: 'Interest.sol',
    contract: 'InterestAlways',
    subject: 'Ledger, Judging',
    engine: 'chc',
    method: 'all executions',
    model: 'InterestModel',
    ties: [houseTie],
    mutants: [
      mutant(
        'only one side of a fill is booked',
        interest,
        '        b -= lots;',
        '        b -= 0;',
      ),
      mutant(
        'open interest is counted on one side',
        interest,
        'openInterest += _long(a) + _long(b) - before;',
        'openInterest += _long(a) - before;',
      ),
    ],
  },
  {
    id: 'net.step',
    laws: ['L04', 'L05'],
    title: 'Each move of lots keeps positions at zero and open interest at the sum of the longs',
    harness: 'Interest.sol',
    contract: 'InterestStep',
    subject: 'Ledger, Judging',
    engine: 'bmc',
    method: 'one step',
    model: 'InterestModel',
    ties: [houseTie],
    mutants: [
      mutant(
        'only one side of a fill is booked',
        interest,
        '        b -= lots;',
        '        b -= 0;',
      ),
      mutant(
        'open interest is counted on one side',
        interest,
        'openInterest += _long(a) + _long(b) - before;',
        'openInterest += _long(a) - before;',
      ),
    ],
  },
  {
    id: 'net.cap',
    laws: ['L06'],
    title: 'Open interest that a batch leaves is under its cap or did not grow',
    harness: 'Interest.sol',
    contract: 'InterestCap',
    subject: 'LawLib',
    engine: 'bmc',
    method: 'all inputs',
    plain: ['wide'],
    mutants: [
      mutant(
        'one lot above the cap is let through',
        lawLib,
        'return openInterestAfter <= openInterestMax ',
        'return openInterestAfter <= openInterestMax + 1 ',
      ),
    ],
  },
  {
    id: 'lane.replay',
    laws: ['L11'],
    title: 'Of one signed order never more than its size is filled, by any sequence of fills',
    harness: 'Lanes.sol',
    contract: 'LaneAlways',
    subject: 'Desks, Closing, RosterModule',
    engine: 'bmc',
    method: 'all executions',
    model: 'LaneModel',
    ties: [houseTie],
    mutants: [
      mutant(
        'an older sequence may come back',
        lanes,
        '        require(orderSeq >= seq);',
        '        require(orderSeq != 0);',
      ),
      mutant(
        'what is filled is not added up',
        lanes,
        'uint256 before = orderSeq == seq ? filled : 0;',
        'uint256 before = 0;',
      ),
    ],
  },
  {
    id: 'lane.step',
    laws: ['L11'],
    title: 'A lane only moves forward, and what was cancelled is never filled again',
    harness: 'Lanes.sol',
    contract: 'LaneStep',
    subject: 'Desks, Closing, RosterModule',
    engine: 'bmc',
    method: 'one step',
    model: 'LaneModel',
    ties: [houseTie],
    mutants: [
      mutant(
        'a cancelled sequence keeps its room',
        lanes,
        '        filled = type(uint40).max;',
        '        filled = 0;',
      ),
      mutant(
        'an order is filled beyond its size',
        lanes,
        'require(lots != 0 && before <= orderSize);',
        'require(lots != 0 && before <= uint256(orderSize) + 1);',
      ),
    ],
  },
  {
    id: 'lane.law',
    laws: ['L11'],
    title: 'The law that the contracts ask lets no sequence fall and nothing be overfilled',
    harness: 'Lanes.sol',
    contract: 'LaneLaw',
    subject: 'LawLib',
    engine: 'bmc',
    method: 'all inputs',
    plain: ['wide'],
    mutants: [
      mutant(
        'the filled size is not bounded',
        lawLib,
        '&& filledAfter <= size',
        '&& filledAfter <= size + 1',
      ),
    ],
  },
  {
    id: 'health.kept',
    laws: ['L07'],
    title: 'No lawful step takes an account from healthy to below maintenance',
    harness: 'Health.sol',
    contract: 'HealthKept',
    subject: 'LawLib',
    engine: 'bmc',
    method: 'all inputs',
    plain: ['wide'],
    mutants: [
      mutant(
        'equity per requirement may fall',
        lawLib,
        'equityBefore * int256(maintenanceAfter)\n' +
          '                        <= equityAfter * int256(maintenanceBefore)\n' +
          '                    && (',
        'true && (',
      ),
    ],
  },
  {
    id: 'health.noWorse',
    laws: ['L07'],
    title: 'Below initial margin nothing grows, and equity per requirement does not fall',
    harness: 'Health.sol',
    contract: 'HealthNoWorse',
    subject: 'LawLib',
    engine: 'bmc',
    method: 'all inputs',
    plain: ['wide'],
    mutants: [
      mutant(
        'the requirement may rise',
        lawLib,
        '                    && maintenanceAfter <= maintenanceBefore\n',
        '',
      ),
    ],
  },
  {
    id: 'health.flat',
    laws: ['L07'],
    title: 'An account without positions and below initial margin loses nothing',
    harness: 'Health.sol',
    contract: 'HealthFlat',
    subject: 'LawLib',
    engine: 'bmc',
    method: 'all inputs',
    plain: ['wide'],
    mutants: [
      mutant(
        'what has no requirement may lose',
        lawLib,
        '(maintenanceBefore != 0 || equityBefore <= equityAfter)',
        'true',
      ),
    ],
  },
];
