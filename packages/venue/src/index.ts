/** One command that runs a whole venue on one machine, and its parts for tests. */
export { anvilPackage, anvilPath, spawnAnvil } from './chain/anvil.ts';
export { type ChainOptions, type RunningChain, startChain } from './chain/process.ts';
export { createRpc, type Rpc, readHead } from './chain/rpc.ts';
export * from './deploy.ts';
export * from './governance.ts';
export * from './launch/banner.ts';
export * from './launch/lock.ts';
export * from './launch/options.ts';
export * from './launch/plan.ts';
export * from './launch/service.ts';
export * from './launch/status.ts';
export * from './launch/venue.ts';
export * from './markets.ts';
export * from './seed.ts';
export * from './terms.ts';
