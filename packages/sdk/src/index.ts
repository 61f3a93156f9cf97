export * from './chain.ts';
export * from './client.ts';
export { type ConditionalInput, type ListedConditional, randomNonce } from './conditional.ts';
export * from './cures.ts';
export {
  type QueuedWithdrawal,
  type SignedWithdrawal,
  signWithdrawal,
  type Withdrawn,
  withdrawalTypes,
} from './custody.ts';
export type { Answer, ConnectOptions, OrderInput } from './desk.ts';
export * from './exit.ts';
export * from './exit-plan.ts';
export * from './govern.ts';
export * from './health.ts';
export { findVenue, type VenueInfo, type VenueSource } from './info.ts';
export * from './insurance.ts';
export * from './lanes.ts';
export { retryDelayMs } from './link.ts';
export * from './market.ts';
export * from './node.ts';
export { decodeRevert } from './reverts.ts';
export type { Signer } from './signer.ts';
