import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The metrics of one process, in Prometheus text form; names get the prefix `holdfast_`. */
export interface Metrics {
  counter(name: string, help: string): Counter;
  gauge(name: string, help: string): Gauge;
  text(): Promise<string>;
}

/** Makes an own registry, so that two fixtures in one process do not share numbers. */
export function createMetrics(options: { defaults?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.defaults === true) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter: (name, help) => new Counter({ name: `holdfast_${name}`, help, registers }),
    gauge: (name, help) => new Gauge({ name: `holdfast_${name}`, help, registers }),
    text: () => registry.metrics(),
  };
}
