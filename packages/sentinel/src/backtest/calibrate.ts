/** Curves of rules with a budget from blocks of a venue's own past, taken as benign. */
import type { BlockView } from '../rule.ts';
import { createCounter } from '../rules/calibrate/count.ts';
import type { Curve } from '../rules/kit/budget.ts';
import type { RuleModule } from '../rules/kit/define.ts';

const monthSeconds = 30 * 86_400;

/**
 * Measures rules over blocks. A short past promises little: a budget below one finding in that
 * time will be refused.
 */
export async function curvesFrom(
  views: AsyncIterable<BlockView> | Iterable<BlockView>,
  modules: readonly RuleModule[],
  quietSeconds = 3600,
): Promise<Readonly<Record<string, Curve>>> {
  const rows = modules
    .filter(({ threshold }) => threshold.kind === 'budget')
    .map((module) => ({ module, memory: module.blank({}), counter: createCounter(quietSeconds) }));
  let [first, last, from, to] = [0, 0, 0, 0];
  for await (const view of views) {
    if (first === 0) [first, from] = [view.timestamp, view.number];
    [last, to] = [view.timestamp, view.number];
    for (const row of rows) {
      const { memory, scores } = row.module.measure(view, row.memory);
      row.memory = memory;
      for (const { key, value } of scores) row.counter.add(key, view.timestamp, value);
    }
  }
  const on = `blocks ${from} to ${to} of this venue`;
  return Object.fromEntries(
    rows.map(({ module, counter }) => [
      module.rule.id,
      counter.curve((last - first) / monthSeconds, on),
    ]),
  );
}
