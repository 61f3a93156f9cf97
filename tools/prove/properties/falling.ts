/** Requirements, liquidation, deleveraging, and what may leave the vault. */
import { mutant, type Property } from '../property.ts';

const lawLib = 'contracts/src/generated/LawLib.sol';
const margin = 'contracts/src/libraries/Margin.sol';
const liquidations = 'contracts/src/libraries/Liquidations.sol';
const falling = 'contracts/proofs/Falling.sol';
const outflow = 'contracts/proofs/Outflow.sol';

const tie = 'contracts/test/proofs/Shares.t.sol';
const allocateTie = `${tie}#testFuzz_allocate_isTheModel`;
const ringTie = `${tie}#testFuzz_ring_isTheModel`;

const pure = { engine: 'bmc', method: 'all inputs' } as const;

const requirementProperties: readonly Property[] = [
  {
    id: 'margin.order',
    laws: ['L07'],
    title: 'A larger rate never asks for less: initial margin is at least maintenance margin',
    harness: 'Requirements.sol',
    contract: 'RequirementsOrder',
    subject: 'Margin',
    ...pure,
    mutants: [
      mutant(
        'a large rate wraps',
        margin,
        'return (amount * ppm + (PPM - 1)) / PPM;',
        'return (amount * (ppm % PPM) + (PPM - 1)) / PPM;',
      ),
    ],
  },
  {
    id: 'margin.interest',
    laws: ['L07'],
    title: 'The open-interest term is between the base and the whole notional',
    harness: 'Requirements.sol',
    contract: 'RequirementsInterest',
    subject: 'Margin',
    ...pure,
    mutants: [
      mutant(
        'the line starts below the base',
        margin,
        'return base + ((PPM - base)',
        'return ((PPM - base)',
      ),
      mutant(
        'the line has no end',
        margin,
        'if (above >= span) return PPM;',
        'if (span == 0) return PPM;',
      ),
    ],
  },
  {
    id: 'margin.terms',
    laws: ['L07'],
    title: "Initial margin is never below the market's rate nor the owner's",
    harness: 'Requirements.sol',
    contract: 'RequirementsTerms',
    subject: 'Margin',
    ...pure,
    mutants: [
      mutant(
        'the cap of concentration is the rate',
        margin,
        'if (term > ppm) ppm = term;',
        'ppm = term;',
      ),
      mutant(
        'the owner lowers the rate',
        margin,
        'if (userPpm > ppm) ppm = userPpm;',
        'if (userPpm != 0) ppm = userPpm;',
      ),
    ],
  },
];

const liquidationProperties: readonly Property[] = [
  {
    id: 'liquidation.noWorse',
    laws: ['L20'],
    title: 'Who loses no more than its share keeps its equity per requirement, or gains',
    harness: 'Falling.sol',
    contract: 'FallingNoWorse',
    subject: 'Liquidations',
    ...pure,
    mutants: [
      mutant(
        'a share is rounded up',
        liquidations,
        'return int256((uint256(equity) * freed) / maintenance);',
        'return int256((uint256(equity) * freed + maintenance - 1) / maintenance);',
      ),
    ],
  },
  {
    id: 'liquidation.taken',
    laws: ['L20'],
    title: 'Discount and penalty together take no more than the share',
    harness: 'Falling.sol',
    contract: 'FallingTaken',
    subject: 'Liquidations, LiquidationModule',
    ...pure,
    mutants: [
      mutant(
        'a discount is rounded up',
        liquidations,
        'return worth / (lots * tickValue);',
        'return (worth + lots * tickValue - 1) / (lots * tickValue);',
      ),
      mutant(
        'a penalty is not bounded by what is left',
        liquidations,
        'return most < left ? most : left;',
        'return most;',
      ),
    ],
  },
  {
    id: 'liquidation.loss',
    laws: ['L20'],
    title: 'What a bankrupt account lacks for a position is rounded up',
    harness: 'Falling.sol',
    contract: 'FallingLoss',
    subject: 'Liquidations',
    ...pure,
    mutants: [
      mutant(
        'a loss is rounded down',
        liquidations,
        'return -int256((uint256(-equity) * freed + maintenance - 1) / maintenance);',
        'return -int256((uint256(-equity) * freed) / maintenance);',
      ),
    ],
  },
  {
    id: 'liquidation.speed',
    laws: ['L20'],
    title: 'One block takes at most the part of a position that the market allows, or one lot',
    harness: 'Falling.sol',
    contract: 'FallingSpeed',
    subject: 'Liquidations',
    ...pure,
    mutants: [
      mutant('one lot more', liquidations, 'return lots == 0 ? 1 : lots;', 'return lots + 1;'),
    ],
  },
  {
    id: 'deleverage.within',
    laws: ['L20'],
    title: 'Pro rata parts, rounded down, are never more than what is needed: three accounts',
    harness: 'Falling.sol',
    contract: 'SharesWithin',
    subject: 'Deleveraging',
    ...pure,
    method: 'bounded',
    model: 'SharesWithin',
    ties: [allocateTie],
    mutants: [
      mutant(
        'one of them gives all that is needed',
        falling,
        'uint256 y = uint256(need) * b / total;',
        'uint256 y = uint256(need);',
      ),
    ],
  },
  {
    id: 'deleverage.exact',
    laws: ['L20'],
    title: 'What is deleveraged is what is needed or all the room there is: three accounts',
    harness: 'Falling.sol',
    contract: 'SharesExact',
    subject: 'Deleveraging',
    ...pure,
    method: 'bounded',
    model: 'SharesExact',
    ties: [allocateTie],
    mutants: [
      mutant(
        'the last by rank is passed over',
        falling,
        'third < rest - given ? third : rest - given;',
        'third < rest - given ? third : 0;',
      ),
    ],
  },
];

const outflowProperties: readonly Property[] = [
  {
    id: 'outflow.window',
    laws: ['L14'],
    title:
      'What leaves in any window of five buckets is within the budget, by any payments and time',
    harness: 'Outflow.sol',
    contract: 'OutflowAlways',
    subject: 'OutflowRing, VaultWindows',
    ...pure,
    method: 'bounded',
    model: 'OutflowModel',
    ties: [ringTie],
    mutants: [
      mutant(
        'a bucket leaves too soon',
        outflow,
        'counted = counted + open - past4;',
        'counted = counted + open - past3;',
      ),
      mutant(
        'the open bucket is not counted',
        outflow,
        'require(counted + open + amount <= budget);',
        'require(counted + amount <= budget);',
      ),
    ],
  },
  {
    id: 'outflow.covers',
    laws: ['L14'],
    title: 'Thirteen buckets of 5 minutes cover any hour, 25 hours any day',
    harness: 'Outflow.sol',
    contract: 'OutflowCovers',
    subject: 'OutflowRing',
    ...pure,
    model: 'OutflowCovers',
    ties: [ringTie],
    mutants: [
      mutant(
        'twelve buckets are enough',
        outflow,
        '5 minutes <= first + 12',
        '5 minutes <= first + 11',
      ),
    ],
  },
  {
    id: 'outflow.shares',
    laws: ['L14'],
    title: 'Two shares of a budget, of any sizes, let out no more than each, and it together',
    harness: 'Outflow.sol',
    contract: 'OutflowShares',
    subject: 'OutflowForecast',
    ...pure,
    plain: ['wide'],
    mutants: [
      mutant(
        'a share may take what the other left',
        'contracts/src/libraries/OutflowForecast.sol',
        'return inPart < inWhole ? inPart : inWhole;',
        'return inPart < inWhole ? inWhole : inPart;',
      ),
    ],
  },
  {
    id: 'outflow.law',
    laws: ['L14'],
    title: 'The law that the vault asserts says yes exactly to what both windows hold',
    harness: 'Outflow.sol',
    contract: 'OutflowLaw',
    subject: 'LawLib',
    ...pure,
    plain: ['wide'],
    mutants: [
      mutant(
        'the day is not asked',
        lawLib,
        'hourUsed + amount <= hourMax && dayUsed + amount <= dayMax;',
        'hourUsed + amount <= hourMax;',
      ),
    ],
  },
];

export const fallingProperties = [
  ...requirementProperties,
  ...liquidationProperties,
  ...outflowProperties,
];
