/** Every scenario of the range, in the order in which they run. */
import type { Scenario } from '../types.ts';
import { adminBurst, adminBurstUnseen } from './admin-burst.ts';
import { atomicDrain, blindSentinel } from './blind-sentinel.ts';
import { blindSignature } from './blind-signature.ts';
import { breakerHeld } from './breaker-held.ts';
import { crossChain } from './cross-chain.ts';
import { fieldMutation } from './field-mutation.ts';
import { governanceCapture } from './governance-capture.ts';
import { haltAndLiquidate } from './halt-and-liquidate.ts';
import { keyThresholds, oneGuardianKey } from './key-thresholds.ts';
import { lowAndSlow, slowDrift } from './low-and-slow.ts';
import { oneOracleKey } from './one-oracle-key.ts';
import { orderReplay } from './order-replay.ts';
import { phantomDeposit } from './phantom-deposit.ts';
import { solvencyBypass } from './solvency-bypass.ts';
import { bankRun } from './tape-bank-run.ts';
import { keyRotation, massCancel, plannedUpgrade } from './tape-changes.ts';
import { gap } from './tape-gap.ts';
import { listingDay, marketRotation } from './tape-listing.ts';
import { recorded } from './tape-recorded.ts';
import { treasuryOldSignature } from './treasury-old-signature.ts';

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
  adminBurst,
  adminBurstUnseen,
  governanceCapture,
  blindSignature,
  treasuryOldSignature,
  breakerHeld,
  haltAndLiquidate,
  lowAndSlow,
  slowDrift,
  listingDay,
  marketRotation,
  plannedUpgrade,
  keyRotation,
  massCancel,
  recorded,
  crossChain,
  // With another collateral, and so with a deployment of its own.
  phantomDeposit,
];
