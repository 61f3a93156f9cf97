/** Parameters by measured risk: reads the chain and the book, proposes, tries, moves. */
export * from './bars.ts';
export * from './chain.ts';
export * from './create.ts';
export * from './decide.ts';
export * from './engine.ts';
export * from './history.ts';
export * from './measure.ts';
export * from './shadow.ts';
