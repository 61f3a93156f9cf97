/** An epoch of the solvency statement: what the operator proves, and how anyone checks it. */
import { type Rejection, reject } from '@holdfast/units';
import { chunkLevels, chunkMembers } from './chunk.ts';
import { contextWords, markets, type PoolContext } from './context.ts';
import { isField } from './field.ts';
import { type Proof, proofFault, type VerificationKey } from './groth16.ts';
import { cashOffset, type Member, memberFault, sizeOffset, standingOf } from './member.ts';
import {
  chunkCount,
  domainOf,
  type SolvencyStatement,
  solvencyVector,
  type Totals,
} from './statement.ts';
import { addMembers, commitSums, noSums, type Sums } from './sums.ts';
import { type Fingerprint, fingerprint } from './vector.ts';

/** Most members that the circuit can count. */
const memberCountEnd = 2 ** 32;

/** What is public of an epoch before anything is proved. */
export type EpochFacts = {
  readonly chainId: bigint;
  /** Address of the pool as a number. */
  readonly pool: bigint;
  readonly epoch: bigint;
  readonly context: PoolContext;
  readonly totals: Totals;
  /** Keys of all members in the order in which they joined. */
  readonly keys: readonly bigint[];
};

/** A circuit with its setup. */
export type Circuit = {
  readonly circuitId: bigint;
  /** Places of a chunk. */
  readonly size: number;
};

/** Signals of a circuit by name. */
export type CircuitInput = Readonly<Record<string, bigint | readonly (bigint | bigint[])[]>>;

/** One chunk, ready to be proved. */
export type ChunkPlan = {
  readonly statement: SolvencyStatement;
  readonly vector: readonly bigint[];
  readonly fingerprint: Fingerprint;
  readonly input: CircuitInput;
};

/** What a prover publishes of a chunk. */
export type ChunkProof = {
  readonly sumsAfter: bigint;
  readonly chunkRoot: bigint;
  readonly proof: Proof;
};

function totalsFault({ cash, sizes }: Totals): Rejection | undefined {
  const fits = (value: bigint, end: bigint): boolean => value > -end && value < end;
  const isWhole = sizes.length === markets && sizes.every((size) => fits(size, sizeOffset));
  if (isWhole && fits(cash, cashOffset)) return undefined;
  return reject('TotalsOutOfRange', `cash ${cash} or a size of the totals is out of range`);
}

/** Why facts cannot be of any epoch. */
function factsFault({ epoch, context, totals, keys }: EpochFacts): Rejection | undefined {
  const words = contextWords(context);
  if ('code' in words) return words;
  if (keys.length >= memberCountEnd) return reject('TooManyMembers', `${keys.length} members`);
  if (!isField(epoch)) return reject('NotInField', `epoch ${epoch} is not in the field`);
  const bad = keys.findIndex((key) => key === 0n || !isField(key));
  if (bad >= 0) return reject('KeyMissing', `member ${bad} has no key in the field`);
  return totalsFault(totals);
}

function memberFaultAt(facts: EpochFacts, member: Member, i: number): Rejection | undefined {
  const fault = memberFault(member);
  if (fault !== undefined) return { ...fault, message: `member ${i}: ${fault.message}` };
  if (member.key !== facts.keys[i]) {
    return reject('KeyDiffers', `member ${i} joined with another key than the book has`, {
      member: i,
    });
  }
  const standing = standingOf(member, facts.context);
  if ('code' in standing) return { ...standing, message: `member ${i}: ${standing.message}` };
  const { equity, maintenance } = standing;
  if (equity >= maintenance) return undefined;
  const data = { member: i, equity: `${equity}`, maintenance: `${maintenance}` };
  return reject('MemberUncovered', `member ${i}: equity ${equity} below ${maintenance}`, data);
}

/**
 * Why a book is not what the chain holds: the first member that is out of range, uncovered, or
 * another than joined, and the first total that differs. No proof exists of such a book.
 */
export function bookFault(facts: EpochFacts, members: readonly Member[]): Rejection | undefined {
  const fault = factsFault(facts);
  if (fault !== undefined) return fault;
  if (members.length !== facts.keys.length) {
    const found = `the book has ${members.length} members`;
    return reject('MemberCountDiffers', `${found}, the chain ${facts.keys.length}`);
  }
  for (const [i, member] of members.entries()) {
    const bad = memberFaultAt(facts, member, i);
    if (bad !== undefined) return bad;
  }
  const sums = addMembers(noSums, members);
  const { totals } = facts;
  if (sums.cash !== totals.cash) {
    const text = `members hold ${sums.cash} cash, the omnibus account ${totals.cash}`;
    return reject('TotalsDiffer', text, { found: `${sums.cash}`, required: `${totals.cash}` });
  }
  const slot = sums.sizes.findIndex((size, i) => size !== totals.sizes[i]);
  if (slot < 0) return undefined;
  const [found, required] = [`${sums.sizes[slot]}`, `${totals.sizes[slot]}`];
  const text = `slot ${slot}: members hold ${found} lots, the omnibus account ${required}`;
  return reject('TotalsDiffer', text, { slot, found, required });
}

/**
 * Every chunk of an epoch with what its proof needs.
 *
 * @param blinds one random field element for each chunk, kept secret and never used again
 * @returns chunks in order, or what {@link bookFault} finds
 */
export function planEpoch(
  circuit: Circuit,
  facts: EpochFacts,
  members: readonly Member[],
  blinds: readonly bigint[],
): ChunkPlan[] | Rejection {
  const fault = bookFault(facts, members);
  if (fault !== undefined) return fault;
  const chunks = chunkCount(members.length, circuit.size);
  if (blinds.length !== chunks || !blinds.every(isField)) {
    return reject('BlindsDiffer', `${blinds.length} blinds of the field for ${chunks} chunks`);
  }
  let before: Sums = noSums;
  return blinds.map((blind, index) => {
    const present = members.slice(index * circuit.size, (index + 1) * circuit.size);
    const after = addMembers(before, present);
    const blindBefore = blinds[index - 1] ?? 0n;
    const plan = planChunk(circuit, facts, {
      index,
      places: chunkMembers(members, index, circuit.size),
      present: present.length,
      before,
      after,
      blindBefore,
      blindAfter: blind,
    });
    before = after;
    return plan;
  });
}

type Step = {
  readonly index: number;
  readonly places: readonly Member[];
  readonly present: number;
  readonly before: Sums;
  readonly after: Sums;
  readonly blindBefore: bigint;
  readonly blindAfter: bigint;
};

function planChunk(circuit: Circuit, facts: EpochFacts, step: Step): ChunkPlan {
  const { index, places, before, after, blindBefore, blindAfter } = step;
  const statement = statementOf(circuit, facts, index, {
    sumsBefore: index === 0 ? 0n : commitSums(before, blindBefore),
    sumsAfter: commitSums(after, blindAfter),
    chunkRoot: chunkLevels(places).at(-1)![0]!,
  });
  return describe(circuit, statement, {
    cashBefore: before.cash,
    sizesBefore: before.sizes,
    blindBefore,
    blindAfter,
    present: places.map((_, j) => (j < step.present ? 1n : 0n)),
    salts: places.map(({ salt }) => salt),
    cash: places.map(({ cash }) => cash),
    sizes: places.map(({ sizes }) => [...sizes]),
  });
}

/** A chunk's statement with its vector, fingerprint and all signals. */
export function describe(
  { circuitId }: Circuit,
  statement: SolvencyStatement,
  secrets: CircuitInput,
): ChunkPlan {
  const vector = solvencyVector(statement);
  const print = fingerprint(circuitId, vector);
  const { length } = statement.keys;
  const input = {
    ...print,
    domain: statement.domain,
    epoch: statement.epoch,
    chunkIndex: BigInt(statement.chunkIndex),
    memberCount: BigInt(statement.memberCount),
    isLast: vector[4]!,
    sumsBefore: statement.sumsBefore,
    sumsAfter: statement.sumsAfter,
    chunkRoot: statement.chunkRoot,
    keys: statement.keys,
    context: statement.context,
    totalCash: vector[8 + length + markets]!,
    totalSizes: vector.slice(9 + length + markets),
    ...secrets,
  };
  return { statement, vector, fingerprint: print, input };
}

type Published = Pick<SolvencyStatement, 'sumsBefore' | 'sumsAfter' | 'chunkRoot'>;

/** The statement of a chunk, from what everyone knows and what the prover published. */
export function statementOf(
  { circuitId, size }: Circuit,
  { chainId, pool, epoch, context, totals, keys }: EpochFacts,
  chunkIndex: number,
  published: Published,
): SolvencyStatement {
  const isLast = chunkIndex === chunkCount(keys.length, size) - 1;
  return {
    ...published,
    domain: domainOf(chainId, pool, circuitId),
    epoch,
    chunkIndex,
    memberCount: keys.length,
    keys: Array.from({ length: size }, (_, j) => keys[chunkIndex * size + j] ?? 0n),
    context: contextWords(context) as bigint[],
    totals: isLast ? totals : undefined,
  };
}

/**
 * Whether a list of chunks proves an epoch: every chunk, in order, each onto the one before, the
 * last opened against the totals.
 *
 * @param key of the solvency circuit whose chunks have `size` places
 * @returns undefined, or what is wrong
 */
export function epochFault(
  key: VerificationKey,
  circuit: Circuit,
  facts: EpochFacts,
  chunks: readonly ChunkProof[],
): Rejection | undefined {
  const fault = factsFault(facts);
  if (fault !== undefined) return fault;
  const count = chunkCount(facts.keys.length, circuit.size);
  if (chunks.length !== count) {
    return reject('ChunksMissing', `${chunks.length} chunks prove nothing where ${count} do`);
  }
  let sumsBefore = 0n;
  for (const [index, chunk] of chunks.entries()) {
    const bad = chunkFault(key, circuit, facts, index, sumsBefore, chunk);
    if (bad !== undefined) return { ...bad, message: `chunk ${index}: ${bad.message}` };
    sumsBefore = chunk.sumsAfter;
  }
  return undefined;
}

/** Whether one chunk is proved onto the sums of the one before. */
export function chunkFault(
  key: VerificationKey,
  circuit: Circuit,
  facts: EpochFacts,
  index: number,
  sumsBefore: bigint,
  { sumsAfter, chunkRoot, proof }: ChunkProof,
): Rejection | undefined {
  if (![sumsBefore, sumsAfter, chunkRoot].every(isField)) {
    return reject('NotInField', 'sums or root are not below the order of the field');
  }
  const published = { sumsBefore, sumsAfter, chunkRoot };
  const vector = solvencyVector(statementOf(circuit, facts, index, published));
  const { h, r, s } = fingerprint(circuit.circuitId, vector);
  return proofFault(key, [h, r, s], proof);
}
