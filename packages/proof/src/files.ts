/** The files that provers, members and verifiers exchange: JSON, numbers as decimal text. */
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { z } from 'zod';
import { markets } from './context.ts';
import { circuitIdOf, keyFrom, proofFrom } from './groth16.ts';
import { marginKinds } from './statement.ts';

const whole = z
  .string()
  .regex(/^(?:-?\d{1,90}|0x[0-9a-fA-F]{1,64})$/, 'a whole number as text, decimal or 0x')
  .transform(BigInt);
const natural = whole.refine((value) => value >= 0n, 'not negative');
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'an address')
  .transform(BigInt);
const sizes = z
  .array(whole)
  .max(markets)
  .transform((given) => Array.from({ length: markets }, (_, i) => given[i] ?? 0n));
const ppm = z.int().min(0);
const proof = z.array(natural).transform((words, context) => {
  const found = proofFrom(words);
  if (found !== undefined) return found;
  context.addIssue(`a proof has 8 words, not ${words.length}`);
  return z.NEVER;
});

const slot = z.object({
  lotValue: natural,
  maintenancePpm: ppm,
  initialPpm: ppm,
  fundingIndex: whole,
});
const slots = z
  .array(slot.nullable())
  .max(markets)
  .transform((given) => given.map((each) => each ?? undefined));

/** What the chain says of an epoch: `facts.json`. */
export const factsFile = z.object({
  format: z.literal('holdfast-facts/1'),
  chainId: natural,
  pool: address,
  epoch: natural,
  /** Block that the snapshot is of, for people. */
  block: natural.optional(),
  context: slots,
  totals: z.object({ cash: whole, sizes }),
  keys: z.array(natural),
});

/** What the operator keeps: `book.json`. Secret. */
export const bookFile = z.object({
  format: z.literal('holdfast-book/1'),
  members: z.array(z.object({ key: natural, salt: natural, cash: whole, sizes })),
});

/** Circuits that there are. */
export const circuitNames = ['solvency', 'margin'] as const;
export type CircuitName = (typeof circuitNames)[number];

/** A verification key with its origin: `solvency-4.key.json`. */
export const keyFile = z
  .object({
    format: z.literal('holdfast-key/1'),
    circuit: z.enum(circuitNames),
    /** Places of a chunk. */
    size: z.int().min(2),
    /** Made by one party alone, who can prove anything: for chain 31337 only. */
    isDevelopment: z.boolean(),
    /** Id of the ceremony whose transcript stands beside it. */
    ceremony: digest,
    /** SHA-256 of the compiled circuit and of the proving key. */
    r1cs: digest,
    provingKey: digest,
    circuitId: natural,
    words: z.array(natural),
  })
  .transform((file, context) => {
    const key = keyFrom(file.words);
    if (key !== undefined && circuitIdOf(key) === file.circuitId) return { ...file, key };
    context.addIssue('the words are no key, or not the one of this circuitId');
    return z.NEVER;
  });
export type KeyFile = z.infer<typeof keyFile>;

/** A proved epoch: `epoch.proof.json`. It repeats none of the facts: a verifier has its own. */
export const epochProofFile = z.object({
  format: z.literal('holdfast-epoch-proof/1'),
  circuitId: natural,
  epoch: natural,
  chunks: z.array(z.object({ sumsAfter: natural, chunkRoot: natural, h: natural, proof })),
});
export type EpochProofFile = z.infer<typeof epochProofFile>;

/** What a requester asks: `question.json`. */
export const questionFile = z.object({
  format: z.literal('holdfast-question/1'),
  chainId: natural,
  verifier: address,
  requester: address,
  nonce: natural,
  expiry: natural,
  kind: z.enum(marginKinds),
  threshold: natural.default(0n),
});

/** What a member keeps: `member.json`. Secret. */
export const memberFile = z.object({
  format: z.literal('holdfast-member/1'),
  secret: natural,
  owner: address,
  salt: natural,
  cash: whole,
  sizes,
  /** Its number in the order of joining, from 0. */
  number: z.int().min(0),
  /** Path of its leaf in its chunk, as the operator gave it. */
  siblings: z.array(natural).min(1),
  /** Root of its chunk in the epoch that it answers for. */
  chunkRoot: natural,
});

/** A member's answer: `margin.proof.json`. */
export const marginProofFile = z.object({
  format: z.literal('holdfast-margin-proof/1'),
  circuitId: natural,
  epoch: natural,
  chunkIndex: z.int().min(0),
  chunkRoot: natural,
  nullifier: natural,
  h: natural,
  proof,
});
export type MarginProofFile = z.infer<typeof marginProofFile>;

/** A file's content, or what is wrong with it and where. */
export function readFormat<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.infer<S> | Rejection {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const place = path.length === 0 ? 'the file' : path.join('.');
  return reject('FileMalformed', `${what}: ${place}: ${message}`);
}

/** Chain of local development, the only one on which a development key counts. */
export const developmentChain = 31_337n;

/**
 * Why a key must not be trusted on a chain. It says whether the *file* admits to be a development
 * key; that a key comes from a ceremony is what its transcript shows.
 */
export function keyFault(file: KeyFile, chainId: bigint): Rejection | undefined {
  if (!file.isDevelopment || chainId === developmentChain) return undefined;
  return reject(
    'KeyIsDevelopment',
    `a development key proves nothing on chain ${chainId}: whoever made it can prove anything`,
  );
}

/** An address as files write it. */
export const addressText = (value: bigint): Hex => `0x${value.toString(16).padStart(40, '0')}`;
