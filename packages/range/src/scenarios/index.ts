/** Every scenario of the range, in the order in which they run. */
import type { Scenario } from '../types.ts';
import { orderReplay } from './order-replay.ts';
import { bankRun } from './tape-bank-run.ts';

export const scenarios: readonly Scenario[] = [orderReplay, bankRun];
