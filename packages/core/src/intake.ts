/** The order in which the commands of one gateway batch are applied. */
import type { AccountId } from '@holdfast/units';
import type { Command } from './types.ts';

function rank(command: Command): number {
  // The protocol takes, and goes last like every taker.
  if (command.type === 'seize') return 2;
  if (command.type !== 'order') return 0;
  return command.order.postOnly ? 1 : 2;
}

/** The account whose own order of events must stand, if the command is a trader's. */
function traderOf(command: Command): AccountId | undefined {
  if (command.type === 'order') return command.order.account;
  return command.type === 'cancel' || command.type === 'cancelAll' ? command.account : undefined;
}

/**
 * Cancels (and whatever is no order) first, then post-only orders, then all that may take, each
 * in the order of arrival: a maker's cancel never loses against a taker in the same batch.
 * No command passes an earlier one of its own account: a cancel still finds the order it follows.
 */
export function orderIntake(commands: readonly Command[]): Command[] {
  const lanes: [Command[], Command[], Command[]] = [[], [], []];
  const latest = new Map<AccountId, number>();
  for (const command of commands) {
    const trader = traderOf(command);
    const floor = trader === undefined ? 0 : (latest.get(trader) ?? 0);
    const place = Math.max(rank(command), floor);
    if (trader !== undefined) latest.set(trader, place);
    lanes[place as 0 | 1 | 2].push(command);
  }
  return lanes.flat();
}
