/** What refusals cost: whoever causes more of them than is free is read from later. */
export type Budget = {
  /** Counts `refusals`; how long its cause is to be left unread, wall ms. */
  spend(refusals: number): number;
};

/** Refused requests that a flow may cause per second, and at once, before anybody waits. */
const PER_MS = 1;
const BURST = 512;
const PAUSE_MS_MAX = 5000;

/** One for each flow, so that a flood over many connections is one flood. */
export function createBudget(now: () => number = () => performance.now()): Budget {
  let left = BURST;
  let at = now();
  return {
    spend(refusals) {
      const time = now();
      left = Math.min(left + (time - at) * PER_MS, BURST) - refusals;
      at = time;
      // What was caused is owed, but nobody is locked out for longer than the pause.
      left = Math.max(left, -PAUSE_MS_MAX * PER_MS);
      return left >= 0 ? 0 : -left / PER_MS;
    },
  };
}

/** The budgets of all flows, made as they are asked for. */
export function createBudgets(): (flow: string) => Budget {
  const budgets = new Map<string, Budget>();
  return (flow) => {
    const found = budgets.get(flow) ?? createBudget();
    budgets.set(flow, found);
    return found;
  };
}
