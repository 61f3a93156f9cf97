/** Who belongs to a committee, and the hash that two rosters share only if they are equal. */

import type { Rejection } from '@holdfast/units';
import { concatBytes, fromHex, type Hex, keccak256, putInt, reject, toHex } from '@holdfast/units';
import { z } from 'zod';

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`))
    .transform((text) => text as Hex);

/** Hexadecimal fields of the wire, lower case, by length in bytes. */
export const hex = { key: hexOf(32), hash: hexOf(32), point: hexOf(33), scalar: hexOf(32) };

/** Name of a party or a committee: a letter, then letters, digits or hyphens. */
export const nameSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/);

/** A party's address: its Ed25519 public key, 32 bytes. */
export type PartyKey = Hex;

const partySchema = z.strictObject({
  name: nameSchema,
  /** Ed25519 public key: signs envelopes, and is the party's address. */
  key: hex.key,
  /** X25519 public key: what is private to the party is sealed to it. */
  seal: hex.key,
});

export const partiesMax = 20;

export const rosterSchema = z.strictObject({
  name: nameSchema,
  chainId: z
    .number()
    .int()
    .min(1)
    .max(2 ** 48 - 1),
  /** The contract that will know the group key. */
  contract: hexOf(20),
  /** How many parties make a signature. */
  threshold: z.number().int().min(2).max(partiesMax),
  parties: z.array(partySchema).min(2).max(partiesMax),
});

export type Party = z.output<typeof partySchema>;
/** Parties have numbers by their place, from 1. */
export type Roster = z.output<typeof rosterSchema>;

/** Judges what the schema cannot: threshold in range, nobody twice. */
export function judgeRoster(roster: Roster): Rejection | undefined {
  const { threshold, parties } = roster;
  if (threshold > parties.length) {
    return reject('ThresholdWrong', `${threshold} of ${parties.length} parties cannot sign`, {
      found: threshold,
      required: parties.length,
    });
  }
  for (const field of ['name', 'key', 'seal'] as const) {
    const seen = new Set<string>();
    for (const party of parties) {
      if (seen.has(party[field])) {
        const message = `two parties have the ${field} ${party[field]}`;
        return reject('PartyRepeated', message, { [field]: party[field] });
      }
      seen.add(party[field]);
    }
  }
  return undefined;
}

/**
 * Fewest holders of a first key: a threshold, and more than half, so that of two sets that each
 * make a key one party is in both, and an honest one ends in the later alone.
 */
export const foundersMin = ({ threshold, parties }: Roster): number =>
  Math.max(threshold, Math.floor(parties.length / 2) + 1);

/** A roster from what a file or a message held, or why it is none. */
export function readRoster(value: unknown): Roster | Rejection {
  const parsed = rosterSchema.safeParse(value);
  if (!parsed.success) return reject('RosterMalformed', z.prettifyError(parsed.error));
  return judgeRoster(parsed.data) ?? parsed.data;
}

const text = new TextEncoder();

/** A whole number below 2^48 as 6 bytes. */
export function number6(value: number): Uint8Array {
  const bytes = new Uint8Array(6);
  putInt(bytes, 0, 6, value);
  return bytes;
}

/** Text with its length before it, so that joined texts cannot run into each other. */
export function framed(value: string): Uint8Array {
  const bytes = text.encode(value);
  return concatBytes(number6(bytes.length), bytes);
}

/** keccak-256 over a domain and fields of fixed or framed length. 32 bytes. */
export function hashOf(domain: string, ...fields: readonly Uint8Array[]): Hex {
  return toHex(keccak256(concatBytes(framed(`holdfast quorum ${domain}`), ...fields)));
}

/** Binds everything that a roster says. 32 bytes. */
export function rosterHash(roster: Roster): Hex {
  const { name, chainId, contract, threshold, parties } = roster;
  return hashOf(
    'roster',
    framed(name),
    number6(chainId),
    fromHex(contract),
    number6(threshold),
    number6(parties.length),
    ...parties.flatMap((party) => [framed(party.name), fromHex(party.key), fromHex(party.seal)]),
  );
}

/** What people read to each other to compare rosters: 40 bits in four groups would be too few. */
export function fingerprint(hash: Hex): string {
  return (hash.slice(2, 34).match(/.{4}/g) ?? []).join(' ');
}

/** Number of a party in the roster, from 1; 0 when it is not in it. */
export function indexOf(roster: Roster, key: PartyKey): number {
  return roster.parties.findIndex((party) => party.key === key) + 1;
}

/** Name of a party, or the start of its key when the roster does not know it. */
export function nameOf(roster: Roster, key: PartyKey): string {
  return roster.parties.find((party) => party.key === key)?.name ?? key.slice(0, 10);
}
