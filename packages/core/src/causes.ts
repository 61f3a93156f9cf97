/** Why an account is what it is after an event. */

/** Why the chain changed an account by something other than our own batches. */
export type ExternalCause =
  | 'deposit'
  | 'withdraw'
  | 'liquidation'
  | 'backstop'
  | 'deleveraging'
  | 'levy'
  | 'transfer'
  | 'forced'
  | 'exit'
  | 'trigger'
  | 'refund'
  | 'reorg'
  | 'repair';

/** Why an account event was emitted, when the chain did not change the account. */
export type CauseOfAccount =
  | 'open'
  | 'epoch'
  | 'leverage'
  | 'session'
  | 'deadman'
  | 'confirmed'
  | 'unwound';
