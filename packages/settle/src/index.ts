/** Batches to the chain, receipts and reorganisations back, reconciliation of the two. */

export { decodeLog, type Sources } from './decode.ts';
export type { ChainEvent } from './events.ts';
export type { FillTerms } from './fills.ts';
export type { SettlerDeps, SettlerOptions, SettlerStatus } from './options.ts';
export { encodeBatch } from './planner.ts';
export type { RawLog } from './rpc.ts';
export { createSettler } from './settler.ts';
export { memoryStore, openStore, type SettleStore, storeOver } from './store.ts';
