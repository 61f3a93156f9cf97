/** The legal transition of an account. The law itself lives in `laws`; here are its inputs. */
import { healthyOrHealthier as lawful } from '@holdfast/laws';
import type { Health } from './margin.ts';

/**
 * Law L07: E′ ≥ IMR′, or no position grew or flipped, MMR′ ≤ MMR, E′·MMR ≥ E·MMR′ and, when both
 * requirements are 0, E′ ≥ E. Assumes: both sides are valued at the same prices and indexes.
 */
export function healthyOrHealthier(
  before: Pick<Health, 'equity' | 'maintenance'>,
  after: Health,
  grew: boolean,
): boolean {
  return lawful({
    equityBefore: before.equity,
    maintenanceBefore: before.maintenance,
    equityAfter: after.equity,
    initialAfter: after.initial,
    maintenanceAfter: after.maintenance,
    grew,
  });
}

/** Whether anyone may liquidate: equity below the maintenance requirement. */
export const liquidatable = (of: Pick<Health, 'equity' | 'maintenance'>): boolean =>
  of.equity < of.maintenance;
