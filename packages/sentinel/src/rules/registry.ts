/** The rules of this package. A file below builtin/ that is not here is found out by the tests. */
import accountDrift from './builtin/account-drift.ts';
import concentrationAccount from './builtin/concentration-account.ts';
import concentrationCluster from './builtin/concentration-cluster.ts';
import forcedDeadline from './builtin/forced-deadline.ts';
import fundingSpike from './builtin/funding-spike.ts';
import insuranceDrain from './builtin/insurance-drain.ts';
import interestCover from './builtin/interest-cover.ts';
import liquidationCluster from './builtin/liquidation-cluster.ts';
import looseningProposed from './builtin/loosening-proposed.ts';
import outflowEquity from './builtin/outflow-equity.ts';
import outflowWindow from './builtin/outflow-window.ts';
import priceCreep from './builtin/price-creep.ts';
import priceReference from './builtin/price-reference.ts';
import roleChange from './builtin/role-change.ts';
import roundingChurn from './builtin/rounding-churn.ts';
import selfTrade from './builtin/self-trade.ts';
import sequenceGap from './builtin/sequence-gap.ts';
import sequencerSilence from './builtin/sequencer-silence.ts';
import sourceAttrition from './builtin/source-attrition.ts';
import stalePrice from './builtin/stale-price.ts';
import systemicMinutes from './builtin/systemic-minutes.ts';
import unusualCalls from './builtin/unusual-calls.ts';
import voteBegun from './builtin/vote-begun.ts';
import type { RuleModule } from './kit/define.ts';

/** By tier, then by name. */
export const registry: readonly RuleModule[] = [
  sequenceGap,
  stalePrice,
  concentrationAccount,
  concentrationCluster,
  forcedDeadline,
  insuranceDrain,
  interestCover,
  looseningProposed,
  outflowEquity,
  outflowWindow,
  priceCreep,
  priceReference,
  roleChange,
  roundingChurn,
  selfTrade,
  sequencerSilence,
  voteBegun,
  accountDrift,
  fundingSpike,
  liquidationCluster,
  sourceAttrition,
  systemicMinutes,
  unusualCalls,
];
