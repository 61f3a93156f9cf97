/** The one way by which the operator's orders leave, with what the journal says of each. */
import type { Answer, Client, OrderInput } from '@holdfast/sdk';
import { isRejection, type Rejection } from '@holdfast/units';
import type { Entry } from './journal.ts';

/**
 * An order as the venue's client takes it, with its number in the journal. It dies at a second, and
 * not after a life from now: the wallet signs nothing that outlives the proof.
 */
export type Routed = OrderInput & { readonly expiry: number; readonly trackedId: number };

export type SendDeps = {
  readonly now: () => number;
  readonly client: () => Client;
  write(...entries: readonly Entry[]): void;
};

/** The venue's answer, or why the order never became one of it. */
export async function sendTracked(
  c: SendDeps,
  input: Routed,
): Promise<{ readonly answer: Answer } | { readonly refused: Rejection }> {
  const { trackedId: id } = input;
  const answer = await c.client().place(input);
  if (isRejection(answer) && !('lane' in answer)) {
    c.write({ type: 'ended', id, filled: 0, at: c.now() });
    return { refused: answer };
  }
  const placed = answer as Answer;
  c.write({ type: 'answer', id, answer: { ...placed } });
  return { answer: placed };
}
