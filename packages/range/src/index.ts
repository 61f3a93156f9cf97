/** The attack range: thefts of the field against the real stack, each with its control once off. */

export { type AdversaryWishes, runAdversary } from './adversary/main.ts';
export { type FaultWishes, runFaults } from './faults/main.ts';
export { mutants } from './faults/mutants.ts';
export { Range, type RangeOptions } from './run.ts';
export { scenarios } from './scenarios/index.ts';
export * from './types.ts';
export { judge, judgeOpen, lossOf, measuredOf, openReport, skippedReport } from './verdict.ts';
export { Ground } from './world/ground.ts';
export type { Outcome } from './world/send.ts';
export { World } from './world/world.ts';
export { equityOf, settleWorth, worthOf } from './world/worth.ts';
