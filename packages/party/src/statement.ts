/**
 * What a committee says to the registry of committees: that a key lives, and that the key in force
 * hands over to another. Chain, registry and the committee's name are those of the roster.
 */
import { type Roster, readRoster, rosterSchema } from '@holdfast/quorum';
import { type Hex, isRejection, type Rejection, reject, utf8 } from '@holdfast/units';
import { hashTypedData } from 'viem';
import { z } from 'zod';
import { type CommitteeName, candidateOf, committeeIds } from './life.ts';

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`))
    .transform((text) => text as Hex);
const uint32 = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1);

const lifeSchema = z.strictObject({
  kind: z.literal('life'),
  /** Generation in the registry that the key is to be. */
  generation: uint32.min(1),
  groupKey: hexOf(33),
  roster: rosterSchema,
});

const rotationSchema = z.strictObject({
  kind: z.literal('rotation'),
  /** Generation in the registry that the next key is to be. */
  generation: uint32.min(2),
  /** Rotations that were proposed before. */
  number: uint32,
  /** The next key, and who holds it. */
  groupKey: hexOf(33),
  roster: rosterSchema,
  /** Proof by the next key that it lives, 65 bytes. */
  life: hexOf(65),
  /** Until when it may be proposed, chain seconds: what was signed and given up dies. */
  expiry: z
    .number()
    .int()
    .min(0)
    .max(2 ** 40 - 1),
});

const statementSchema = z.discriminatedUnion('kind', [lifeSchema, rotationSchema]);
export type Life = z.output<typeof lifeSchema>;
export type Rotation = z.output<typeof rotationSchema>;
export type Statement = z.output<typeof statementSchema>;

/** What every statement begins with, so that no report and no text is taken for one. */
const tag = 'holdfast statement to the registry\n';

/** The message that parties are asked to sign. */
export const encodeStatement = (statement: Statement): Uint8Array =>
  utf8(`${tag}${JSON.stringify(statementSchema.parse(statement))}`);

/**
 * Reads a message.
 * @returns undefined when it is no statement; a rejection `StatementMalformed` or one of the
 * roster's when it is one without sense
 */
export function readStatement(message: Uint8Array): Statement | Rejection | undefined {
  const start = utf8(tag);
  if (!start.every((byte, i) => message[i] === byte)) return undefined;
  const malformed = (why: string) => reject('StatementMalformed', `a statement: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message).slice(tag.length));
  } catch {
    return malformed('it is not JSON');
  }
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) return malformed(z.prettifyError(parsed.error));
  const roster = readRoster(parsed.data.roster);
  return isRejection(roster) ? roster : parsed.data;
}

/** Number of a committee in the registry; undefined when its name is none that is kept there. */
export function committeeIdOf({ name }: Pick<Roster, 'name'>): number | undefined {
  return Object.hasOwn(committeeIds, name) ? committeeIds[name as CommitteeName] : undefined;
}

const candidateFields = [
  { name: 'x', type: 'uint256' },
  { name: 'isOdd', type: 'bool' },
  { name: 'threshold', type: 'uint8' },
  { name: 'size', type: 'uint8' },
  { name: 'roster', type: 'bytes32' },
] as const;
const head = [
  { name: 'committee', type: 'uint8' },
  { name: 'generation', type: 'uint32' },
] as const;
/** What the registry wants signed: by a new key, and by the key before of it. */
export const registryTypes = {
  ProofOfLife: [...head, ...candidateFields],
  Rotation: [
    ...head,
    { name: 'number', type: 'uint32' },
    { name: 'expiry', type: 'uint40' },
    ...candidateFields,
  ],
} as const;

/** Where it is signed for. */
export const registryDomain = (chainId: number, verifyingContract: Hex) =>
  ({ name: 'Holdfast Committees', version: '1', chainId, verifyingContract }) as const;

/**
 * The 32 bytes that the registry wants signed, from the content alone.
 * @returns a rejection `CommitteeUnknown` when the registry keeps no committee of this name
 */
export function statementDigest(statement: Statement): Hex | Rejection {
  const { roster, generation, groupKey } = statement;
  const committee = committeeIdOf(roster);
  if (committee === undefined) {
    const known = Object.keys(committeeIds).join(', ');
    const text = `the registry keeps no committee "${roster.name}" (only ${known})`;
    return reject('CommitteeUnknown', text);
  }
  const domain = registryDomain(roster.chainId, roster.contract);
  const types = registryTypes;
  const facts = { committee, generation, ...candidateOf(groupKey, roster) };
  if (statement.kind === 'life') {
    return hashTypedData({ domain, types, primaryType: 'ProofOfLife', message: facts });
  }
  const { number, expiry } = statement;
  const message = { ...facts, number, expiry };
  return hashTypedData({ domain, types, primaryType: 'Rotation', message });
}

/** What the parties of a new key hand to those who propose it. */
export const offerSchema = z.strictObject({
  version: z.literal(1),
  life: lifeSchema,
  /** By the key itself over the digest of `life`, 65 bytes. */
  signature: hexOf(65),
});
export type Offer = z.output<typeof offerSchema>;

/** What the committee in force hands to whoever brings it to the chain. */
const handoverSchema = z.strictObject({
  version: z.literal(1),
  rotation: rotationSchema,
  /** By the key in force over the digest of `rotation`, 65 bytes; absent in a draft. */
  signature: hexOf(65).optional(),
});
export type Handover = z.output<typeof handoverSchema>;

const readWith =
  <Schema extends z.ZodType>(schema: Schema, what: string) =>
  (value: unknown): z.output<Schema> | Rejection => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    return reject('FileMalformed', `it is no ${what}: ${z.prettifyError(parsed.error)}`);
  };

/** Reads a new key with its proof of life, as `quorum prove` writes it. */
export const readOffer = readWith(offerSchema, 'new key with its proof of life');
/** Reads a rotation, signed or not, as `quorum rotate` writes it. */
export const readHandover = readWith(handoverSchema, 'rotation');
