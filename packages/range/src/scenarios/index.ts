/** Every scenario of the range, in the order in which they run. */
import type { Scenario } from '../types.ts';
import { atomicDrain, blindSentinel } from './blind-sentinel.ts';
import { blockedQueue } from './blocked-queue.ts';
import { doubleClaim } from './double-claim.ts';
import { doubleExit } from './double-exit.ts';
import { dustChurn } from './dust-churn.ts';
import { fieldMutation } from './field-mutation.ts';
import { firstDepositor } from './first-depositor.ts';
import { foreignWallet } from './foreign-wallet.ts';
import { frontRun } from './front-run.ts';
import { greedyLiquidator } from './greedy-liquidator.ts';
import { healthyVictim } from './healthy-victim.ts';
import { holedHistory } from './holed-history.ts';
import { keyThresholds, oneGuardianKey } from './key-thresholds.ts';
import { maliciousMatcher } from './malicious-matcher.ts';
import { markLag } from './mark-lag.ts';
import { oneOracleKey } from './one-oracle-key.ts';
import { orderReplay } from './order-replay.ts';
import { payoutHook } from './payout-hook.ts';
import { payoutView } from './payout-view.ts';
import { phantomDeposit } from './phantom-deposit.ts';
import { selectorSweep } from './selector-sweep.ts';
import { selfLiquidation } from './self-liquidation.ts';
import { silentSequencer } from './silent-sequencer.ts';
import { solvencyBypass } from './solvency-bypass.ts';
import { bankRun } from './tape-bank-run.ts';
import { gap } from './tape-gap.ts';
import { twinSignature } from './twin-signature.ts';
import { units6, units8, units18 } from './units.ts';
import { zeroSigner } from './zero-signer.ts';

export const scenarios: readonly Scenario[] = [
  orderReplay,
  fieldMutation,
  solvencyBypass,
  oneOracleKey,
  keyThresholds,
  oneGuardianKey,
  blindSentinel,
  atomicDrain,
  zeroSigner,
  twinSignature,
  foreignWallet,
  maliciousMatcher,
  silentSequencer,
  holedHistory,
  blockedQueue,
  frontRun,
  dustChurn,
  selectorSweep,
  units6,
  doubleExit,
  doubleClaim,
  selfLiquidation,
  healthyVictim,
  greedyLiquidator,
  markLag,
  bankRun,
  gap,
  // With another collateral, and so with a deployment of its own.
  phantomDeposit,
  payoutHook,
  payoutView,
  units8,
  units18,
  firstDepositor,
];
