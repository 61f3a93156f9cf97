/**
 * The transcript of a ceremony: who changed which file into which, one step on the other by hash,
 * each contribution signed by whoever made it.
 */

import {
  concatBytes,
  fromHex,
  keccak256,
  type Rejection,
  reject,
  toHex,
  utf8,
} from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { z } from 'zod';
import { circuitNames, developmentChain, type KeyFile, keyFault } from './files.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,80}$/);
const personName = z.string().regex(/^[A-Za-z][A-Za-z0-9 .-]{0,40}$/, 'a plain name');

const file = z.object({ file: fileName, sha256: digest });

const step = z.object({
  index: z.int().min(0),
  phase: z.enum(['powers', 'keys']),
  action: z.enum(['open', 'contribute', 'close']),
  name: personName,
  /** Unix seconds by the clock of whoever made the step. */
  at: z.int().min(0),
  /** What the step made: the powers, or a proving key by circuit. */
  files: z.record(z.string(), file),
  /** What snarkjs calls the contribution in each file. */
  responses: z.record(z.string(), z.string().regex(/^[0-9a-f]{128}$/)),
  beacon: z.object({ block: z.int(), value: digest, time: z.int() }).optional(),
  /** Ids of the finished circuits, in the last step. */
  circuitIds: z.record(z.string(), hash).optional(),
  previous: hash,
  hash,
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{130}$/)
    .optional(),
});

/** A circuit whose key is made. */
const circuit = z.object({
  circuit: z.enum(circuitNames),
  size: z.int().min(2),
  r1cs: digest,
  constraints: z.int().min(1),
});

export const transcriptFile = z.object({
  format: z.literal('holdfast-ceremony/1'),
  kind: z.enum(['ceremony', 'development']),
  /** Logarithm of the number of powers. */
  power: z.int().min(1).max(28),
  circuits: z.array(circuit).min(1),
  /** Compiler, library and prover, and a SHA-256 over the circuits' sources with them. */
  tools: z.array(z.string()),
  sources: digest,
  contributors: z.array(z.object({ name: personName, address: z.string() })),
  /** Blocks whose hashes end the two phases, announced before anyone has contributed. */
  beacon: z.object({ chainId: z.int(), powersBlock: z.int(), keysBlock: z.int() }).optional(),
  begun: z.int().min(0),
  steps: z.array(step),
});
export type Transcript = z.infer<typeof transcriptFile>;
export type Step = z.infer<typeof step>;
export type Phase = Step['phase'];

const jsonHash = (value: unknown): string => toHex(keccak256(utf8(JSON.stringify(value))));

/** What a ceremony is called by: a hash of everything that was fixed at its beginning. */
export function ceremonyId({ steps: _, ...head }: Transcript): string {
  return jsonHash(transcriptFile.omit({ steps: true }).parse(head));
}

/** Hash of a step over all of it but hash and signature. */
export function stepHash(of: Omit<Step, 'hash' | 'signature'>): string {
  const { hash: _, signature: __, ...rest } = of as Step;
  return jsonHash(step.omit({ hash: true, signature: true }).parse(rest));
}

/** What a contributor signs: text, as any wallet shows and signs it. */
export const stepText = (id: string, of: Pick<Step, 'index' | 'name' | 'hash'>): string =>
  `Holdfast ceremony ${id}\nstep ${of.index} by ${of.name}\n${of.hash}`;

/** Address that signed a text as wallets do; undefined for what is no signature. */
export function signerOf(text: string, signature: string): string | undefined {
  const bytes = utf8(text);
  const prefix = utf8(`\x19Ethereum Signed Message:\n${bytes.length}`);
  const digestOf = keccak256(concatBytes(prefix, bytes));
  try {
    const data = fromHex(signature);
    const found = secp256k1.Signature.fromBytes(data.slice(0, 64), 'compact')
      .addRecoveryBit((data[64] ?? 0) - 27)
      .recoverPublicKey(digestOf);
    return toHex(keccak256(found.toBytes(false).slice(1)).slice(12));
  } catch {
    return undefined;
  }
}

/** Where a ceremony is. */
export type CeremonyState = {
  readonly phase: Phase | 'done';
  /** Who has not contributed in this phase yet. */
  readonly missing: readonly string[];
  readonly last: Step | undefined;
};

/** Steps of a phase that are contributions. */
export const contributionsOf = ({ steps }: Transcript, phase: Phase): Step[] =>
  steps.filter((each) => each.phase === phase && each.action === 'contribute');

export function stateIn(transcript: Transcript): CeremonyState {
  const { steps, contributors } = transcript;
  const ended = (phase: Phase): boolean =>
    steps.some((each) => each.phase === phase && each.action === 'close');
  const phase = ended('keys') ? 'done' : ended('powers') ? 'keys' : 'powers';
  const names = phase === 'done' ? [] : contributors.map(({ name }) => name);
  const done = new Set(
    phase === 'done' ? [] : contributionsOf(transcript, phase).map(({ name }) => name),
  );
  return { phase, missing: names.filter((name) => !done.has(name)), last: steps.at(-1) };
}

const broken = (index: number, message: string): Rejection =>
  reject('TranscriptBroken', `step ${index}: ${message}`, { step: index });

/** Steps that a ceremony goes through, in order: contributions may repeat. */
const order = ['powers open', 'powers contribute', 'powers close', 'keys contribute', 'keys close'];

/**
 * What is wrong with a transcript as such: the chain of hashes, the order of steps, a signature, a
 * beacon that is not the one announced or not later than every contribution. The files are for
 * `verifyCeremony`.
 */
export function transcriptFault(transcript: Transcript): Rejection | undefined {
  const id = ceremonyId(transcript);
  const isDevelopment = transcript.kind === 'development';
  let previous = id;
  let place = isDevelopment ? order.length - 1 : 0;
  const seen = new Set<string>();
  for (const [i, each] of transcript.steps.entries()) {
    if (each.index !== i || each.previous !== previous || each.hash !== stepHash(each)) {
      return broken(i, 'it does not follow from the one before');
    }
    previous = each.hash;
    const at = order.indexOf(`${each.phase} ${each.action}`);
    const isOpening = (i === 0) === (at === 0) || isDevelopment;
    if (at < place || at > place + 1 || !isOpening) {
      return broken(i, `${each.phase} ${each.action} is out of order`);
    }
    place = at;
    const fault =
      each.action === 'contribute'
        ? contributorFault(transcript, id, each, seen)
        : each.action === 'close'
          ? beaconFault(transcript, each)
          : undefined;
    if (fault !== undefined) return fault;
  }
  return transcript.steps.length === 0 ? broken(0, 'nothing was begun') : undefined;
}

function contributorFault(
  transcript: Transcript,
  id: string,
  each: Step,
  seen: Set<string>,
): Rejection | undefined {
  const who = transcript.contributors.find(({ name }) => name === each.name);
  if (who === undefined) return broken(each.index, `${each.name} is no contributor`);
  const mark = `${each.phase} ${each.name}`;
  if (seen.has(mark)) return broken(each.index, `${each.name} has contributed already`);
  seen.add(mark);
  const signer = each.signature && signerOf(stepText(id, each), each.signature);
  if (signer === who.address.toLowerCase()) return undefined;
  return broken(each.index, `signed by ${signer ?? 'nobody'}, not by ${each.name}`);
}

function beaconFault(transcript: Transcript, each: Step): Rejection | undefined {
  const { beacon: announced, kind } = transcript;
  if (kind === 'development') return undefined;
  const { beacon } = each;
  if (announced === undefined || beacon === undefined) {
    return broken(each.index, 'a phase ends with an announced beacon');
  }
  const block = each.phase === 'powers' ? announced.powersBlock : announced.keysBlock;
  if (beacon.block !== block) {
    return broken(each.index, `block ${beacon.block} is not the announced ${block}`);
  }
  if (/^(.)\1*$/.test(beacon.value)) return broken(each.index, 'the beacon is one digit alone');
  const late = contributionsOf(transcript, each.phase).find(({ at }) => at >= beacon.time);
  if (late === undefined) return undefined;
  return broken(each.index, `${late.name} contributed when the beacon was known`);
}

/** Fewest people of a ceremony, none of whom may be the same. */
export const contributorsMin = 2;

/**
 * Why a key must not stand in production. Only a key that a whole ceremony made is taken: everyone
 * who was announced contributed to both phases, signed, and the beacons closed them.
 *
 * Assumes: `verifyCeremony` found the files to be those of the transcript.
 */
export function productionFault(transcript: Transcript, key: KeyFile): Rejection | undefined {
  const no = (why: string): Rejection => reject('KeyNotProduction', `this key: ${why}`);
  if (transcript.kind !== 'ceremony') return no('it was made for development');
  if (key.isDevelopment) return no('it calls itself one for development');
  const fault = transcriptFault(transcript);
  if (fault !== undefined) return fault;
  const { phase, last } = stateIn(transcript);
  if (phase !== 'done' || last === undefined) return no('its ceremony is not finished');
  const people = new Set(transcript.contributors.map(({ address }) => address.toLowerCase()));
  if (people.size < contributorsMin) return no(`${people.size} contributors are too few`);
  for (const each of ['powers', 'keys'] as const) {
    const done = contributionsOf(transcript, each).length;
    if (done !== people.size) return no(`${done} of ${people.size} contributed to the ${each}`);
  }
  const made = transcript.circuits.find(({ circuit: name }) => name === key.circuit);
  const isSame =
    key.ceremony === ceremonyId(transcript).slice(2) &&
    made?.r1cs === key.r1cs &&
    made.size === key.size &&
    last.files[key.circuit]?.sha256 === key.provingKey &&
    last.circuitIds?.[key.circuit] === circuitIdText(key.circuitId);
  return isSame ? undefined : no('it is not the one that its ceremony made');
}

/**
 * Why a verifier on a chain must not take a key: off the local chain it comes from a ceremony.
 *
 * @param transcript what stands beside the key, looked up only where it is needed
 */
export function trustFault(
  key: KeyFile,
  chainId: bigint,
  transcript: () => Transcript | undefined,
): Rejection | undefined {
  const fault = keyFault(key, chainId);
  if (fault !== undefined || chainId === developmentChain) return fault;
  const found = transcript();
  if (found !== undefined) return productionFault(found, key);
  return reject('CeremonyMissing', `on chain ${chainId} a key needs its transcript, ceremony.json`);
}

/** An id of a circuit as transcripts write it. */
export const circuitIdText = (id: bigint): string => `0x${id.toString(16).padStart(64, '0')}`;
