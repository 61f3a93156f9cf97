/** What a sentinel says of itself: to people, to Prometheus and to whoever asks if it lives. */
import { createMetrics } from '@holdfast/host';
import type { Guardian, GuardianStanding } from '../act/guardian.ts';
import type { Standing } from '../chain/endpoint.ts';
import type { Reads } from '../chain/reads.ts';
import type { Signals, SocketStanding } from '../chain/signals.ts';
import type { Engine } from '../engine/engine.ts';
import type { LawTally } from '../engine/tally.ts';
import type { Recent } from './recent.ts';

export interface SentinelStatus {
  readonly name: string;
  readonly healthy: boolean;
  readonly block: number;
  /** Time of that block, seconds. */
  readonly time: number;
  readonly blockMs: number;
  /** Wall ms since the last block was taken. */
  readonly silentMs: number;
  readonly laws: readonly (LawTally & { readonly holds: boolean })[];
  readonly blocks: number;
  readonly questions: number;
  readonly evm: number;
  readonly reads: number;
  readonly readProblem: string;
  readonly proven: number;
  readonly reorgs: number;
  readonly overhead: { readonly medianMs: number; readonly maxMs: number };
  readonly pool: { readonly run: number; readonly dropped: number; readonly threats: number };
  readonly quorum: number;
  readonly endpoints: readonly Standing[];
  readonly sockets: readonly SocketStanding[];
  readonly guardian?: GuardianStanding | undefined;
  readonly findings: { readonly open: number; readonly total: number; readonly critical: number };
}

export interface StatusParts {
  readonly name: string;
  readonly engine: Engine;
  readonly reads: Reads;
  readonly signals: Signals;
  readonly recent: Recent;
  readonly blockMs: number;
  readonly guardian?: Guardian | undefined;
}

export function statusOf(parts: StatusParts): SentinelStatus {
  const { name, engine, reads, signals, recent, blockMs, guardian } = parts;
  const { tally, tip, pool } = engine;
  const rows = recent.rows();
  const broken = tip?.broken ?? new Set<string>();
  return {
    name,
    healthy: engine.healthy(),
    block: tip?.number ?? 0,
    time: tip?.time ?? 0,
    blockMs,
    silentMs: Date.now() - tally.advancedAtMs,
    laws: [...tally.laws].map(([law, row]) => ({ ...row, holds: !broken.has(law) })),
    blocks: tally.blocks(),
    questions: tally.questions(),
    evm: tally.evm(),
    reads: tally.reads(),
    readProblem: tally.readProblem(),
    proven: reads.proven(),
    reorgs: tally.reorgs(),
    overhead: tally.overhead(),
    pool: { run: pool.run, dropped: pool.dropped, threats: tally.pending() },
    quorum: reads.quorum,
    endpoints: reads.endpoints.map((each) => each.standing()),
    sockets: signals.sockets(),
    guardian: guardian?.standing(),
    findings: {
      open: rows.length,
      total: recent.total,
      critical: rows.filter(({ severity }) => severity === 'critical').length,
    },
  };
}

type Reader = (status: SentinelStatus) => number;

const gauges: readonly (readonly [name: string, help: string, read: Reader])[] = [
  [
    'sentinel_healthy',
    '1 while it sees the chain and a quorum of endpoints',
    (s) => Number(s.healthy),
  ],
  ['sentinel_block', 'last block taken', (s) => s.block],
  ['sentinel_silent_ms', 'wall ms since the last block', (s) => s.silentMs],
  ['sentinel_block_ms', 'median wall ms of one block', (s) => s.overhead.medianMs],
  ['sentinel_block_ms_max', 'longest wall ms of the last blocks', (s) => s.overhead.maxMs],
  [
    'sentinel_laws_broken',
    'laws that do not hold now',
    (s) => s.laws.filter((l) => !l.holds).length,
  ],
  ['sentinel_questions_total', 'laws asked', (s) => s.questions],
  ['sentinel_evm_total', 'laws that the chain answered too', (s) => s.evm],
  ['sentinel_reads_total', 'values of storage compared', (s) => s.reads],
  ['sentinel_proven_total', 'blocks proven by receipts', (s) => s.proven],
  ['sentinel_reorgs_total', 'blocks taken back', (s) => s.reorgs],
  ['sentinel_pending_total', 'pending transactions run', (s) => s.pool.run],
  ['sentinel_pending_dropped_total', 'pending transactions not run', (s) => s.pool.dropped],
  ['sentinel_threats_total', 'pending transactions that would break a law', (s) => s.pool.threats],
  ['sentinel_endpoints', 'endpoints configured', (s) => s.endpoints.length],
  [
    'sentinel_endpoints_trusted',
    'endpoints in use',
    (s) => s.endpoints.filter((e) => e.trusted).length,
  ],
  ['sentinel_findings_open', 'findings kept', (s) => s.findings.open],
  ['sentinel_findings_critical', 'critical findings kept', (s) => s.findings.critical],
  ['sentinel_actions_total', 'tightenings sent', (s) => s.guardian?.sent ?? 0],
  ['sentinel_beats_total', 'times it said that it is alive', (s) => s.guardian?.beats ?? 0],
];

/** Metrics in Prometheus text, made of the status when asked. */
export function createStatusMetrics(): (status: SentinelStatus) => Promise<string> {
  const metrics = createMetrics({ defaults: true });
  const made = gauges.map(([name, help, read]) => ({ gauge: metrics.gauge(name, help), read }));
  return (status) => {
    for (const { gauge, read } of made) gauge.set(read(status));
    return metrics.text();
  };
}
