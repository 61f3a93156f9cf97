/** Price sources, signed observations and the relay that makes quorum reports of them. */
export * from './collect.ts';
export * from './committee/desk.ts';
export * from './committee/member.ts';
export * from './committee/proposal.ts';
export * from './committee/rounds.ts';
export * from './committee/turns.ts';
export * from './gather.ts';
export * from './observe.ts';
export * from './relay.ts';
export * from './reporter.ts';
export * from './sense.ts';
export * from './sources/bars.ts';
export * from './sources/live.ts';
export * from './sources/noise.ts';
export * from './sources/recorded.ts';
export * from './sources/simulated.ts';
export * from './sources/source.ts';
