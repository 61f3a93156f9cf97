/** The treasury: its rules, its limit of a day and the ring that keeps it. */
import { mutant, type Property } from '../property.ts';

const delayed = 'contracts/src/libraries/Delayed.sol';
const harness = 'contracts/proofs/TreasuryProofs.sol';

const fuzzed = 'contracts/test/invariants/Treasury.invariant.t.sol#TreasuryActs';
const common = {
  laws: [],
  slow: true,
  harness: 'TreasuryProofs.sol',
  engine: 'bmc',
  plain: ['wide'],
} as const;

export const treasuryProperties: readonly Property[] = [
  {
    ...common,
    id: 'treasury.rules',
    title: 'What is applied, a limit or a call, was proposed, has waited, and is not too old',
    contract: 'TreasuryRulesSteps',
    subject: 'TreasuryRules, Delayed',
    method: 'one step',
    mutants: [
      mutant(
        'a proposal needs no delay',
        delayed,
        'if (block.timestamp < readyAt) revert',
        'if (readyAt == 1) revert',
      ),
    ],
  },
  {
    ...common,
    id: 'treasury.day',
    title: 'What a payment adds to its day fits the limit in force',
    contract: 'TreasuryDay',
    subject: 'Treasury',
    method: 'one step',
    model: 'TreasuryDay',
    ties: [fuzzed],
    mutants: [
      mutant(
        'what was paid is not taken off',
        harness,
        'max > used ? max - used : 0',
        'max > used ? max : 0',
      ),
    ],
  },
  {
    ...common,
    id: 'treasury.ring',
    title:
      'Twenty-five buckets of an hour count all of the last day, and forget nothing that counts',
    contract: 'DayRingBuckets',
    subject: 'DayRing',
    method: 'all inputs',
    model: 'DayRingBuckets',
    ties: ['contracts/test/TreasuryRules.t.sol#testFuzz_day_holdsInAnyWindow'],
    mutants: [
      mutant(
        'twenty-four buckets',
        harness,
        'assert(uint256(paid) / 1 hours + 25 > uint256(time) / 1 hours);',
        'assert(uint256(paid) / 1 hours + 24 > uint256(time) / 1 hours);',
      ),
    ],
  },
];
