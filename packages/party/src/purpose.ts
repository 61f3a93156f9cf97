/**
 * What a committee signs is typed: whoever signs reads the message itself, judges its content and
 * makes of it the bytes that are signed. Thirty-two bytes without content are never signed.
 */
import type { Judge, PartyKey } from '@holdfast/quorum';
import { type Rejection, reject } from '@holdfast/units';

/** A message as one purpose reads it. */
export type Reading = {
  /** The 32 bytes that are signed, made from the content. */
  readonly digest: Uint8Array;
  /** The content for a person: names and values. */
  readonly lines: readonly (readonly [string, string])[];
  /**
   * @param isAllowed the operator of this party has allowed exactly this message
   * @returns undefined to sign, or why not
   */
  judge(isAllowed: boolean, leader: PartyKey): Rejection | undefined;
};

/**
 * One kind of thing that a committee signs.
 * @returns undefined when the message is of another kind, a rejection when it is of this one and
 * makes no sense
 */
export type Purpose = (message: Uint8Array) => Reading | Rejection | undefined;

/** Length of what contracts take for a signed message, whatever it stands for. */
const digestBytes = 32;

/** Refused unless a purpose reads it: nobody can see what a digest says. */
export function bareDigest(message: Uint8Array): Rejection | undefined {
  if (message.length !== digestBytes) return undefined;
  const text = 'these 32 bytes may be the digest of anything: a committee signs what it can read';
  return reject('DigestBare', text);
}

/** The first reading of a message, by the purposes in their order. */
export function readAs(
  purposes: readonly Purpose[],
  message: Uint8Array,
): Reading | Rejection | undefined {
  for (const purpose of purposes) {
    const reading = purpose(message);
    if (reading !== undefined) return reading;
  }
  return undefined;
}

const isReading = (value: Reading | Rejection | undefined): value is Reading =>
  value !== undefined && 'digest' in value;

/** Judges by the purpose that reads the message, and what none of them reads by `rest`. */
export function judgeBy(
  purposes: readonly Purpose[],
  isAllowed: (message: Uint8Array) => boolean,
  rest: Judge,
): Judge {
  return (message, leader) => {
    const reading = readAs(purposes, message);
    if (isReading(reading)) return reading.judge(isAllowed(message), leader);
    return reading ?? bareDigest(message) ?? rest(message, leader);
  };
}

/** What is signed of a message that a purpose reads; undefined: another decides. */
export function digestBy(
  purposes: readonly Purpose[],
  message: Uint8Array,
): Uint8Array | undefined {
  const reading = readAs(purposes, message);
  return isReading(reading) ? reading.digest : undefined;
}
