/** Findings as metrics, in Prometheus text form. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Fatigue } from '../findings/fatigue.ts';
import type { Change, Ledger } from '../findings/ledger.ts';
import { severities } from '../findings/record.ts';
import type { WebhookCounts } from './webhook.ts';

export interface FindingMetrics {
  observe(changes: readonly Change[]): void;
  /** An action that was taken, or in shadow would have been. */
  acted(rule: string, shadow: boolean): void;
  /** @param now what is true at this moment and needs no history */
  text(now: {
    readonly ledger: Ledger;
    readonly fatigue?: Fatigue;
    readonly webhook?: WebhookCounts;
  }): Promise<string>;
}

const tiers = ['law', 'flow', 'statistical'] as const;

function instruments() {
  const registers = [new Registry()];
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Gauge({ name: `holdfast_sentinel_${name}`, help, labelNames, registers });
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Counter({ name: `holdfast_sentinel_${name}`, help, labelNames, registers });
  const by = ['rule', 'tier', 'severity', 'shadow'] as const;
  return {
    registry: registers[0] as Registry,
    found: counter('findings_total', 'Findings that began', by),
    acted: counter('actions_total', 'Actions asked for by rules', ['rule', 'shadow'] as const),
    open: gauge('findings_open', 'Findings that stand', ['tier', 'severity'] as const),
    perDay: gauge('findings_per_day', 'Findings a day, lately', ['tier'] as const),
    acked: gauge('acknowledged_share', 'Share that somebody acknowledged', ['tier'] as const),
    overrun: gauge('budget_overrun', 'Findings beyond the budget, 30 days', ['rule'] as const),
    posts: gauge('webhook', 'Deliveries of the webhook', ['state'] as const),
  };
}

/** Makes metrics with a registry of their own. */
export function createFindingMetrics(): FindingMetrics {
  const all = instruments();
  return {
    observe: (changes) => {
      for (const { kind, record } of changes) {
        if (kind !== 'opened') continue;
        const { rule, tier, severity, shadow } = record;
        all.found.inc({ rule, tier, severity, shadow: String(shadow) });
      }
    },
    acted: (rule, shadow) => all.acted.inc({ rule, shadow: String(shadow) }),
    text: async ({ ledger, fatigue, webhook }) => {
      for (const tier of tiers) {
        for (const severity of severities) all.open.set({ tier, severity }, 0);
      }
      for (const { tier, severity, shadow } of ledger.open.values()) {
        if (!shadow) all.open.inc({ tier, severity });
      }
      for (const { tier, perDay, acknowledgedShare } of fatigue?.tiers ?? []) {
        all.perDay.set({ tier }, perDay);
        all.acked.set({ tier }, acknowledgedShare);
      }
      all.overrun.reset();
      for (const { rule, findings, budget } of fatigue?.overruns ?? []) {
        all.overrun.set({ rule }, findings - budget);
      }
      for (const [state, count] of Object.entries(webhook ?? {})) all.posts.set({ state }, count);
      return all.registry.metrics();
    },
  };
}
