/** Signers of the treasury: reading, policy, simulation, and the desk where a person decides. */
export * from './book.ts';
export { type Facts, type Head, type Node, readFacts, revertText } from './chain.ts';
export * from './desk.ts';
export * from './examine.ts';
export * from './instruction.ts';
export * from './judge.ts';
export * from './ledger.ts';
export * from './policy.ts';
export * from './read.ts';
export * from './signer.ts';
export { type Effect, expectedOf, simulate } from './simulate.ts';
export * from './status.ts';
