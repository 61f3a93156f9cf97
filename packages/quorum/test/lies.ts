/** Ways in which a party lies, each with the verdict that it earns. */
import { everyone, headerOf, type Outgoing, signedBytes } from '@holdfast/quorum';
import { type Hex, toHex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Lie, turn } from './world.ts';

type Body = Record<string, unknown>;
const change = (message: Outgoing, fields: Body): Outgoing => ({
  ...message,
  body: { ...(message.body as Body), ...fields },
});

const on =
  (
    type: string,
    how: (message: Outgoing, world: Parameters<Lie>[1], self: Hex) => Outgoing[],
  ): Lie =>
  (message, world, self) =>
    message.type === type ? how(message, world, self) : [message];

/** A point that nobody knows the logarithm of, as far as the dealer goes. */
export const strangePoint = toHex(secp256k1.Point.BASE.multiply(7n).toBytes(true));

/** Says one thing to the first half of the receivers and another to the rest. */
const twoFaced = (type: string, other: (body: Body) => Body): Lie =>
  on(type, (message) => {
    const half = Math.ceil(message.to.length / 2);
    const changed = change(message, other(message.body as Body));
    return [
      { ...message, to: message.to.slice(0, half) },
      { ...changed, to: message.to.slice(half) },
    ].filter((each) => each.to.length > 0);
  });

const wrongShare = on('deal', (message) => [
  change(message, { share: turn((message.body as { share: Hex }).share) }),
]);

/** Declines whatever others lead, claims to be far ahead, and names the party at that place. */
const declining = (code: string, place?: number): Lie =>
  on('hello', (message, world, self) => {
    const { sid, gen, to } = message;
    const isOwn = world.wire.some(
      ({ envelope }) =>
        envelope.type === 'propose' && envelope.sid === sid && envelope.from === self,
    );
    if (isOwn) return [message];
    const all = world.roster.parties.map(({ key }) => key).filter((key) => key !== self);
    const party = place === undefined ? {} : { party: all.at(place) };
    const body = { attempt: sid, reason: { code, message: code }, seen: 2 ** 48 - 1, ...party };
    return [{ sid, gen, type: 'decline', to, isPrivate: false, body }];
  });

/** A lie and the kinds of blame that may come of it; `Silent` where the lie is silence. */
export const lies: Readonly<Record<string, { lie: Lie; kinds: readonly string[] }>> = {
  'says two nonces': {
    lie: twoFaced('hello', ({ nonce }) => ({ nonce: turn(nonce as Hex) })),
    kinds: ['Equivocated'],
  },
  'says two packages': {
    lie: twoFaced('commit', ({ commitments }) => ({
      commitments: [...(commitments as Hex[]).slice(0, -1), strangePoint],
    })),
    kinds: ['Equivocated'],
  },
  'commits to a key it does not know': {
    lie: on('commit', (message) => {
      const { commitments } = message.body as { commitments: Hex[] };
      return [change(message, { commitments: [strangePoint, ...commitments.slice(1)] })];
    }),
    kinds: ['PackageWrong'],
  },
  'commits to too many coefficients': {
    lie: on('commit', (message) => {
      const { commitments } = message.body as { commitments: Hex[] };
      return [change(message, { commitments: [...commitments, strangePoint] })];
    }),
    kinds: ['PackageWrong'],
  },
  'passes on only a part': {
    lie: on('echo', (message) => [change(message, { packages: [] })]),
    kinds: ['EchoWrong'],
  },
  'passes on forged packages': {
    lie: on('echo', (message) => {
      const { packages } = message.body as { packages: { payload: string }[] };
      const forged = packages.map((each) => ({ ...each, payload: `${each.payload} ` }));
      return [change(message, { packages: forged })];
    }),
    kinds: ['EchoWrong'],
  },
  'deals wrong shares and shows them': {
    lie: (message, world, self) => {
      if (message.type !== 'reveal') return wrongShare(message, world, self);
      const { shares } = message.body as { shares: { to: Hex; share: Hex }[] };
      const wrong = shares.map((each) => ({ ...each, share: turn(each.share) }));
      return [change(message, { shares: wrong })];
    },
    kinds: ['ShareWrong'],
  },
  'deals wrong shares and shows nothing': {
    lie: (message, world, self) =>
      message.type === 'reveal' ? [] : wrongShare(message, world, self),
    kinds: ['Silent'],
  },
  'comes to another transcript': {
    lie: on('confirm', (message) => [
      change(message, { transcript: turn((message.body as { transcript: Hex }).transcript) }),
    ]),
    kinds: ['ConfirmWrong'],
  },
  'signs wrongly': {
    lie: (message) =>
      message.type === 'life' || message.type === 'partial'
        ? [change(message, { partial: turn((message.body as { partial: Hex }).partial) })]
        : [message],
    kinds: ['PartialWrong'],
  },
  'ends attempts without a cause': {
    lie: (message, world, self) => {
      if (message.type !== 'commit') return [message];
      const { attempt } = message.body as { attempt: Hex };
      const victim = message.to[0];
      const accusations = [{ party: victim, kind: 'Silent', where: 'hello', proof: [] }];
      const abort = { attempt, accusations };
      void [world, self];
      return [{ ...message, sid: attempt, type: 'abort', body: abort }];
    },
    kinds: ['Abandoned'],
  },
  'sends nonsense': {
    lie: on('commit', (message) => [change(message, { commitments: 'none' })]),
    kinds: ['MessageWrong'],
  },
  'is silent from the second round': {
    lie: (message) => (message.type === 'hello' ? [message] : []),
    kinds: ['Silent'],
  },
  'is silent to all but one': {
    lie: (message) =>
      message.to.length > 1 ? [{ ...message, to: message.to.slice(0, 1) }] : [message],
    kinds: [],
  },
  'complains of everybody': {
    lie: on('verdict', (message, world) => {
      const dealers = [...world.wire].reverse().find(({ envelope }) => envelope.type === 'propose');
      const { plan } = JSON.parse(dealers!.envelope.payload);
      const against = message.to.filter((key) => plan.dealers.includes(key));
      return [change(message, { against })];
    }),
    kinds: [],
  },
  'passes on words that it made up': {
    lie: (message, world, self) => {
      if (message.type !== 'hello') return [message];
      const made = message.to.map((victim, i) => {
        const said = { ...message, body: { nonce: world.roster.parties[i]!.seal } };
        return forge(said, victim, 1, (bytes) => world.signatureOf(self, bytes));
      });
      const body = { attempt: message.sid, envelopes: made };
      return [{ ...message, type: 'gossip', body }, message];
    },
    kinds: [],
  },
  'complains of a stranger': {
    lie: on('verdict', (message) => [change(message, { against: [strangePoint.slice(0, 66)] })]),
    kinds: ['MessageWrong'],
  },
  // It has the others' last words then, so it can only sit on the certificate for a while.
  'keeps its last word': { lie: on('life', () => []), kinds: [] },
  'joins nothing that others lead': { lie: declining('CeremonyBusy'), kinds: [] },
  'will not sit with an honest party': { lie: declining('PartyExcluded', 0), kinds: [] },
  'pleads for whoever is left out': { lie: declining('ExclusionUnfounded', -1), kinds: [] },
  'says hello, and then that it does not join': {
    lie: on('hello', (message) => {
      const { sid, gen, to } = message;
      const reason = { code: 'CeremonyBusy', message: 'another attempt is going on' };
      const body = { attempt: sid, reason, seen: 2 ** 48 - 1 };
      return [message, { sid, gen, type: 'decline', to, isPrivate: false, body }];
    }),
    kinds: ['Abandoned'],
  },
};

/** An envelope in another's name, signed by the liar. */
export function forge(message: Outgoing, victim: Hex, seq: number, sign: (b: Uint8Array) => Hex) {
  const header = { ...headerOf(message, victim, seq), to: everyone as typeof everyone };
  const whole = { ...header, payload: JSON.stringify(message.body) };
  return { ...whole, signature: sign(signedBytes(whole)) };
}
