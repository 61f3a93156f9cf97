/** How a committee comes together: invitations, enrolment, and the roster that comes of it. */
import { randomBytes } from 'node:crypto';
import {
  type Certificate,
  certificateSchema,
  type Generation,
  hashOf,
  isCertificate,
  isCertified,
  nameSchema,
  type PublicKeys,
  type Roster,
  readRoster,
  rosterSchema,
} from '@holdfast/quorum';
import {
  EnvironmentError,
  fromHex,
  type Hex,
  isRejection,
  type Rejection,
  reject,
} from '@holdfast/units';
import { z } from 'zod';
import { isSignedBy, type KeyPair, keyPairSchema, makeKeyPair, signWith } from './identity.ts';

const key = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);

const relaySchema = z.string().regex(/^wss?:\/\//, 'a relay is ws://… or wss://…');

const foundingSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('found'),
  /** The committee without its keys, which the parties make. */
  committee: rosterSchema.omit({ parties: true }),
  relay: relaySchema,
  /** Public keys with which the parties enrol. */
  parties: z.array(z.strictObject({ name: nameSchema, enrol: key })).min(2),
  nonce: key,
  /** Whom this invitation is for, and its secret: it is worth nothing after the enrolment. */
  you: nameSchema,
  enrol: keyPairSchema,
});

const joiningSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('join'),
  relay: relaySchema,
  you: nameSchema,
  roster: rosterSchema,
  certificate: certificateSchema,
  keys: z.custom<PublicKeys>((value) => typeof value === 'object' && value !== null),
});

export const invitationSchema = z.discriminatedUnion('kind', [foundingSchema, joiningSchema]);
export type Founding = z.output<typeof foundingSchema>;
export type Joining = z.output<typeof joiningSchema>;
export type Invitation = z.output<typeof invitationSchema>;

export type FoundingOptions = {
  readonly name: string;
  readonly chainId: number;
  readonly contract: Hex;
  readonly threshold: number;
  readonly parties: readonly string[];
  readonly relay: string;
};

/** One invitation for each party of a committee to be founded. */
export function invite(options: FoundingOptions): Founding[] | Rejection {
  const { parties: names, relay, ...committee } = options;
  const pairs = names.map((name) => ({ name, pair: makeKeyPair('Ed25519') }));
  const parties = pairs.map(({ name, pair }) => ({ name, enrol: pair.public }));
  const stand = pairs.map(({ name, pair }) => ({ name, key: pair.public, seal: pair.public }));
  const roster = readRoster({ ...committee, parties: stand });
  if (isRejection(roster)) return roster;
  const nonce: Hex = `0x${randomBytes(32).toString('hex')}`;
  const all = pairs.map(({ name, pair }) => ({
    version: 1 as const,
    kind: 'found' as const,
    committee,
    relay,
    parties,
    nonce,
    you: name,
    enrol: pair,
  }));
  const parsed = z.array(foundingSchema).safeParse(all);
  return parsed.success ? parsed.data : reject('InvitationWrong', z.prettifyError(parsed.error));
}

/** Names the founding in envelopes. */
export function foundingId(founding: Founding): Hex {
  const { nonce, parties } = founding;
  return hashOf('founding', fromHex(nonce), ...parties.map((each) => fromHex(each.enrol)));
}

/** The roster, once every party has said its keys. */
export function rosterFrom(
  founding: Founding,
  enrolled: ReadonlyMap<string, { readonly key: Hex; readonly seal: Hex }>,
): Roster | Rejection | undefined {
  const parties = founding.parties.flatMap(({ name }) => {
    const keys = enrolled.get(name);
    return keys === undefined ? [] : [{ name, ...keys }];
  });
  if (parties.length < founding.parties.length) return undefined;
  return readRoster({ ...founding.committee, parties });
}

/** An invitation for somebody who is to join a committee that has a key. */
export function inviteToJoin(active: Generation, relay: string, you: string): Joining {
  const { roster, certificate, keys } = active;
  return { version: 1, kind: 'join', relay, you, roster, certificate, keys };
}

/** Reads an invitation. @throws EnvironmentError InvitationMalformed */
export function readInvitation(value: unknown, path: string): Invitation {
  const parsed = invitationSchema.safeParse(value);
  const fail = (why: string): never => {
    const message = `invitation ${path}: ${why}`;
    throw new EnvironmentError('InvitationMalformed', message, { retry: false });
  };
  if (!parsed.success) return fail(z.prettifyError(parsed.error));
  const said = parsed.data;
  if (said.kind === 'found') {
    const own = said.parties.find((party) => party.name === said.you);
    return own?.enrol === said.enrol.public ? said : fail('its secret is not the party’s');
  }
  const { certificate, roster, keys } = said;
  if (isCertificate(certificate, roster) && isCertified(certificate, keys)) return said;
  return fail('its certificate is not the committee’s');
}

/** What a new party shows the others: its public keys, under its own signature. */
export const cardSchema = z.strictObject({
  name: nameSchema,
  key,
  seal: key,
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{128}$/)
    .transform((text) => text as Hex),
});
export type Card = z.output<typeof cardSchema>;

const cardBytes = (name: string, seal: Hex): Uint8Array =>
  fromHex(hashOf('card', new TextEncoder().encode(name), fromHex(seal)));

export function makeCard(name: string, sign: KeyPair, seal: Hex): Card {
  const signature = signWith(sign)(cardBytes(name, seal));
  return { name, key: sign.public, seal, signature };
}

/** Reads a card. @throws EnvironmentError CardMalformed */
export function readCard(value: unknown, path: string): Card {
  const parsed = cardSchema.safeParse(value);
  const card = parsed.success ? parsed.data : undefined;
  if (card && isSignedBy(card.key, cardBytes(card.name, card.seal), card.signature)) return card;
  const message = `card ${path} is malformed, or not signed by its party`;
  throw new EnvironmentError('CardMalformed', message, { retry: false });
}

export type { Certificate };
