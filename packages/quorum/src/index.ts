/**
 * Threshold committees: a key that no one holds, made without a dealer, used by a quorum, renewed
 * and handed on. FROST(secp256k1, SHA-256) by RFC 9591; pure, so that all of it runs in simulation.
 */
export type { Attempt, Effects, Event, Pending, Phase, Timing } from './attempt.ts';
export { phases, planHash } from './attempt.ts';
export * from './blame.ts';
export { certificateBytes, isCertificate, isCertified } from './certificate.ts';
export {
  agree,
  approve,
  createCommittee,
  pass,
  prepare,
  reconnect,
  reshare,
  sign,
  take,
} from './committee.ts';
export * from './envelope.ts';
export {
  type Bodies,
  type Certificate,
  certificateSchema,
  type Plan,
  readBody,
} from './messages.ts';
export * from './roster.ts';
export { type Digest, examining, type Judge } from './signer.ts';
export {
  type Committee,
  type CommitteeOptions,
  type CommitteeTiming,
  defaultTiming,
  type Generation,
  noRecords,
  type Records,
  type Step,
} from './state.ts';
export {
  groupKeyOf,
  isShareWhole,
  type KeyShare,
  type PublicKeys,
  type Random,
  suite,
  verifySignature,
} from './suite.ts';
