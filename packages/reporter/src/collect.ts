import {
  assembleReport,
  encodeReport,
  type Observation,
  type SignedObservation,
} from '@holdfast/oracle';
import { type Hex, isRejection, type Rejection, toHex } from '@holdfast/units';
import { createGathering, type GatherOptions } from './gather.ts';

/** A report with a quorum behind it. */
export interface RelayedReport {
  round: number;
  time: number;
  raw: Hex;
  quotes: Observation['quotes'];
}

export interface CollectOptions extends Omit<GatherOptions, 'judge' | 'signers'> {
  k: number;
  /** Addresses that may report. */
  signers: readonly string[];
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
  const { k } = options;
  const gathering = createGathering({
    ...options,
    signers: () => options.signers,
    judge(observation, others) {
      const mixed = assembleReport([...others, observation], 1);
      return isRejection(mixed) ? mixed : undefined;
    },
  });
  return {
    count: gathering.count,
    async take(observation) {
      const all = await gathering.take(observation);
      if (isRejection(all)) return all;
      const report = assembleReport(all, k);
      if (isRejection(report)) return report.code === 'QuorumShort' ? 'waiting' : report;
      const { round, time, quotes } = report;
      gathering.close(round);
      return { round, time, quotes, raw: toHex(encodeReport(report)) };
    },
  };
}
