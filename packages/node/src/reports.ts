import type { Command, CoreEvent } from '@holdfast/core';
import { type Observation, proveReport } from '@holdfast/oracle';
import { type Hex, isRejection, type Rejection, toHex } from '@holdfast/units';
import type { NodeParts } from './parts.ts';

export type LatestReport = {
  readonly raw: Hex;
  readonly round: number;
  readonly time: number;
  readonly quotes: Observation['quotes'];
};

/** Raw reports that the settler can still be given, by round. */
const REPORTS_MAX = 4096;

/** The reports that the core has accepted, newest last. */
export type Reports = Map<number, LatestReport>;

/** Remembers the report of an applied command, if it was one and was accepted. */
export function rememberReport(
  reports: Reports,
  command: Command,
  events: readonly CoreEvent[],
): void {
  if (command.type !== 'report' || !events.some(({ type }) => type === 'report')) return;
  const { round, time, quotes } = command.report;
  reports.set(round, { raw: command.raw, round, time, quotes });
  const oldest = reports.keys().next().value;
  if (reports.size > REPORTS_MAX && oldest !== undefined) reports.delete(oldest);
}

/** Where reports enter: whose word they are is proved here, on the node's side of the journal. */
export type ReportDesk = {
  /** The report as accepted, or the chain's reason for refusing it. */
  take(raw: Uint8Array): Promise<LatestReport | Rejection>;
  latest(): LatestReport | undefined;
  /** Bytes of an accepted report. */
  raw(round: number): Hex | undefined;
};

export function createReportDesk(parts: NodeParts, reports: Reports): ReportDesk {
  const { engine, authority } = parts;

  engine.listen(({ command, events }) => rememberReport(reports, command, events));

  return {
    latest: () => [...reports.values()].at(-1),
    raw: (round) => reports.get(round)?.raw,
    async take(bytes) {
      const report = await proveReport(bytes, authority);
      if (isRejection(report)) return report;
      const { round, time, quotes } = report;
      const raw = toHex(bytes);
      const input = { type: 'report' as const, report: { round, time, quotes }, raw };
      const [outcome] = await engine.submit([input]);
      const no = outcome?.events.find((event) => event.type === 'rejected');
      if (no?.type === 'rejected') return { code: no.code, message: no.message };
      return { raw, round, time, quotes };
    },
  };
}
