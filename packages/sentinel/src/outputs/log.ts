/** Findings as lines of the log. */
import type { Logger } from '@holdfast/host';
import type { Change } from '../findings/ledger.ts';
import { rankOf } from '../findings/record.ts';

/** Writes what is new; that a finding goes on is no news. */
export function logChanges(logger: Logger, changes: readonly Change[]): void {
  for (const { kind, record } of changes) {
    if (kind === 'seen') continue;
    const { id, rule, tier, severity, scope, key, evidence, damage, shadow, count } = record;
    const line = { id, kind, rule, tier, severity, scope, key, evidence, damage, shadow, count };
    const text = `${shadow ? 'shadow: ' : ''}${record.title}`;
    if (kind === 'ended' || shadow || rankOf(severity) < rankOf('medium')) logger.info(line, text);
    else if (rankOf(severity) < rankOf('high')) logger.warn(line, text);
    else logger.error(line, text);
  }
}
