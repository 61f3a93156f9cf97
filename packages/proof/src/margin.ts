/** The margin statement: what a member proves to a requester, and how anyone checks it. */
import { type Rejection, reject } from '@holdfast/units';
import { type Branch, rootFrom } from './chunk.ts';
import { contextWords, type PoolContext } from './context.ts';
import type { CircuitInput } from './epoch.ts';
import { isField } from './field.ts';
import { type Proof, proofFault, type VerificationKey } from './groth16.ts';
import { type Holding, leafOf, memberFault, memberKey, standingOf } from './member.ts';
import {
  challengeOf,
  domainOf,
  type MarginKind,
  type MarginRequest,
  type MarginStatement,
  marginVector,
  nullifierOf,
} from './statement.ts';
import { type Fingerprint, fingerprint } from './vector.ts';

/** What the member keeps. */
export type Witness = Holding &
  Branch & { readonly secret: bigint; readonly owner: bigint; readonly salt: bigint };

/** Where the chunk of the member stands, and at what prices it is judged. */
export type MarginFacts = {
  readonly chainId: bigint;
  readonly pool: bigint;
  readonly epoch: bigint;
  readonly chunkIndex: number;
  readonly chunkRoot: bigint;
  readonly context: PoolContext;
};

/** What is asked: a requirement, or a threshold in whole quote units. */
export type MarginQuestion = MarginRequest & {
  readonly kind: MarginKind;
  readonly threshold: bigint;
};

/** A margin statement, ready to be proved. */
export type MarginPlan = {
  readonly statement: MarginStatement;
  readonly vector: readonly bigint[];
  readonly fingerprint: Fingerprint;
  readonly input: CircuitInput;
};

/** Thresholds end here. */
export const thresholdEnd = 1n << 123n;
const addressEnd = 1n << 160n;

/** Why nothing can be said about a question at these facts. */
function questionFault(facts: MarginFacts, question: MarginQuestion): Rejection | undefined {
  const words = contextWords(facts.context);
  if ('code' in words) return words;
  const { kind, threshold, verifier, requester, expiry, chainId } = question;
  if (chainId !== facts.chainId) {
    return reject('ChainDiffers', `asked for chain ${chainId}, the pool is on ${facts.chainId}`);
  }
  if (threshold < 0n || threshold >= thresholdEnd || (kind !== 'threshold' && threshold !== 0n)) {
    return reject('ThresholdOutOfRange', `threshold ${threshold} for a statement of ${kind}`);
  }
  if (![verifier, requester].every((each) => each >= 0n && each < addressEnd)) {
    return reject('AddressMalformed', 'verifier and requester are addresses of 20 bytes');
  }
  if ([expiry, facts.epoch, facts.chunkRoot].every(isField)) return undefined;
  return reject('NotInField', 'expiry, epoch and root must be below the order of the field');
}

/** The statement of a question, with the nullifier that its answer carries. */
export function marginStatement(
  circuitId: bigint,
  facts: MarginFacts,
  question: MarginQuestion,
  nullifier: bigint,
): MarginStatement {
  return {
    domain: domainOf(facts.chainId, facts.pool, circuitId),
    verifier: question.verifier,
    requester: question.requester,
    challenge: challengeOf(question),
    expiry: question.expiry,
    epoch: facts.epoch,
    chunkIndex: facts.chunkIndex,
    chunkRoot: facts.chunkRoot,
    kind: question.kind,
    threshold: question.threshold,
    nullifier,
    context: contextWords(facts.context) as bigint[],
  };
}

/** Why a member cannot say what it is asked for. */
function witnessFault(
  facts: MarginFacts,
  { kind, threshold }: MarginQuestion,
  witness: Witness,
): Rejection | undefined {
  if (!isField(witness.secret) || witness.owner < 0n || witness.owner >= addressEnd) {
    return reject('NotInField', 'the secret must be of the field, the owner an address');
  }
  const member = { ...witness, key: memberKey(witness.secret, witness.owner) };
  const fault = memberFault(member);
  if (fault !== undefined) return fault;
  if (rootFrom(leafOf(member), witness) !== facts.chunkRoot) {
    const text = 'secret, salt, holding and path do not lead to the published root';
    return reject('RootDiffers', text, { root: `${facts.chunkRoot}` });
  }
  const standing = standingOf(witness, facts.context);
  if ('code' in standing) return standing;
  const required = kind === 'threshold' ? threshold : standing[kind];
  if (standing.equity >= required) return undefined;
  const data = { equity: `${standing.equity}`, required: `${required}` };
  return reject('EquityBelow', `equity ${standing.equity} is below ${required} (${kind})`, data);
}

/**
 * What the proof of a margin statement needs.
 *
 * @returns the plan, or why there can be none: `RootDiffers`, `EquityBelow` …
 */
export function planMargin(
  circuitId: bigint,
  facts: MarginFacts,
  question: MarginQuestion,
  witness: Witness,
): MarginPlan | Rejection {
  const fault = questionFault(facts, question) ?? witnessFault(facts, question, witness);
  if (fault !== undefined) return fault;
  const nullifier = nullifierOf(witness.secret, challengeOf(question), facts.chunkRoot);
  return describeMargin(circuitId, marginStatement(circuitId, facts, question, nullifier), witness);
}

/** A margin statement with its vector, fingerprint and all signals. */
export function describeMargin(
  circuitId: bigint,
  statement: MarginStatement,
  witness: Witness,
): MarginPlan {
  const vector = marginVector(statement);
  const print = fingerprint(circuitId, vector);
  const { kind: _, ...named } = statement;
  const { secret, owner, salt, cash, sizes, place, siblings } = witness;
  const input = {
    ...print,
    ...named,
    chunkIndex: BigInt(statement.chunkIndex),
    kind: vector[8]!,
    secret,
    owner,
    salt,
    cash,
    sizes,
    place,
    siblings,
  };
  return { statement, vector, fingerprint: print, input };
}

/**
 * Whether a proof answers a question at these facts. The verifier's own question and facts are
 * taken; of the prover come the nullifier and the proof alone.
 *
 * @param now chain seconds
 * @param isUsed whether a nullifier was accepted before
 * @returns undefined, or why not: `StatementExpired`, `NullifierUsed`, `ProofWrong` …
 */
export function marginFault(
  key: VerificationKey,
  circuitId: bigint,
  facts: MarginFacts,
  question: MarginQuestion,
  answer: { readonly nullifier: bigint; readonly proof: Proof },
  now: bigint,
  isUsed: (nullifier: bigint) => boolean = () => false,
): Rejection | undefined {
  const fault = questionFault(facts, question);
  if (fault !== undefined) return fault;
  const { nullifier, proof } = answer;
  if (now > question.expiry) {
    return reject('StatementExpired', `expired at ${question.expiry}, it is ${now}`);
  }
  // Another reading of the same number would be another nullifier for the same proof.
  if (!isField(nullifier)) {
    return reject('NotInField', 'the nullifier is not below the order of the field');
  }
  if (isUsed(nullifier)) return reject('NullifierUsed', 'this challenge was answered before');
  const vector = marginVector(marginStatement(circuitId, facts, question, nullifier));
  const { h, r, s } = fingerprint(circuitId, vector);
  return proofFault(key, [h, r, s], proof);
}
