/** Who can do what at a venue, and what the worst of it would cost: read from its chain. */
export * from './bounds.ts';
export * from './builds.ts';
export * from './code.ts';
export * from './facts.ts';
export * from './losses.ts';
export * from './map.ts';
export * from './page.ts';
export * from './parse.ts';
export * from './power.ts';
export * from './powers.ts';
export * from './probe.ts';
export * from './report.ts';
export * from './sets.ts';
export * from './show.ts';
export * from './voting.ts';
