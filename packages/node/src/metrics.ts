import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Outcome } from './engine.ts';

/** What Prometheus sees. Every node has a registry of its own, so that two fit in one process. */
export type Metrics = {
  readonly registry: Registry;
  take(outcome: Outcome): void;
  /** Sets a gauge from a source that is asked when somebody scrapes. */
  watch(name: string, help: string, read: () => number): void;
  readonly ackSeconds: Histogram;
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const commands = new Counter({
    name: 'holdfast_commands_total',
    help: 'Commands applied by the core, by type',
    labelNames: ['type'],
    registers,
  });
  const rejections = new Counter({
    name: 'holdfast_rejections_total',
    help: 'Commands that the core rejected, by code',
    labelNames: ['code'],
    registers,
  });
  const fills = new Counter({
    name: 'holdfast_fills_total',
    help: 'Fills matched, by market',
    labelNames: ['market'],
    registers,
  });
  const auctions = new Counter({
    name: 'holdfast_auctions_total',
    help: 'Calls that ended, by market',
    labelNames: ['market'],
    registers,
  });
  const unwound = new Counter({
    name: 'holdfast_fills_unwound_total',
    help: 'Fills that the chain refused',
    registers,
  });
  const ackSeconds = new Histogram({
    name: 'holdfast_ack_seconds',
    help: 'From the arrival of a frame of orders to its signed acknowledgement',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });

  return {
    registry,
    ackSeconds,
    take({ command, events }) {
      commands.inc({ type: command.type });
      for (const event of events) {
        if (event.type === 'rejected') rejections.inc({ code: event.code });
        else if (event.type === 'fill') fills.inc({ market: String(event.market) });
        else if (event.type === 'auction') auctions.inc({ market: String(event.market) });
        else if (event.type === 'unwound') unwound.inc(event.fillIds.length);
      }
    },
    watch(name, help, read) {
      const gauge = new Gauge({
        name,
        help,
        registers,
        collect() {
          gauge.set(read());
        },
      });
    },
  };
}
