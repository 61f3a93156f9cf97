/** The edge cases of contracts/test/vectors/schnorr.json as signatures of a report. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { proveReport, reportDigest } from '@holdfast/oracle';
import { concatBytes, fromHex, type Hex, isRejection, toHex } from '@holdfast/units';

type Fact = Readonly<Record<'x' | 'digest' | 'rx' | 'ry' | 'z', Hex>> & {
  readonly name: string;
  readonly isOdd: boolean;
  readonly holds: boolean;
};

const path = new URL('../../../contracts/test/vectors/schnorr.json', import.meta.url);
const vectors: { report: { head: Hex; separator: Hex }; signed: Fact[] } = JSON.parse(
  readFileSync(path, 'utf8'),
);

describe('edge cases of signatures under a report', () => {
  it('are judged as the contract judges them', async () => {
    const separator = fromHex(vectors.report.separator);
    let judged = 0;
    for (const { name, x, isOdd, digest, rx, ry, z, holds } of vectors.signed) {
      const bytes = concatBytes(...[vectors.report.head, rx, ry, z].map(fromHex));
      const key: Hex = `0x${isOdd ? '03' : '02'}${x.slice(2)}`;
      const authority = { kind: 'committee', separator, key: async () => key } as const;
      const report = await proveReport(bytes, authority);
      const isProved = !isRejection(report);
      if (isProved) assert.equal(toHex(reportDigest(separator, report)), digest, name);
      else assert.equal(report.code, 'SignatureWrong', name);
      // The other digests are not this report's.
      const isOurs = vectors.signed[0]!.digest === digest;
      assert.equal(isProved, holds && isOurs, name);
      judged += Number(isOurs);
    }
    assert.ok(judged > 60);
  });
});
