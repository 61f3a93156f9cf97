import type { NodeParts } from './parts.ts';

/**
 * Expiry, dead-man switches and the ends of calls need time to pass even when nobody trades: the
 * function returned has the journal tell it when one is due.
 */
export function sweepTime({ engine, clock, logger }: NodeParts): () => void {
  let running = false;
  return () => {
    const { nextExpiry, nextDeadman, nextCall, nextLift } = engine.state;
    const next = Math.min(nextExpiry, nextDeadman, nextCall, nextLift);
    if (running || next > clock.now()) return;
    running = true;
    engine
      .submit([{ type: 'tick' }])
      .catch((error) => logger.error({ error }, 'the sweep did not reach the journal'))
      .finally(() => {
        running = false;
      });
  };
}
