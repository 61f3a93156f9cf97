/**
 * Everything that happens to a finding after it is found: one record per condition, on disk, told
 * to log, webhook and metrics. What a sentinel needs is here in one piece.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, readJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { type Fatigue, fatigue } from '../findings/fatigue.ts';
import { createLedger, observeBlock, restore, retract } from '../findings/ledger.ts';
import { severities } from '../findings/record.ts';
import { compactFindings, openStore, readFindings } from '../findings/store.ts';
import type { Action, Finding, Rule, RuleSettings, Severity } from '../rule.ts';
import { chooseRules, loadRules, readChoices } from '../rules/load.ts';
import type { RunRule } from '../rules/run.ts';
import { logChanges } from './log.ts';
import { createFindingMetrics } from './prometheus.ts';
import { loadWebhookKey } from './signature.ts';
import { createWebhook, type Webhook } from './webhook.ts';

const webhookSchema = z.strictObject({
  url: z.string(),
  /** File of mode 600 with at least 32 bytes. */
  keyFile: z.string().min(1),
  severity: z.enum(severities as [Severity, ...Severity[]]).optional(),
  queueMax: z.int().min(1).max(100_000).optional(),
  attemptsMax: z.int().min(1).max(100).optional(),
});
const outputsSchema = z.strictObject({ webhook: webhookSchema.optional() });

/** Settings of a sentinel's outputs. @throws EnvironmentError OutputsMalformed */
function outputsOf(folder: string) {
  const path = join(folder, 'outputs.json');
  const parsed = outputsSchema.safeParse(existsSync(path) ? readJson(path, 'outputs') : {});
  if (parsed.success) return parsed.data;
  throw new EnvironmentError('OutputsMalformed', `${path}: ${z.prettifyError(parsed.error)}`);
}

/** A finding with its place, as the engine reports it. */
export interface Reported {
  readonly finding: Finding;
  readonly shadow: boolean;
  readonly action?: Action | undefined;
  readonly block: number;
  readonly hash: string;
  readonly pending: boolean;
}

export interface Desk {
  /** Rules as the engine runs them. */
  readonly rules: readonly {
    readonly rule: Rule;
    readonly settings: RuleSettings;
    readonly shadow: boolean;
  }[];
  /** Takes a finding at once; its block's time is known from the next `settle` on. */
  report(found: Reported): void;
  /**
   * Keeps and tells what was reported, and ends what nothing speaks of any more; to be called now
   * and then. @param time of the last block, seconds
   */
  settle(block: number, time: number): void;
  fatigue(): Fatigue;
  /** Metrics in Prometheus text form. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export interface DeskOptions {
  /** Folder of the sentinel: findings/, rules/, rules.json and outputs.json. */
  readonly folder: string;
  readonly logger: Logger;
  /** Folder of the venue team's own rules; `rules` in the sentinel's folder unless told. */
  readonly rulesDir?: string | undefined;
  /** Unix ms. */
  readonly nowMs?: () => number;
}

function webhookOf(folder: string, logger: Logger): Webhook | undefined {
  const { webhook } = outputsOf(folder);
  if (webhook === undefined) return undefined;
  const { keyFile, url, severity, queueMax, attemptsMax } = webhook;
  return createWebhook({
    url,
    key: loadWebhookKey(join(folder, keyFile)),
    logger,
    ...(severity === undefined ? {} : { severity }),
    ...(queueMax === undefined ? {} : { queueMax }),
    ...(attemptsMax === undefined ? {} : { attemptsMax }),
  });
}

const budgetsOf = (rules: readonly RunRule[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    rules.flatMap(({ module, settings }) => {
      const { threshold, rule } = module;
      if (threshold.kind !== 'budget') return [];
      return [[rule.id, Number(settings?.falsePerMonth ?? threshold.falsePerMonth)]];
    }),
  );

const toActive = ({ module, settings = {}, shadow = false }: RunRule): Desk['rules'][number] => ({
  rule: module.rule as Rule,
  settings,
  shadow,
});

/** The files as they are, read again only when they have grown. */
function reader(dir: string) {
  let seen = '';
  let records: ReturnType<typeof readFindings> = [];
  return () => {
    const sizes = ['findings.jsonl', 'acknowledgements.jsonl'].map((name) => {
      const path = join(dir, name);
      return existsSync(path) ? statSync(path).size : 0;
    });
    if (sizes.join() !== seen) [records, seen] = [readFindings(dir), sizes.join()];
    return records;
  };
}

/**
 * Opens the desk of one sentinel.
 *
 * @throws EnvironmentError RuleMalformed, RuleChoicesMalformed, OutputsMalformed,
 * FindingsMalformed, WebhookKeyOpen and others: what is wrong in the folder is told at the start
 */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { folder, logger, nowMs = Date.now } = options;
  const rulesDir = options.rulesDir ?? join(folder, 'rules');
  const own = existsSync(rulesDir) || options.rulesDir ? await loadRules(rulesDir) : [];
  const choices = readChoices(join(folder, 'rules.json'));
  const rules = chooseRules(
    own.map(({ module }) => module),
    choices,
  );
  const dir = join(folder, 'findings');
  await compactFindings(dir);
  const store = openStore(dir);
  const ledger = createLedger();
  for (const record of readFindings(dir)) restore(ledger, record);
  const webhook = webhookOf(folder, logger);
  const metrics = createFindingMetrics();
  const read = reader(dir);
  const hashes = new Map<number, string>();
  const measured = () => fatigue(read(), budgetsOf(rules), nowMs());

  const tell = (changes: ReturnType<typeof observeBlock>): void => {
    if (changes.length === 0) return;
    store.write(changes);
    metrics.observe(changes);
    logChanges(logger, changes);
    webhook?.tell(changes);
  };
  // While a sentinel reads its way to the head nobody knows the time of a block yet.
  const waiting: Reported[] = [];
  let clock: number | undefined;

  const take = (
    { finding, shadow, action, block, hash, pending }: Reported,
    time: number,
  ): void => {
    const before = hashes.get(block);
    // The chain has another block of this number now: what began in the old one never was.
    if (!pending && before !== undefined && before !== hash) tell(retract(ledger, block));
    if (!pending) hashes.set(block, hash);
    for (const old of hashes.keys()) if (old < block - 256) hashes.delete(old);
    if (action !== undefined) metrics.acted(finding.rule, shadow);
    const at = { block, time, pending, nowMs: nowMs() };
    tell(observeBlock(ledger, [{ finding, shadow, action }], at));
  };
  const flush = (time: number): void => {
    for (const found of waiting.splice(0)) take(found, time);
  };
  return {
    rules: rules.map(toActive),
    report: (found) => {
      waiting.push(found);
      if (clock !== undefined) flush(clock);
    },
    settle: (block, time) => {
      clock = time;
      flush(time);
      tell(observeBlock(ledger, [], { block, time, pending: false, nowMs: nowMs() }));
    },
    fatigue: measured,
    metrics: () =>
      metrics.text({
        ledger,
        fatigue: measured(),
        ...(webhook === undefined ? {} : { webhook: webhook.counts() }),
      }),
    close: async () => {
      await webhook?.close();
      store.close();
    },
  };
}
