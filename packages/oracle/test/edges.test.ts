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
    const [first] = vectors.signed;
    // The other digests are not this report's.
    const ours = vectors.signed.filter(({ digest }) => digest === first!.digest);
    for (const { name, x, isOdd, digest, rx, ry, z, holds } of ours) {
      const bytes = concatBytes(...[vectors.report.head, rx, ry, z].map(fromHex));
      const key: Hex = `0x${isOdd ? '03' : '02'}${x.slice(2)}`;
      const authority = { kind: 'committee', separator, key: async () => key } as const;
      const report = await proveReport(bytes, authority);
      assert.equal(
        isRejection(report) ? report.code : 'proved',
        holds ? 'proved' : 'SignatureWrong',
        name,
      );
      if (!isRejection(report)) assert.equal(toHex(reportDigest(separator, report)), digest, name);
    }
    assert.ok(ours.length > 60);
  });
});
