/** Terms of a venue that its deployment fixes, and those of the demonstration. */
import type { StewardTerms } from '@holdfast/risk';

/** Outflow budgets of the vault: quote units, and parts per million of the trailing minimum. */
export interface VaultWindows {
  hourFloorQuote: bigint;
  dayFloorQuote: bigint;
  hourPpm: bigint;
  dayPpm: bigint;
}

/** Times and fee of forced requests. */
export interface ForcedTerms {
  /** Until when only the sequencer executes a request, seconds. */
  deadlineSeconds: number;
  /** How long a request may then be overdue before anyone freezes the venue, seconds. */
  graceSeconds: number;
  /** What an owner pays for a request, wei; it goes to who executes. */
  feeWei: bigint;
}

/** Together shorter than the shortest delay of a loosening: who dislikes it can leave before. */
export const demoForced: ForcedTerms = {
  deadlineSeconds: 900,
  graceSeconds: 21_600,
  feeWei: 10n ** 14n,
};
/** What small and large withdrawals are, and how long large and vetoed ones wait. */
export interface VaultRules {
  /** Share of each window that only small withdrawals use, ppm. */
  reservePpm: bigint;
  /** What one account may take of it in 24 hours: ppm of the day's budget, with a floor. */
  smallPpm: bigint;
  smallFloorQuote: bigint;
  /** Part of the hour's budget from which a withdrawal is large, ppm. */
  largePpm: bigint;
  delaySeconds: bigint;
  vetoSeconds: bigint;
}

export const demoToken = { name: 'Test Dollar', symbol: 'tUSD', decimals: 6 };
export const demoWindows: VaultWindows = {
  hourFloorQuote: 250_000n * 1_000_000n,
  dayFloorQuote: 1_000_000n * 1_000_000n,
  hourPpm: 10_000n,
  dayPpm: 100_000n,
};
export const demoProfitHaircutPpm = 100_000;
export const demoRules: VaultRules = {
  reservePpm: 200_000n,
  smallPpm: 1_000n,
  smallFloorQuote: 1_000n * 1_000_000n,
  largePpm: 500_000n,
  delaySeconds: 3_600n,
  vetoSeconds: 3n * 86_400n,
};

/** Limits of a breaker, fixed at deployment: seconds, but for the votes. */
export interface BreakerLimits {
  /** Longest time that guardians alone, all together, hold anything on end. */
  holdSecondsMax: number;
  clearDelaySeconds: number;
  guardianDelaySeconds: number;
  /** Longest time that a quorum, or the silence of all guardians, holds anything on end. */
  haltSecondsMax: number;
  /** Fewest votes of a quorum; more than half of the guardians in any case. */
  quorumMin: number;
  /** Silence of all guardians after which anyone may tighten a little; 0: never. */
  silenceSeconds: number;
}

/** A venue without sentinels: nobody beats, so nobody's silence is an alarm. */
export const demoBreaker: Omit<BreakerLimits, 'guardianDelaySeconds'> = {
  holdSecondsMax: 6 * 3_600,
  clearDelaySeconds: 3_600,
  haltSecondsMax: 24 * 3_600,
  quorumMin: 2,
  silenceSeconds: 0,
};
/**
 * What the demonstration's steward may do: up to three times the margins and down to a quarter of
 * the caps, 10 % an hour tighter, half a percent looser.
 *
 * @param speed venue seconds per wall second: inputs age faster with it
 */
export const demoStewardTerms = (speed: number): StewardTerms => ({
  initialMaxPpm: 3_000_000,
  maintenanceMaxPpm: 1_500_000,
  concentrationMaxPpm: 3_000_000,
  capMinPpm: 250_000,
  tightenPpm: 100_000,
  loosenPpm: 5_000,
  decayPpm: 50_000,
  moveSeconds: 600,
  holdSeconds: 6 * 3_600,
  noticeSeconds: 86_400,
  inputAgeSeconds: Math.min(3_600, Math.max(300, Math.ceil(60 * speed))),
});
