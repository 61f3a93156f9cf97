export * from './accept.ts';
export * from './aged.ts';
export * from './digest.ts';
export * from './mark.ts';
export * from './observed.ts';
export * from './premium.ts';
export * from './report.ts';
export * from './types.ts';
