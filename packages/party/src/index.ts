/** A party of a committee as a process: keys at rest, envelopes, relay, control, founding. */
export * from './control.ts';
export * from './doctor.ts';
export * from './folder.ts';
export * from './handover.ts';
export {
  type Identity,
  identitySchema,
  isEnvelopeSigned,
  isSignedBy,
  type KeyPair,
  makeIdentity,
  makeKeyPair,
  signWith,
} from './identity.ts';
export type { PartyOptions, PartyStatus, Policy, RunningParty } from './inside.ts';
export {
  type Card,
  type FoundingOptions,
  foundingId,
  type Invitation,
  invite,
  inviteToJoin,
  readCard,
  readInvitation,
} from './invitation.ts';
export * from './lead.ts';
export * from './life.ts';
export * from './party.ts';
export * from './passphrase.ts';
export * from './purpose.ts';
export { type Relay, type RelayOptions, serveRelay } from './relay.ts';
export * from './statement.ts';
export * from './vault.ts';
export { createWire, envelopeAgeMsMax, type Wire, type WireOptions } from './wire.ts';
