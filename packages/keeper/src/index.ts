/** The keeper: liquidates what is unhealthy and pushes prices when nobody else does. */
export * from './account.ts';
export * from './judge.ts';
export * from './keeper.ts';
export * from './mirror.ts';
