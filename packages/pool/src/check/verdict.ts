/**
 * Whether a margin proof answers one's own question, by the code that Node runs. Every fact has an
 * origin: the verifier, the chain, or the prover – and of the prover nothing is believed that is
 * not bound by the chain or by the proof.
 */
import {
  addressText,
  developmentChain,
  type MarginFacts,
  type MarginQuestion,
  marginFault,
  marginKinds,
  questionFile,
  readFormat,
  trustFault,
} from '@holdfast/proof';
import { isRejection, type Rejection, reject } from '@holdfast/units';
import type { ChainSaid } from './chain.ts';
import type { Answer, Papers } from './papers.ts';
import { snapshotContext, snapshotId } from './snapshot.ts';

/** What the verifier asked, as it types it. */
export type AskedWords = {
  readonly chainId: string;
  readonly verifier: string;
  readonly requester: string;
  readonly nonce: string;
  readonly expiry: string;
  readonly kind: string;
  readonly threshold: string;
};

/** Where the facts come from: read from the chain just now, or from papers of the verifier's. */
export type Source =
  | { readonly from: 'chain'; readonly said: ChainSaid }
  | { readonly from: 'papers'; readonly root: string };

export type Given = {
  readonly papers: Papers;
  readonly asked: AskedWords;
  readonly source: Source;
  /** Unix seconds by the verifier's own clock. */
  readonly clock: bigint;
  /** Nullifiers that the verifier accepted before, as text between spaces or lines. */
  readonly seen: string;
};

export type Origin =
  | 'you'
  | 'the chain'
  | 'the prover, bound by the proof'
  | 'the key’s file'
  | 'your clock';
export type Line = { readonly what: string; readonly value: string; readonly from: Origin };

/** What was shown. */
export type Accepted = {
  readonly said: string;
  readonly nullifier: bigint;
  readonly lines: readonly Line[];
};

const numberText = /^(?:\d{1,80}|0x[0-9a-fA-F]{1,64})$/;

/** The question of the words. @returns `FileMalformed` with the place that is wrong */
export function questionOf(asked: AskedWords): MarginQuestion | Rejection {
  const { kind, threshold } = asked;
  const words = Object.entries(asked).map(([name, text]) => [name, text.trim()]);
  const rest = kind === 'threshold' ? {} : { threshold: threshold.trim() || '0' };
  const value = { format: 'holdfast-question/1', ...Object.fromEntries(words), ...rest };
  return readFormat(questionFile, value, 'your question');
}

function nullifiersOf(seen: string): Set<bigint> | Rejection {
  const words = seen.split(/[\s,;]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !numberText.test(word));
  if (wrong === undefined) return new Set(words.map(BigInt));
  return reject('NullifierMalformed', `“${wrong.slice(0, 100)}” among the nullifiers is no number`);
}

type Facts = { readonly facts: MarginFacts; readonly circuitId: bigint; readonly now: bigint };

/** What the chain says, with prices from the prover's snapshot once that is the chain's own. */
function chainFacts(said: ChainSaid, answer: Answer, clock: bigint): Facts | Rejection {
  const { snapshot, chunkIndex } = answer;
  if (said.epoch === 0) return reject('EpochMissing', 'the pool has no proven epoch yet');
  if (said.chunkIndex !== chunkIndex) {
    return reject('ChunkWrong', `read of chunk ${said.chunkIndex}, the proof is of ${chunkIndex}`);
  }
  if (snapshot === undefined) {
    const cure = 'make it by “holdfast prove margin --to”, or check it by facts of your own';
    return reject('SnapshotMissing', `the proof file has no snapshot of its epoch: ${cure}`);
  }
  const id = snapshotId(snapshot);
  if (id !== said.epochId) {
    const found = `the file’s snapshot, which calls itself epoch ${snapshot.number}`;
    const text = `${found}, is not that of the newest proven epoch (${said.epoch}) on the chain`;
    return reject('SnapshotWrong', text, { found: `${id}`, required: `${said.epochId}` });
  }
  // A local chain keeps a time of its own; elsewhere the later of the two counts.
  const isLocal = said.chainId === developmentChain;
  const now = isLocal || said.time > clock ? said.time : clock;
  if (now > said.freshUntil) {
    const text = `the newest proven epoch counted until ${said.freshUntil}, it is ${now}`;
    return reject('PoolStale', text);
  }
  if (said.chunkRoot === 0n) return reject('ChunkWrong', `there is no chunk ${chunkIndex}`);
  const { chainId, pool, chunkRoot, circuitId } = said;
  const context = snapshotContext(snapshot);
  const where = { chainId, pool: BigInt(pool), epoch: id, chunkIndex, chunkRoot, context };
  return { facts: where, circuitId, now };
}

/** What papers of the verifier's own say. */
function paperFacts(papers: Papers, root: string, answer: Answer, clock: bigint) {
  const { facts, key } = papers;
  if (facts === undefined || key === undefined) {
    return reject('FactsMissing', 'give facts.json, made of the chain by yourself');
  }
  if (!numberText.test(root.trim())) {
    return reject('RootMissing', 'give the chunk’s root as the chain holds it, a number');
  }
  const { chainId, pool, epoch, context } = facts;
  const chunkRoot = BigInt(root.trim());
  const where = { chainId, pool, epoch, context, chunkIndex: answer.chunkIndex, chunkRoot };
  return { facts: where, circuitId: key.circuitId, now: clock };
}

/** Words in which the file's own question differs: a hint for the reader, and no more. */
export function differences({ verifier, claim }: Answer, question: MarginQuestion): string[] {
  if (claim === undefined) return [];
  const number = (text: string | undefined): bigint | undefined =>
    text !== undefined && numberText.test(text) ? BigInt(text) : undefined;
  const pairs: [string, string | undefined, bigint][] = [
    ['verifier', verifier, question.verifier],
    ['requester', claim.requester, question.requester],
    ['nonce', claim.nonce, question.nonce],
    ['expiry', claim.expiry, question.expiry],
    ['kind', claim.kind, BigInt(marginKinds.indexOf(question.kind))],
    ['threshold', claim.threshold, question.threshold],
  ];
  return pairs
    .filter(([, told, own]) => number(told) !== undefined && number(told) !== own)
    .map(([name, told]) => `${name} ${told}`);
}

/** Dates end here. */
const secondsMax = 8_640_000_000_000n;

const timeText = (seconds: bigint): string =>
  seconds > secondsMax
    ? `${seconds}`
    : `${seconds} (${new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')})`;

const saidOf = ({ kind, threshold }: MarginQuestion): string =>
  kind === 'threshold'
    ? `equity of at least ${threshold} quote units (millionths of the token)`
    : `equity that covers its ${kind} requirement`;

function linesOf(given: Given, { facts, circuitId, now }: Facts, nullifier: bigint): Line[] {
  const { source, papers } = given;
  const own: Origin = source.from === 'chain' ? 'the chain' : 'you';
  const line = (what: string, value: string, from: Origin): Line => ({ what, value, from });
  const at = source.from === 'chain' ? [line('Block', `${source.said.block}`, own)] : [];
  const { key } = papers;
  // What a key's file says of its origin is judged off a local chain alone.
  const keys =
    facts.chainId === developmentChain
      ? 'of a local chain, where nobody asks who made them: they prove nothing elsewhere'
      : `of ceremony 0x${key?.ceremony} – compare it with the one that was published`;
  const clockIsChain = source.from === 'chain' && source.said.time === now;
  return [
    line('Chain', `${facts.chainId}`, own),
    line('Pool', addressText(facts.pool), 'you'),
    ...at,
    line('Epoch', `0x${facts.epoch.toString(16)}`, own),
    line('Root of the chunk', `${facts.chunkRoot}`, own),
    line('Chunk', `${facts.chunkIndex}`, 'the prover, bound by the proof'),
    line('Circuit', `0x${circuitId.toString(16).padStart(64, '0')}`, own),
    line('Keys', keys, 'the key’s file'),
    line('Time', timeText(now), clockIsChain ? 'the chain' : 'your clock'),
    line('Nullifier', `${nullifier}`, 'the prover, bound by the proof'),
  ];
}

/** The first thing that is wrong before any pairing is computed, or everything that it needs. */
function prepared(given: Given) {
  const { papers, asked, source, clock, seen } = given;
  const { proof, key, ceremony } = papers;
  if (proof === undefined) return reject('ProofMissing', 'give the proof: margin.proof.json');
  if (key === undefined) {
    return reject('KeyMissing', 'give the verification key of the circuit: margin-K.key.json');
  }
  const question = questionOf(asked);
  if (isRejection(question)) return question;
  const used = nullifiersOf(seen);
  if (isRejection(used)) return used;
  if (key.circuit !== 'margin') {
    return reject('KeyDiffers', `this key is of the circuit ${key.circuit}, not of margin`);
  }
  const found =
    source.from === 'chain'
      ? chainFacts(source.said, proof, clock)
      : paperFacts(papers, source.root, proof, clock);
  if (isRejection(found)) return found;
  if (key.circuitId !== found.circuitId) {
    return reject(
      'KeyDiffers',
      'this key is not the one of the circuit that the pool has in force',
    );
  }
  const fault = trustFault(key, found.facts.chainId, () => ceremony);
  return fault ?? { proof, key: key.key, question, used, found };
}

/** What is shown, or why nothing is. */
export function verdictOf(given: Given): Accepted | Rejection {
  const all = prepared(given);
  if (isRejection(all)) return all;
  const { proof, key, question, used, found } = all;
  const isUsed = (nullifier: bigint): boolean => used.has(nullifier);
  const { facts, circuitId, now } = found;
  const fault = marginFault(key, circuitId, facts, question, proof, now, isUsed);
  if (fault === undefined) {
    const who = `A member of chunk ${facts.chunkIndex} has ${saidOf(question)}.`;
    return { said: who, nullifier: proof.nullifier, lines: linesOf(given, found, proof.nullifier) };
  }
  const others = differences(proof, question);
  if (fault.code !== 'ProofWrong' || others.length === 0) return fault;
  const hint = `the file says it answers another question: ${others.join(', ')}`;
  return reject(fault.code, `${fault.message}; ${hint}`, fault.data);
}
