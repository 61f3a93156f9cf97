import { equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';

const source = readFileSync(
  new URL('../../../contracts/test/pool/Toxic.sol', import.meta.url),
  'utf8',
);
const words = [...source.matchAll(/0x[0-9a-f]{64}/g)].map(([text]) => BigInt(text));

/** Words of a point as the precompiled contracts take them. */
const wordsOf = (scalar: bigint): bigint[] => {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [x.c1, x.c0, y.c1, y.c0];
};

describe('the key whose toxic waste is known', () => {
  it('has the points of G2 that it says', () => {
    const scalars = [7n, 11n, 13n, 5n];
    equal(words.length, 16);
    ok(source.includes('alpha 2, beta 7, gamma 11, delta 13'));
    equal(String(words), String(scalars.flatMap(wordsOf)));
  });

  it('has a point outside the subgroup to refuse', () => {
    const test = readFileSync(
      new URL('../../../contracts/test/pool/Groth16.t.sol', import.meta.url),
      'utf8',
    );
    const [c1, c0] = [...test.matchAll(/0x[0-9a-f]{64}/g)].map(([text]) => BigInt(text));
    const { Fp2 } = bn254.fields;
    const x = Fp2.create({ c0: 2n, c1: 1n });
    const y = Fp2.create({ c0: c0 as bigint, c1: c1 as bigint });
    const b = bn254.G2.Point.CURVE().b;
    ok(Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)), 'on the curve');
    equal(bn254.G2.Point.fromAffine({ x, y }).isTorsionFree(), false);
  });
});
