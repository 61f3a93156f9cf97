/** What Prometheus sees of a steward. */
import { fastify } from 'fastify';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Round } from './engine.ts';

export interface StewardMetrics {
  readonly registry: Registry;
  take(round: Round): void;
  failed(): void;
}

export function createStewardMetrics(): StewardMetrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = ['market']) =>
    new Gauge({ name: `holdfast_steward_${name}`, help, labelNames, registers });
  const initial = gauge('initial_ppm', 'Initial margin in force and at the anchor', [
    'market',
    'of',
  ]);
  const cap = gauge('open_interest_max', 'Cap on open interest in force and at the anchor', [
    'market',
    'of',
  ]);
  const margin = gauge('margin', 'Margin that the model asks for, part of the notional');
  const expires = gauge('expires_seconds', 'Time until the tuple in force expires');
  const outcomes = new Counter({
    name: 'holdfast_steward_looks_total',
    help: 'Looks at a market by what came of them',
    labelNames: ['market', 'outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'holdfast_steward_failures_total',
    help: 'Rounds that failed as a whole',
    registers,
  });
  return {
    registry,
    failed: () => failures.inc(),
    take({ looks }) {
      for (const { symbol: market, steered, measured, plan, outcome } of looks) {
        const { anchor, params, course, now } = steered;
        initial.set({ market, of: 'anchor' }, anchor.initialPpm);
        initial.set({ market, of: 'force' }, params.initialPpm);
        cap.set({ market, of: 'anchor' }, anchor.openInterestMax);
        cap.set({ market, of: 'force' }, params.openInterestMax);
        if (measured !== undefined) margin.set({ market }, measured.margin);
        expires.set({ market }, Math.max(0, course.expiresAt - now));
        // An outcome ends where its numbers begin: labels must stay few.
        const kind = outcome === 'done' ? plan.do : (/^\w+/.exec(outcome)?.[0] ?? 'other');
        outcomes.inc({ market, outcome: plan.do === 'rest' ? 'rest' : kind });
      }
    },
  };
}

/** Serves `/metrics` and `/health` at a port of this machine; 0 for any. */
export async function serveMetrics(
  { registry }: StewardMetrics,
  port: number,
): Promise<{ port: number; close: () => Promise<void> }> {
  const app = fastify();
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  const url = await app.listen({ host: '127.0.0.1', port });
  return { port: Number(new URL(url).port), close: () => app.close() };
}
