export * from './bytes.ts';
export * from './decimal.ts';
export * from './errors.ts';
export * from './json.ts';
export * from './math.ts';
export * from './typed-data.ts';
export * from './types.ts';
