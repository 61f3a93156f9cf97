/**
 * The keeper: liquidates what is unhealthy, triggers conditional orders, and pushes prices when
 * nobody else does.
 */
export * from './account.ts';
export * from './conditionals.ts';
export * from './judge.ts';
export * from './keeper.ts';
export * from './mirror.ts';
export { revertName } from './reverts.ts';
export { createTriggers, type TriggerOptions, type Triggers } from './trigger.ts';
export * from './waterfall.ts';
