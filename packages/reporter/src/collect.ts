import {
  assembleReport,
  encodeReport,
  type Observation,
  type SignedObservation,
} from '@holdfast/oracle';
import { type Hex, isRejection, type Rejection, reject, toHex } from '@holdfast/units';
import { recoverObserver } from './observe.ts';

/** A report with a quorum behind it. */
export interface RelayedReport {
  round: number;
  time: number;
  raw: Hex;
  quotes: Observation['quotes'];
}

export interface CollectOptions {
  k: number;
  /** Addresses that may report. */
  signers: readonly string[];
  separator: Uint8Array;
  /** Open rounds kept per signer while they wait for a quorum. */
  roundsMax?: number | undefined;
}

export interface Collector {
  /**
   * Takes one observation.
   *
   * @returns the report, once, when this observation completes the quorum; 'waiting' before;
   * otherwise why it was refused: SignerUnknown, SignatureWrong, ObservationRepeated,
   * RoundClosed, ReportMalformed
   */
  take(observation: SignedObservation): Promise<RelayedReport | 'waiting' | Rejection>;
  /** Observations of a round so far. */
  count(round: number): number;
}

/** Collects observations per round and makes one report of the first k that agree on the round. */
export function createCollector(options: CollectOptions): Collector {
  const { k, separator, roundsMax = 8 } = options;
  const known = new Set(options.signers.map((signer) => signer.toLowerCase()));
  const rounds = new Map<number, Map<string, SignedObservation>>();
  let closed = 0;

  function judge(observation: SignedObservation): Rejection | undefined {
    const { signer, round } = observation;
    if (!known.has(signer.toLowerCase())) {
      return reject('SignerUnknown', `${signer} is not a reporter of this venue`);
    }
    if (round <= closed) {
      return reject('RoundClosed', `round ${round} already has its report`, {
        found: round,
        required: closed + 1,
      });
    }
    if (rounds.get(round)?.has(signer.toLowerCase()) === true) {
      return reject('ObservationRepeated', `${signer} has already spoken in round ${round}`);
    }
    return undefined;
  }

  function close(round: number): void {
    closed = round;
    for (const each of rounds.keys()) if (each <= round) rounds.delete(each);
  }

  /** Each signer keeps its own few rounds, so that nobody can push out another's words. */
  function forget(signer: string): void {
    const spoken = [...rounds].filter(([, entries]) => entries.has(signer));
    const rest = spoken.sort(([a], [b]) => a - b).slice(0, Math.max(0, spoken.length - roundsMax));
    for (const [round, entries] of rest) {
      entries.delete(signer);
      if (entries.size === 0) rounds.delete(round);
    }
  }

  return {
    count: (round) => rounds.get(round)?.size ?? 0,
    async take(observation) {
      const before = judge(observation);
      if (before !== undefined) return before;
      const signer = await recoverObserver(separator, observation);
      if (signer !== observation.signer.toLowerCase()) {
        return reject('SignatureWrong', `the signature is not ${observation.signer}'s`);
      }
      // The world may have moved on while the signature was recovered.
      const after = judge(observation);
      if (after !== undefined) return after;
      const { round } = observation;
      const entries = rounds.get(round) ?? new Map<string, SignedObservation>();
      const report = assembleReport([...entries.values(), observation], k);
      if (isRejection(report) && report.code !== 'QuorumShort') return report;
      entries.set(signer, observation);
      rounds.set(round, entries);
      forget(signer);
      if (isRejection(report)) return 'waiting';
      close(round);
      const { time, quotes } = report;
      return { round, time, quotes, raw: toHex(encodeReport(report)) };
    },
  };
}
