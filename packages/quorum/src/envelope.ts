/**
 * What goes over the wire: a header, a payload, and the sender's signature over both. This module
 * knows their bytes; keys and ciphers are the caller's.
 */
import { concatBytes, fromHex, type Hex } from '@holdfast/units';
import { z } from 'zod';
import { framed, hex, number6, type PartyKey } from './roster.ts';
import { suite } from './suite.ts';

/** Receiver of a broadcast. */
export const everyone = 'all';

export const messageTypes = [
  'propose',
  'decline',
  'hello',
  'commit',
  'echo',
  'deal',
  'verdict',
  'reveal',
  'confirm',
  'life',
  'certified',
  'status',
  'abort',
  'gossip',
  'ask',
  'nonces',
  'package',
  'partial',
  'refuse',
  'pool',
  'enrol',
] as const;
export type MessageType = (typeof messageTypes)[number];

const headerFields = {
  v: z.literal(1),
  suite: z.literal(suite),
  /** Session. 32 bytes. */
  sid: hex.hash,
  /** Generation of the group key that the session makes or uses; the first is 1. */
  gen: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  type: z.enum(messageTypes),
  from: hex.key,
  to: z.union([hex.key, z.literal(everyone)]),
  /** Grows with every envelope of a sender: Unix ms, or one more than the last. */
  seq: z
    .number()
    .int()
    .min(0)
    .max(2 ** 48 - 1),
};

export const payloadLengthMax = 512 * 1024;

export const envelopeSchema = z.strictObject({
  ...headerFields,
  /** JSON text, or a sealed box as 0x text when `to` is one party. */
  payload: z.string().max(payloadLengthMax),
  /** Ed25519 over {@link signedBytes}. 64 bytes. */
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{128}$/)
    .transform((text) => text as Hex),
});

/** A signed message as it travels. */
export type Envelope = z.output<typeof envelopeSchema>;
export type Header = Omit<Envelope, 'payload' | 'signature'>;

/** The header's bytes: what a sealed payload is bound to. */
export function headerBytes(header: Header): Uint8Array {
  return concatBytes(
    framed(`holdfast quorum envelope ${header.v} ${header.suite}`),
    fromHex(header.sid),
    number6(header.gen),
    framed(header.type),
    fromHex(header.from),
    framed(header.to),
    number6(header.seq),
  );
}

/** What the sender signs. */
export function signedBytes(envelope: Header & { readonly payload: string }): Uint8Array {
  return concatBytes(headerBytes(envelope), framed(envelope.payload));
}

/** Whether the signature of an envelope is its sender's. */
export type Verify = (envelope: Envelope) => boolean;

/** A broadcast of a session is said once: two of one slot with unequal payloads prove a lie. */
export function slotOf(header: Pick<Header, 'sid' | 'gen' | 'type' | 'from' | 'to'>): string {
  return [header.sid, header.gen, header.type, header.from, header.to].join('|');
}

/** Types that an honest party says at most once in a session, word for word. */
const single: readonly MessageType[] = [
  'hello',
  'commit',
  'echo',
  'verdict',
  'reveal',
  'confirm',
  'life',
];

/**
 * Whether two envelopes prove that their sender said two things in one place. Anybody can judge
 * this who knows the sender's key.
 */
export function isEquivocation(a: Envelope, b: Envelope, verify: Verify): boolean {
  return (
    slotOf(a) === slotOf(b) &&
    single.includes(a.type) &&
    a.to === everyone &&
    a.payload !== b.payload &&
    verify(a) &&
    verify(b)
  );
}

/** A message as a state machine takes it: authenticated, opened, not yet understood. */
export type Incoming = Header & {
  /** Parsed JSON. */
  readonly body: unknown;
  /** The signed bytes, for proofs and for passing on. */
  readonly envelope: Envelope;
};

/** A message as a state machine gives it: the transport adds sender, seq, seal and signature. */
export type Outgoing = {
  readonly sid: Hex;
  readonly gen: number;
  readonly type: MessageType;
  /** Receivers of a broadcast, or the one receiver. Never the sender. */
  readonly to: readonly PartyKey[];
  readonly isPrivate: boolean;
  readonly body: unknown;
};

/** Types that third parties pass on, so that they are open even when said to one. */
const passedOn: readonly MessageType[] = [...single, 'propose', 'decline', 'gossip'];

/** The header that the transport gives a message of `from`. */
export function headerOf(message: Outgoing, from: PartyKey, seq: number): Header {
  const { sid, gen, type, to } = message;
  const isDirect = to.length === 1 && !passedOn.includes(type);
  return { v: 1, suite, sid, gen, type, from, to: isDirect ? (to[0] as PartyKey) : everyone, seq };
}
