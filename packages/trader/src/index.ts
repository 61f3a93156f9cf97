/** Seeded simulated traders: makers, takers, a whale. */
export * from './agent.ts';
export * from './bucket.ts';
export * from './feed.ts';
export * from './random.ts';
export * from './roster.ts';
export * from './setup.ts';
export * from './strategy.ts';
export * from './traders.ts';
