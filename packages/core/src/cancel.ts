/** Cancels from the gateway. They cost no token and are never refused for a breaker or a price. */
import { laneMax } from '@holdfast/order';
import { reject } from '@holdfast/units';
import { known, raiseLane } from './chain.ts';
import { cancel, cancelEvery } from './resting.ts';
import { type Context, emit } from './state.ts';
import type { CommandOf } from './types.ts';

const named = (clientId: string | undefined): { clientId?: string } =>
  clientId === undefined ? {} : { clientId };

/**
 * With a seq: kills every order of the lane up to it, as `cancelLane` does on chain, so that an
 * order that is still on its way dies too. Without: kills what rests. Rejection: OrderUnknown.
 */
export function cancelLane(ctx: Context, command: CommandOf<'cancel'>): void {
  const { account: id, lane: number, seq, clientId } = command;
  const account = known(ctx, 'cancel', id);
  if (account === undefined) return;
  if (number > laneMax) {
    const why = reject('LaneOutOfRange', `lane ${number} is not 0 to ${laneMax}`, { lane: number });
    emit(ctx, { type: 'rejected', command: 'cancel', account: id, ...why, ...named(clientId) });
    return;
  }
  const lane = account.lanes.get(number);
  const resting = lane?.resting;
  if (seq !== undefined && seq > (lane?.seq ?? 0)) {
    raiseLane(account, number, seq, ctx, clientId);
    emit(ctx, { type: 'laneCancelled', account: id, lane: number, upTo: seq, ...named(clientId) });
    return;
  }
  if (resting !== undefined && (seq === undefined || resting.order.seq <= seq)) {
    cancel(ctx, resting, 'Cancelled', clientId);
    return;
  }
  emit(ctx, {
    type: 'rejected',
    command: 'cancel',
    account: id,
    lane: number,
    ...(seq === undefined ? {} : { seq: seq }),
    ...reject('OrderUnknown', `nothing rests on lane ${number} of account ${id}`, { lane: number }),
    ...named(clientId),
  });
}

/** Cancels all resting orders of an account; its epoch stays. */
export function cancelAll(ctx: Context, command: CommandOf<'cancelAll'>): void {
  const account = known(ctx, 'cancelAll', command.account);
  if (account === undefined) return;
  const count = cancelEvery(ctx, account, 'AllCancelled');
  emit(ctx, { type: 'cancelAll', account: account.id, count, ...named(command.clientId) });
}
