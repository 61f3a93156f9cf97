/** From messages to envelopes and back: signatures, seals, and no envelope twice. */
import {
  type Envelope,
  envelopeSchema,
  everyone,
  headerBytes,
  headerOf,
  type Incoming,
  type Outgoing,
  type PartyKey,
  signedBytes,
} from '@holdfast/quorum';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { type Identity, isEnvelopeSigned, signWith } from './identity.ts';
import { open, seal } from './seal.ts';

/** An envelope of another time than this, before or after, is refused. */
export const envelopeAgeMsMax = 120_000;

export type WireOptions = {
  readonly identity: Identity;
  /** Where secrets of a party are sealed to; undefined for strangers: nothing is taken of them. */
  readonly sealKeyOf: (key: PartyKey) => Hex | undefined;
  readonly now: () => number;
};

export type Wire = {
  /** @returns the envelope's text and who is to get it */
  encode(message: Outgoing): { readonly to: readonly PartyKey[]; readonly text: string };
  /** @returns the message, or why it is refused: malformed, stale, repeated, forged, not ours */
  decode(text: string): Incoming | Rejection;
};

/** Envelopes seen of each sender, by seq, as long as they could come again. */
function createGuard(now: () => number) {
  const seen = new Map<PartyKey, Set<number>>();
  return {
    judge({ from, seq }: Envelope): Rejection | undefined {
      const age = now() - seq;
      if (Math.abs(age) > envelopeAgeMsMax) {
        const message = `an envelope is ${age} ms old; is a clock wrong?`;
        return reject('EnvelopeStale', message, { found: age, required: envelopeAgeMsMax });
      }
      if (seen.get(from)?.has(seq)) return reject('EnvelopeRepeated', 'an envelope came again');
      return undefined;
    },
    remember({ from, seq }: Envelope): void {
      const seqs = seen.get(from) ?? new Set();
      seen.set(from, seqs.add(seq));
      const oldest = now() - envelopeAgeMsMax;
      for (const each of seqs) {
        if (each >= oldest) break;
        seqs.delete(each);
      }
    },
  };
}

function readEnvelope(text: string): Envelope | Rejection {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return reject('EnvelopeMalformed', 'an envelope is not JSON');
  }
  const parsed = envelopeSchema.safeParse(value);
  return parsed.success ? parsed.data : reject('EnvelopeMalformed', 'an envelope has wrong fields');
}

export function createWire(options: WireOptions): Wire {
  const { identity, sealKeyOf, now } = options;
  const self = identity.sign.public;
  const sign = signWith(identity.sign);
  const guard = createGuard(now);
  let last = 0;

  function payloadOf(envelope: Envelope): string | undefined {
    const isBox = envelope.payload.startsWith('0x');
    // Shares travel sealed or not at all.
    if (isBox !== (envelope.type === 'deal')) return undefined;
    if (!isBox) return envelope.payload;
    return open(identity.seal, headerBytes(envelope), envelope.payload as Hex);
  }

  function judge(envelope: Envelope): Rejection | undefined {
    const { from, to } = envelope;
    if (to !== everyone && to !== self) return reject('ReceiverWrong', 'it is for another party');
    if (from === self || sealKeyOf(from) === undefined) {
      return reject('SenderUnknown', `${from} is in no roster here`, { from });
    }
    const no = guard.judge(envelope);
    if (no !== undefined) return no;
    if (isEnvelopeSigned(envelope)) return undefined;
    return reject('SignatureWrong', `the signature is not ${from}'s`, { from });
  }

  return {
    encode(message) {
      last = Math.max(last + 1, now());
      const header = headerOf(message, self, last);
      const text = JSON.stringify(message.body);
      const [to] = message.to;
      const sealKey = message.isPrivate && to !== undefined ? sealKeyOf(to) : undefined;
      const payload = sealKey === undefined ? text : seal(sealKey, headerBytes(header), text);
      const whole = { ...header, payload };
      const envelope = { ...whole, signature: sign(signedBytes(whole)) };
      return { to: message.to, text: JSON.stringify(envelope) };
    },
    decode(text) {
      const envelope = readEnvelope(text);
      if (isRejection(envelope)) return envelope;
      const no = judge(envelope);
      if (no !== undefined) return no;
      const { payload: _, signature: __, ...header } = envelope;
      guard.remember(envelope);
      const payload = payloadOf(envelope);
      if (payload === undefined)
        return reject('SealWrong', 'a payload is not sealed as it must be');
      try {
        return { ...header, body: JSON.parse(payload), envelope };
      } catch {
        return reject('EnvelopeMalformed', 'a payload is not JSON');
      }
    },
  };
}
