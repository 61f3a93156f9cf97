/** The payloads of the ceremonies and of signing. What does not parse never reaches a machine. */
import type { Hex } from '@holdfast/units';
import { z } from 'zod';
import { envelopeSchema } from './envelope.ts';
import { hex, partiesMax, rosterSchema } from './roster.ts';

const keys = z
  .array(hex.key)
  .min(1)
  .max(2 * partiesMax);
const proof = z
  .string()
  .regex(/^0x[0-9a-f]{130}$/)
  .transform((text) => text as Hex);
const index = z.number().int().min(1).max(partiesMax);

const attemptNumber = z
  .number()
  .int()
  .min(0)
  .max(2 ** 48 - 1);

/** What a ceremony is about. Its hash names the attempt. */
export const planSchema = z.strictObject({
  kind: z.enum(['generate', 'reshare']),
  /** Generation to be made. */
  gen: z
    .number()
    .int()
    .min(1)
    .max(2 ** 32 - 1),
  attempt: attemptNumber.min(1),
  leader: hex.key,
  /** The leader's, so that no two attempts are alike. */
  nonce: hex.hash,
  /** The roster of the new generation. */
  roster: rosterSchema,
  /** Who deals: all holders-to-be, or a quorum of the holders so far. */
  dealers: keys,
  /** Who will hold a key share: at least the threshold of the roster. */
  holders: keys,
  /** Group key and generation that is dealt out anew; absent when one is made. */
  previous: z.strictObject({ groupKey: hex.point, gen: z.number().int().min(1) }).optional(),
});
export type Plan = z.output<typeof planSchema>;

export const certificateSchema = z.strictObject({
  sid: hex.hash,
  gen: z.number().int().min(1),
  attempt: attemptNumber.min(1),
  roster: hex.hash,
  threshold: z.number().int().min(2),
  /** Numbers of the holders in the roster. */
  holders: z.array(index).min(2).max(partiesMax),
  groupKey: hex.point,
  /** Hash of the public shares. */
  transcript: hex.hash,
  /** By the group key over {@link certificateBytes}. */
  signature: proof,
});

/**
 * A generation that lives: every holder took part in this signature with its new share. For a
 * resharing it retires the generation before.
 */
export type Certificate = z.output<typeof certificateSchema>;

/** See {@link PublicKeys}. */
export const publicKeysSchema = z.strictObject({
  threshold: z.number().int().min(2).max(partiesMax),
  commitments: z.array(hex.point).min(2).max(partiesMax),
  holders: z.record(z.coerce.number<number>().int().min(1).max(partiesMax), hex.point),
});

const nonces = z.strictObject({ hiding: hex.point, binding: hex.point });
const message = z
  .string()
  .regex(/^0x(?:[0-9a-f]{2})*$/)
  .max(2 + 2 * 65_536)
  .transform((text) => text as Hex);
const reason = z.strictObject({ code: z.string().max(64), message: z.string().max(1024) });
const envelopes = z.array(envelopeSchema).max(2 * partiesMax);

/** Bodies by type of message. */
export const bodies = {
  propose: z.strictObject({ plan: planSchema }),
  decline: z.strictObject({
    attempt: hex.hash,
    reason,
    /** Last attempt of this generation that the sender joined. */
    seen: attemptNumber,
    /** Whom the sender will not sit with, or will not see left out. */
    party: hex.key.optional(),
  }),
  hello: z.strictObject({ nonce: hex.hash }),
  /** Every later message of an attempt names it, so that strays find their way. */
  commit: z.strictObject({
    attempt: hex.hash,
    commitments: z.array(hex.point).min(2).max(partiesMax),
    /** Proof of knowledge of the first coefficient; not in a resharing, where it is fixed. */
    proof: proof.optional(),
  }),
  echo: z.strictObject({ attempt: hex.hash, packages: envelopes }),
  deal: z.strictObject({ attempt: hex.hash, share: hex.scalar }),
  verdict: z.strictObject({ attempt: hex.hash, against: z.array(hex.key).max(partiesMax) }),
  reveal: z.strictObject({
    attempt: hex.hash,
    shares: z.array(z.strictObject({ to: hex.key, share: hex.scalar })).max(partiesMax),
  }),
  confirm: z.strictObject({ attempt: hex.hash, transcript: hex.hash, nonces }),
  life: z.strictObject({ attempt: hex.hash, partial: hex.scalar }),
  certified: z.strictObject({
    certificate: certificateSchema,
    roster: rosterSchema,
    keys: publicKeysSchema,
  }),
  /** Asks for the certificate of what came after the session named; zeros when there is none. */
  status: z.strictObject({
    gen: z.number().int().min(0),
    attempt: attemptNumber,
    sid: hex.hash,
  }),
  abort: z.strictObject({
    attempt: hex.hash,
    accusations: z
      .array(
        z.strictObject({
          party: hex.key,
          kind: z.string().max(32),
          where: z.string().max(32),
          proof: z.array(envelopeSchema).max(2),
        }),
      )
      .max(2 * partiesMax),
  }),
  gossip: z.strictObject({ attempt: hex.hash, envelopes }),
  ask: z.strictObject({ message }),
  nonces: z.strictObject({ nonces }),
  package: z.strictObject({
    message,
    signers: z.array(z.strictObject({ index, nonces })).min(2).max(partiesMax),
  }),
  partial: z.strictObject({ partial: hex.scalar }),
  refuse: z.strictObject({ reason }),
  pool: z.strictObject({ nonces: z.array(nonces).max(64) }),
  enrol: z.strictObject({ name: z.string().max(32), key: hex.key, seal: hex.key }),
};
export type Bodies = { [Type in keyof typeof bodies]: z.output<(typeof bodies)[Type]> };

/** The body of a message of that type, or undefined when it makes no sense. */
export function readBody<Type extends keyof Bodies>(
  type: Type,
  value: unknown,
): Bodies[Type] | undefined {
  const parsed = bodies[type].safeParse(value);
  return parsed.success ? (parsed.data as Bodies[Type]) : undefined;
}
