export * from './compile.ts';
export * from './run.ts';
export { loadCircuit, witnessFile, witnessPrime } from './witness.mjs';
