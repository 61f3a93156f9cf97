/** The edge cases of contracts/test/vectors/schnorr.json, which the contract judges too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { verifySignature } from '@holdfast/quorum';
import { fromHex, type Hex } from '@holdfast/units';
import { secp256k1 } from '@noble/curves/secp256k1.js';

type Fact = Readonly<Record<'name' | 'x' | 'rx' | 'ry' | 'z', string>> & {
  readonly isOdd: boolean;
  readonly holds: boolean;
};
type Signed = Fact & { readonly digest: Hex };
type Sum = Fact & { readonly c: Hex; readonly sum: boolean };

const path = new URL('../../../contracts/test/vectors/schnorr.json', import.meta.url);
const vectors: { signed: Signed[]; sums: Sum[] } = JSON.parse(readFileSync(path, 'utf8'));
const { Point } = secp256k1;

const keyOf = ({ x, isOdd }: Fact): Hex => `0x${isOdd ? '03' : '02'}${x.slice(2)}`;

/** A point of both coordinates, undefined when there is none: as whoever reads 96 bytes does. */
function pointOf(x: string, y: string) {
  try {
    const point = Point.fromAffine({ x: BigInt(x), y: BigInt(y) });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

describe('edge cases of group signatures', () => {
  it('are judged as the contract judges them', () => {
    for (const fact of vectors.signed) {
      const { name, rx, ry, z, digest, holds } = fact;
      const point = pointOf(rx, ry);
      const sign = BigInt(ry) % 2n === 1n ? '03' : '02';
      const signature: Hex = `0x${sign}${rx.slice(2)}${z.slice(2)}`;
      const found = verifySignature(keyOf(fact), fromHex(digest), signature);
      assert.equal(found && point?.toHex(true) === signature.slice(2, 68), holds, name);
    }
  });

  it('are sums, or none, by the definition', () => {
    const order = Point.Fn.ORDER;
    const times = (point: typeof Point.BASE, scalar: bigint) =>
      scalar === 0n ? Point.ZERO : point.multiply(scalar);
    for (const fact of vectors.sums) {
      const { name, rx, ry, z, c, sum, holds } = fact;
      const [point, scalar] = [pointOf(rx, ry), BigInt(z)];
      let isSum = false;
      try {
        const key = Point.fromHex(keyOf(fact).slice(2));
        const right = point?.add(times(key, BigInt(c)));
        isSum = scalar < order && right?.equals(times(Point.BASE, scalar)) === true;
      } catch {
        // No such key.
      }
      assert.equal(isSum, sum, name);
      assert.ok(sum || !holds, name);
    }
    // What the contract refuses though it is true: see the library.
    const refused = vectors.sums.filter(({ sum, holds }) => sum && !holds);
    assert.deepEqual(
      refused.map(({ name }) => name.split(':')[0]),
      ['c is 0', 'key x not below n'],
    );
  });
});
