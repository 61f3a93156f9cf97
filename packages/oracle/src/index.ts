export * from './accept.ts';
export * from './aged.ts';
export * from './digest.ts';
export * from './group.ts';
export * from './mark.ts';
export * from './observed.ts';
export * from './premium.ts';
export * from './prove.ts';
export {
  assembleReport,
  decodeReport,
  encodeReport,
  lowerMedian,
  type Quorum,
  verifyQuorum,
} from './report.ts';
export * from './types.ts';
