/** The last findings, one row for what goes on: rule and key. */
import type { Hex } from '@holdfast/units';
import type { Found } from '../engine/engine.ts';
import type { Severity, Tier } from '../rule.ts';

/** A finding as people and programs see it. */
export interface FindingRow {
  readonly rule: string;
  readonly tier: Tier;
  readonly severity: Severity;
  readonly scope: number;
  readonly key: string;
  readonly title: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  readonly shadow: boolean;
  /** Whether an action was asked for. */
  readonly acts: boolean;
  /** First seen in a transaction that was in no block yet. */
  readonly pending: boolean;
  readonly firstBlock: number;
  lastBlock: number;
  readonly hash: Hex;
  count: number;
}

const keptMax = 500;

/** Keeps findings in memory, the newest last. */
export class Recent {
  readonly #rows = new Map<string, FindingRow>();
  total = 0;

  /** @returns the row; `isNew` when nothing like it was known */
  add(found: Found): { row: FindingRow; isNew: boolean } {
    this.total += 1;
    const { finding, shadow, block, hash, pending, action } = found;
    const id = `${finding.rule}/${finding.scope}/${finding.key}`;
    const known = this.#rows.get(id);
    if (known !== undefined) {
      known.lastBlock = Math.max(known.lastBlock, block);
      known.count += 1;
      return { row: known, isNew: false };
    }
    const { rule, tier, severity, scope, key, title, evidence } = finding;
    const fields = { rule, tier, severity, scope, key, title, evidence, shadow, hash, pending };
    const row = {
      ...fields,
      acts: action !== undefined,
      firstBlock: block,
      lastBlock: block,
      count: 1,
    };
    this.#rows.set(id, row);
    if (this.#rows.size > keptMax) this.#rows.delete(this.#rows.keys().next().value as string);
    return { row, isNew: true };
  }

  rows(): readonly FindingRow[] {
    return [...this.#rows.values()];
  }
}
