import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isRejection } from '@holdfast/units';
import { bn254 } from '@noble/curves/bn254.js';
import {
  chunkFault,
  circuitIdOf,
  epochFault,
  epochProofFile,
  factsFile,
  fieldPrime,
  keyFault,
  keyFile,
  keyFrom,
  keyWords,
  marginFault,
  marginProofFile,
  type Proof,
  proofFault,
  proofFrom,
  proofWords,
  readFormat,
} from '../src/index.ts';
import { bookOf, factsOf, marginWorld } from './world.ts';

const json = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', name), 'utf8'));

function read<T>(found: T): Exclude<T, { code: string; message: string }> {
  if (isRejection(found)) throw new Error(found.message);
  return found as Exclude<T, { code: string; message: string }>;
}

// Made by this package's prover with development keys; docs/PROOFS.md tells the commands.
const solvencyKey = read(readFormat(keyFile, json('solvency-4.key.json'), 'key'));
const marginKey = read(readFormat(keyFile, json('margin-4.key.json'), 'key'));
const epoch = read(readFormat(epochProofFile, json('epoch.proof.json'), 'proof'));
const margin = read(readFormat(marginProofFile, json('margin.proof.json'), 'proof'));
const facts = read(readFormat(factsFile, json('facts.json'), 'facts'));
const circuit = { circuitId: solvencyKey.circuitId, size: 4 };
const order = bn254.fields.Fp.ORDER;

describe('an epoch that was proved', () => {
  const { chunks } = epoch;
  const fault = (
    change: Partial<typeof facts> = {},
    list: readonly (typeof chunks)[number][] = chunks,
    of: Partial<typeof circuit> = {},
  ) => epochFault(solvencyKey.key, { ...circuit, ...of }, { ...facts, ...change }, list)?.code;

  it('is of the book that the tests have, and holds', () => {
    const { context: _, ...wanted } = factsOf(bookOf(6));
    const { context: __, format: ___, ...found } = facts;
    assert.deepEqual(found, wanted);
    assert.equal(fault(), undefined);
  });

  it('holds for no other facts', () => {
    const { totals, keys, context } = facts;
    assert.equal(fault({ chainId: 1n }), 'ProofWrong');
    assert.equal(fault({ pool: 1n }), 'ProofWrong');
    assert.equal(fault({ epoch: 8n }), 'ProofWrong');
    assert.equal(fault({ context: context.slice(0, 1) }), 'ProofWrong');
    const more = { ...context[0]!, lotValue: context[0]!.lotValue + 1n };
    assert.equal(fault({ context: [more, context[1]] }), 'ProofWrong');
    assert.equal(fault({ totals: { ...totals, cash: totals.cash + 1n } }), 'ProofWrong');
    assert.equal(fault({ keys: keys.toReversed() }), 'ProofWrong');
    assert.equal(fault({ keys: keys.slice(0, 5) }), 'ProofWrong');
    assert.equal(fault({ keys: [...keys, 5n] }), 'ProofWrong');
    assert.equal(fault({}, chunks, { circuitId: 1n }), 'ProofWrong');
  });

  it('has every chunk, in order, of the field', () => {
    const [a, b] = chunks as [(typeof chunks)[number], (typeof chunks)[number]];
    assert.equal(fault({}, [a]), 'ChunksMissing');
    assert.equal(fault({}, [a, b, b]), 'ChunksMissing');
    assert.equal(fault({}, [b, a]), 'ProofWrong');
    assert.equal(fault({}, [a, a]), 'ProofWrong');
    assert.equal(fault({}, [{ ...a, sumsAfter: a.sumsAfter + 1n }, b]), 'ProofWrong');
    assert.equal(fault({}, [{ ...a, chunkRoot: b.chunkRoot }, b]), 'ProofWrong');
    assert.equal(fault({}, [{ ...a, sumsAfter: a.sumsAfter + fieldPrime }, b]), 'NotInField');
    const other = chunkFault(solvencyKey.key, circuit, facts, 1, 5n, b);
    assert.equal(other?.code, 'ProofWrong');
  });
});

describe('a margin statement that was proved', () => {
  const { facts: where, question } = marginWorld();
  const fault = (
    change: Partial<typeof question> = {},
    of: Partial<typeof where> = {},
    answer: Partial<typeof margin> = {},
    now = 0n,
    isUsed = (_: bigint): boolean => false,
  ) => {
    const { key, circuitId } = marginKey;
    const all = { ...margin, ...answer };
    const [at, asked] = [
      { ...where, ...of },
      { ...question, ...change },
    ];
    return marginFault(key, circuitId, at, asked, all, now, isUsed)?.code;
  };

  it('holds for the question that it answers', () => {
    assert.equal(fault(), undefined);
    assert.equal(fault({}, {}, {}, question.expiry), undefined);
  });

  it('answers no other question: verifier, requester, nonce, expiry, kind, chain', () => {
    assert.equal(fault({ verifier: 1n }), 'ProofWrong');
    assert.equal(fault({ requester: 1n }), 'ProofWrong');
    assert.equal(fault({ nonce: 6n }), 'ProofWrong');
    assert.equal(fault({ expiry: question.expiry + 1n }), 'ProofWrong');
    assert.equal(fault({ kind: 'initial' }), 'ProofWrong');
    assert.equal(fault({ kind: 'threshold', threshold: 1n }), 'ProofWrong');
    assert.equal(fault({ chainId: 1n }), 'ChainDiffers');
    assert.equal(fault({ chainId: 1n }, { chainId: 1n }), 'ProofWrong');
    assert.equal(fault({ threshold: 1n }), 'ThresholdOutOfRange');
    assert.equal(fault({ verifier: 1n << 160n }), 'AddressMalformed');
  });

  it('holds at no other root, round, chunk, pool or context', () => {
    assert.equal(fault({}, { chunkRoot: 1n }), 'ProofWrong');
    assert.equal(fault({}, { epoch: 8n }), 'ProofWrong');
    assert.equal(fault({}, { chunkIndex: 1 }), 'ProofWrong');
    assert.equal(fault({}, { pool: 1n }), 'ProofWrong');
    assert.equal(fault({}, { context: [] }), 'ProofWrong');
    assert.equal(fault({}, { chunkRoot: fieldPrime }), 'NotInField');
  });

  it('is taken once, in time, with one reading of its nullifier', () => {
    assert.equal(
      fault({}, {}, {}, 0n, (n) => n === margin.nullifier),
      'NullifierUsed',
    );
    assert.equal(fault({}, {}, {}, question.expiry + 1n), 'StatementExpired');
    assert.equal(fault({}, {}, { nullifier: margin.nullifier + fieldPrime }), 'NotInField');
    assert.equal(fault({}, {}, { nullifier: margin.nullifier + 1n }), 'ProofWrong');
  });

  it('is no proof of the other circuit', () => {
    const { key, circuitId } = solvencyKey;
    assert.equal(marginFault(key, circuitId, where, question, margin, 0n)?.code, 'ProofWrong');
  });

  it('a proof can be changed into another one, which is why the nullifier counts', () => {
    // (r·A, B/r, C) holds as well: known of Groth16.
    const { G1, G2, fields } = bn254;
    const by = 5n;
    const { x, y } = G1.Point.fromAffine(margin.proof.a).multiply(by).toAffine();
    const [bx, byY] = [margin.proof.b.x, margin.proof.b.y].map(([c0, c1]) => ({ c0, c1 }));
    const b = G2.Point.fromAffine({ x: bx!, y: byY! }).multiply(fields.Fr.inv(by)).toAffine();
    const other: Proof = {
      a: { x, y },
      b: { x: [b.x.c0, b.x.c1], y: [b.y.c0, b.y.c1] },
      c: margin.proof.c,
    };
    assert.notDeepEqual(other, margin.proof);
    assert.equal(fault({}, {}, { proof: other }), undefined);
    assert.equal(
      fault({}, {}, { proof: other }, 0n, (n) => n === margin.nullifier),
      'NullifierUsed',
    );
  });
});

describe('the equation', () => {
  const { proof } = epoch.chunks[0]!;
  const code = (words: readonly bigint[], inputs: readonly bigint[] = [1n, 2n, 3n]) =>
    proofFault(solvencyKey.key, inputs, proofFrom(words)!)?.code;
  const words = proofWords(proof);

  it('refuses what is no point, the identity, and coordinates with two readings', () => {
    assert.equal(code(words), 'ProofWrong');
    words.forEach((word, i) => {
      assert.equal(code(words.with(i, word + 1n)), 'ProofMalformed');
      assert.equal(code(words.with(i, word + order)), 'ProofMalformed');
      assert.equal(code(words.with(i, -word)), 'ProofMalformed');
    });
    assert.equal(code([0n, 0n, ...words.slice(2)]), 'ProofMalformed');
    assert.equal(code([...words.slice(0, 2), 0n, 0n, 0n, 0n, ...words.slice(6)]), 'ProofMalformed');
  });

  it('refuses a point of the twist that is not in the subgroup', () => {
    const { Fp2 } = bn254.fields;
    let found: { x: typeof Fp2.ONE; y: typeof Fp2.ONE } | undefined;
    for (let c0 = 1n; found === undefined; c0++) {
      const x = Fp2.create({ c0, c1: 0n });
      const right = Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b);
      try {
        found = { x, y: Fp2.sqrt(right) };
      } catch {
        // Not a square.
      }
    }
    const { x, y } = found;
    assert.ok(!bn254.G2.Point.fromAffine({ x, y }).isTorsionFree());
    const b = [x.c1, x.c0, y.c1, y.c0];
    assert.equal(code([...words.slice(0, 2), ...b, ...words.slice(6)]), 'ProofMalformed');
  });

  it('refuses public inputs with two readings, and another number of them', () => {
    assert.equal(code(words, [fieldPrime, 2n, 3n]), 'InputOutOfRange');
    assert.equal(code(words, [-1n, 2n, 3n]), 'InputOutOfRange');
    assert.equal(code(words, [1n, 2n]), 'KeyMalformed');
  });

  it('swapped public inputs are others', () => {
    const { facts: at } = { facts };
    const fine = chunkFault(solvencyKey.key, circuit, at, 0, 0n, epoch.chunks[0]!);
    assert.equal(fine, undefined);
    assert.equal(code(words, [2n, 1n, 3n]), 'ProofWrong');
  });
});

describe('key files', () => {
  it('name themselves by their words', () => {
    assert.equal(circuitIdOf(keyFrom(keyWords(marginKey.key))!), marginKey.circuitId);
    const raw = json('margin-4.key.json') as { words: string[] };
    const changed = { ...raw, words: raw.words.with(3, '0x05') };
    assert.ok(isRejection(readFormat(keyFile, changed, 'key')));
    assert.ok(isRejection(readFormat(keyFile, { ...raw, words: raw.words.slice(1) }, 'key')));
    assert.equal(keyFrom([1n]), undefined);
    assert.equal(proofFrom([1n]), undefined);
  });

  it('of development count on the local chain alone', () => {
    assert.equal(keyFault(marginKey, 31_337n), undefined);
    assert.equal(keyFault(marginKey, 1n)?.code, 'KeyIsDevelopment');
  });

  it('with a malformed part say which', () => {
    const raw = json('epoch.proof.json') as { chunks: { proof: string[] }[] };
    raw.chunks[1]!.proof.pop();
    const found = readFormat(epochProofFile, raw, 'e.json');
    assert.ok(isRejection(found) && /chunks\.1\.proof: a proof has 8 words/.test(found.message));
  });
});
