/** For simulations: the parts of settlement without a chain, and a chain in memory. */

export { compare, createLedger, type Landing, type Ledger, type Version } from '../books.ts';
export type { Draft } from '../effects.ts';
export type { ChainEvent } from '../events.ts';
export { applyBlock, finalise, rollback } from '../ledger.ts';
export { applyEvent, chainRow, emptyMirror, type Mirror, mirrorText } from '../mirror.ts';
export { encodeBatch } from '../planner.ts';
export { brokenLaws } from '../reconcile.ts';
export { missingDrafts, queueOf, restore } from '../recovery.ts';
export type { StoreFile, StoreFiles, StoreRecord } from '../store.ts';
export * from './chain.ts';
