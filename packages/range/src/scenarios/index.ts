/** Every scenario of the range, in the order in which they run. */
import type { Scenario } from '../types.ts';
import { atomicDrain, blindSentinel } from './blind-sentinel.ts';
import { fieldMutation } from './field-mutation.ts';
import { keyThresholds, oneGuardianKey } from './key-thresholds.ts';
import { oneOracleKey } from './one-oracle-key.ts';
import { orderReplay } from './order-replay.ts';
import { phantomDeposit } from './phantom-deposit.ts';
import { solvencyBypass } from './solvency-bypass.ts';
import { bankRun } from './tape-bank-run.ts';
import { gap } from './tape-gap.ts';

export const scenarios: readonly Scenario[] = [
  orderReplay,
  fieldMutation,
  solvencyBypass,
  oneOracleKey,
  keyThresholds,
  oneGuardianKey,
  blindSentinel,
  atomicDrain,
  bankRun,
  gap,
  // With another collateral, and so with a deployment of its own.
  phantomDeposit,
];
