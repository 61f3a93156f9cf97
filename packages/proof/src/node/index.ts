export * from './ceremony.ts';
export * from './compile.ts';
export * from './development.ts';
export * from './prove.ts';
export * from './run.ts';
export * from './verify.ts';
export { loadCircuit, witnessFile, witnessPrime } from './witness.mjs';
