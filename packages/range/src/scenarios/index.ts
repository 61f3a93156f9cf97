/** Every scenario of the range, in the order in which they run. */
import type { Scenario } from '../types.ts';
import { adminBurst, adminBurstUnseen, oldBallots } from './admin-burst.ts';
import { backstopCap } from './backstop-cap.ts';
import { backstopPoisoning } from './backstop-poisoning.ts';
import { badResume } from './bad-resume.ts';
import { atomicDrain, blindSentinel } from './blind-sentinel.ts';
import { blindSignature } from './blind-signature.ts';
import { blockedQueue } from './blocked-queue.ts';
import { breakerByTurns, breakerHeld } from './breaker-held.ts';
import { capturedQuorum, capturedQuorumAtOnce } from './captured-quorum.ts';
import { crossChain } from './cross-chain.ts';
import { crowdedAtOnce } from './crowded-at-once.ts';
import { depeg } from './depeg.ts';
import { doubleClaim } from './double-claim.ts';
import { doubleExit } from './double-exit.ts';
import { dustChurn } from './dust-churn.ts';
import { fieldMutation } from './field-mutation.ts';
import { firstDepositor } from './first-depositor.ts';
import { foreignWallet } from './foreign-wallet.ts';
import { frontRun } from './front-run.ts';
import { gapThirty } from './gap-thirty.ts';
import { governanceCapture } from './governance-capture.ts';
import { greedyLiquidator } from './greedy-liquidator.ts';
import { haltAndLiquidate } from './halt-and-liquidate.ts';
import { healthyVictim } from './healthy-victim.ts';
import { holedHistory } from './holed-history.ts';
import { keyThresholds, oneGuardianKey } from './key-thresholds.ts';
import { lowAndSlow, slowDrift } from './low-and-slow.ts';
import { maliciousMatcher } from './malicious-matcher.ts';
import { markLag } from './mark-lag.ts';
import { misListing } from './mis-listing.ts';
import { oneOracleKey } from './one-oracle-key.ts';
import { orderReplay } from './order-replay.ts';
import { payoutHook } from './payout-hook.ts';
import { payoutView } from './payout-view.ts';
import { phantomDeposit } from './phantom-deposit.ts';
import { selectorSweep } from './selector-sweep.ts';
import { selfLiquidation } from './self-liquidation.ts';
import { shadowPeriod } from './shadow-period.ts';
import { silentSequencer } from './silent-sequencer.ts';
import { solvencyBypass } from './solvency-bypass.ts';
import { sourceAttrition } from './source-attrition.ts';
import { squeezeByMany } from './squeeze-by-many.ts';
import { stalePrice } from './stale-price.ts';
import { bankRun } from './tape-bank-run.ts';
import { keyRotation, massCancel, plannedUpgrade } from './tape-changes.ts';
import { gap } from './tape-gap.ts';
import { listingDay, marketRotation } from './tape-listing.ts';
import { oracleReplacement } from './tape-oracle-replacement.ts';
import { fundingSpike, makerOutage } from './tape-outages.ts';
import { recorded } from './tape-recorded.ts';
import { thinIndexPush } from './thin-index-push.ts';
import { treasuryOldSignature } from './treasury-old-signature.ts';
import { twinSignature } from './twin-signature.ts';
import { creepUnderBand, twoAccountSqueeze } from './two-account-squeeze.ts';
import { units6, units8, units18 } from './units.ts';
import { wallRug } from './wall-rug.ts';
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
  depeg,
  sourceAttrition,
  capturedQuorum,
  capturedQuorumAtOnce,
  stalePrice,
  badResume,
  makerOutage,
  fundingSpike,
  // With two thin markets.
  twoAccountSqueeze,
  creepUnderBand,
  squeezeByMany,
  crowdedAtOnce,
  backstopPoisoning,
  backstopCap,
  wallRug,
  thinIndexPush,
  // With other terms of their own.
  gapThirty,
  misListing,
  shadowPeriod,
  oracleReplacement,
  adminBurst,
  adminBurstUnseen,
  oldBallots,
  governanceCapture,
  blindSignature,
  treasuryOldSignature,
  breakerHeld,
  breakerByTurns,
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
  payoutHook,
  payoutView,
  units8,
  units18,
  firstDepositor,
];
