export * from './accept.ts';
export * from './digest.ts';
export * from './report.ts';
export * from './types.ts';
