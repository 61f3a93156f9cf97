/** Reports, marks, the aged price and funding. */
import { mutant, type Property } from '../property.ts';

const lawLib = 'contracts/src/generated/LawLib.sol';
const marks = 'contracts/src/libraries/Marks.sol';
const aging = 'contracts/src/libraries/Aging.sol';
const funding = 'contracts/src/libraries/Funding.sol';
const reports = 'contracts/proofs/Reports.sol';

const oracleTie = 'contracts/test/ties/TieOracle.t.sol#OracleTie';

const pure = { engine: 'bmc', method: 'all inputs', plain: ['wide'] } as const;

const reportProperties: readonly Property[] = [
  {
    id: 'report.step',
    laws: ['L09'],
    title: 'An accepted report is newer than the last, about now, and not zero',
    harness: 'Reports.sol',
    contract: 'ReportStep',
    subject: 'Oracle, LawLib',
    ...pure,
    method: 'one step',
    model: 'ReportModel',
    ties: [oracleTie],
    mutants: [
      mutant(
        'the same round may come again',
        lawLib,
        'return roundBefore < round\n',
        'return roundBefore <= round\n',
      ),
      mutant(
        'the skew is not asked',
        lawLib,
        '&& _abs(int256(nowTime) - int256(time)) <= skewSecondsMax;',
        '&& nowTime >= 0;',
      ),
    ],
  },
  {
    id: 'report.always',
    slow: true,
    laws: ['L09'],
    title: 'Round and time never fall, by any sequence of reports',
    harness: 'Reports.sol',
    contract: 'ReportAlways',
    subject: 'Oracle, LawLib',
    ...pure,
    engine: 'bmc',
    method: 'all executions',
    model: 'ReportModel',
    ties: [oracleTie],
    mutants: [
      mutant(
        'a report is stored unasked',
        reports,
        'require(LawLib.reportAdvances(',
        'require(true || LawLib.reportAdvances(',
      ),
    ],
  },
  {
    id: 'report.band',
    laws: ['L10'],
    title: 'A price inside its band moved by at most that part of the reference',
    harness: 'Reports.sol',
    contract: 'ReportBand',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'the band is ten times as wide',
        lawLib,
        '- int256(referencePrice)) * 1_000_000',
        '- int256(referencePrice)) * 100_000',
      ),
    ],
  },
  {
    id: 'report.fresh',
    laws: ['L08'],
    title: 'A price that moves value exists, is not too old and not ahead',
    harness: 'Reports.sol',
    contract: 'ReportFresh',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'a price may be ahead',
        lawLib,
        '&& priceTime <= nowTime + skewSecondsMax;',
        '&& priceTime >= 0;',
      ),
    ],
  },
  {
    id: 'mark.clamp',
    laws: ['L10'],
    title: 'The accepted mark is within its clamp around the index, whatever is reported',
    harness: 'Reports.sol',
    contract: 'MarkClamp',
    subject: 'Marks',
    ...pure,
    plain: ['wide', 'casts'],
    mutants: [
      mutant(
        'the slew wins over the clamp',
        marks,
        'return uint32(_near(mark, index, (index * clampPpm) / PPM));',
        'return uint32(mark == 0 ? 1 : mark > TICKS_MAX ? TICKS_MAX : mark);',
      ),
      mutant(
        'the span is rounded up',
        marks,
        '(index * clampPpm) / PPM)',
        '(index * clampPpm) / PPM + 1)',
      ),
    ],
  },
  {
    id: 'mark.slew',
    laws: ['L10'],
    title: 'One report moves the mark against the index by at most 1 %, or one tick',
    harness: 'Reports.sol',
    contract: 'MarkSlew',
    subject: 'Marks',
    ...pure,
    plain: ['wide', 'casts'],
    mutants: [
      mutant('the slew is twice as wide', marks, 'SLEW_PPM = 10_000;', 'SLEW_PPM = 20_000;'),
    ],
  },
  {
    id: 'mark.carried',
    laws: ['L10'],
    title: 'A mark that stands on an index of 10^6 ticks follows it at once, however far it moves',
    harness: 'Reports.sol',
    contract: 'MarkCarried',
    subject: 'Marks',
    ...pure,
    plain: ['wide', 'casts'],
    mutants: [
      mutant(
        'the mark stays where it was',
        marks,
        'uint256 carried = (before * index) / indexBefore;',
        'uint256 carried = before;',
      ),
    ],
  },
  {
    id: 'aged.part',
    laws: [],
    title: 'The part of a distance that the aged price moves is no more than the distance',
    harness: 'Reports.sol',
    contract: 'AgedPart',
    subject: 'Aging',
    ...pure,
    model: 'AgedPart',
    ties: [oracleTie],
    mutants: [
      mutant(
        'the constant is taken off',
        reports,
        'return 4 hours + uint256(elapsedSeconds);',
        'return uint256(elapsedSeconds) / 2 + 1;',
      ),
    ],
  },
  {
    id: 'aged.between',
    slow: true,
    laws: [],
    title: 'The aged price stays between what it was and the new price',
    harness: 'Reports.sol',
    contract: 'AgedBetween',
    subject: 'Aging',
    ...pure,
    plain: ['left', 'casts'],
    mutants: [
      mutant(
        'the move is a second too long',
        aging,
        'return uint64(agedQ32 + ((target - agedQ32) * elapsedSeconds) / whole);',
        'return uint64(agedQ32 + ((target - agedQ32) * elapsedSeconds) / whole + 1);',
      ),
    ],
  },
];

const fundingProperties: readonly Property[] = [
  {
    id: 'funding.gap',
    laws: ['L19'],
    title: 'Over a gap nothing is charged, and otherwise all of the time',
    harness: 'FundingProofs.sol',
    contract: 'FundingGap',
    subject: 'Funding',
    ...pure,
    plain: ['left'],
    mutants: [
      mutant(
        'a gap is charged up to its bound',
        funding,
        'elapsedSeconds > gapSecondsMax ? 0 : elapsedSeconds;',
        'elapsedSeconds > gapSecondsMax ? gapSecondsMax : elapsedSeconds;',
      ),
    ],
  },
  {
    id: 'funding.step',
    slow: true,
    laws: ['L19'],
    title: 'A step of the index is the rate for its time, truncated toward zero: never more',
    harness: 'FundingProofs.sol',
    contract: 'FundingStep',
    subject: 'Funding',
    ...pure,
    plain: ['left'],
    mutants: [
      mutant(
        'a day has one second less',
        funding,
        'PPM_DAY = 1_000_000 * 86_400;',
        'PPM_DAY = 1_000_000 * 86_399;',
      ),
    ],
  },
  {
    id: 'funding.product',
    slow: true,
    laws: ['L19'],
    title: 'A step depends on price, tick value and time by their product alone',
    harness: 'FundingProofs.sol',
    contract: 'FundingProduct',
    subject: 'Funding',
    ...pure,
    plain: ['left'],
    mutants: [
      mutant(
        'a second more is charged',
        funding,
        '(price * tickValue * countedSeconds)',
        '(price * tickValue * (countedSeconds + 1))',
      ),
    ],
  },
  {
    id: 'funding.bound',
    slow: true,
    laws: ['L19'],
    title: 'A rate within its bound charges no more than the bound, whatever the product',
    harness: 'FundingProofs.sol',
    contract: 'FundingBound',
    subject: 'Funding',
    ...pure,
    plain: ['left'],
    mutants: [
      mutant(
        'only one side of the rate is bounded',
        'contracts/proofs/FundingProofs.sol',
        'require(rate <= int256(uint256(maxPpm)) && rate >= -int256(uint256(maxPpm)));',
        'require(rate <= int256(uint256(maxPpm)));',
      ),
    ],
  },
  {
    id: 'funding.law',
    laws: ['L19'],
    title: 'The law that the contracts ask lets the index stand over a gap and in no time',
    harness: 'FundingProofs.sol',
    contract: 'FundingLaw',
    subject: 'LawLib',
    ...pure,
    mutants: [
      mutant(
        'the index may move over a gap',
        lawLib,
        '(elapsedSeconds <= gapSecondsMax || indexAfter == indexBefore)',
        'true',
      ),
    ],
  },
];

export const priceProperties = [...reportProperties, ...fundingProperties];
