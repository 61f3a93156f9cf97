/**
 * What a reader of a certificate holds against it. Here and not in the package, because keys are
 * signed with in one place, by a tool.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certificateBytes, isCertificate, type Roster, rosterHash } from '@holdfast/quorum';
import { type Hex, keccak256, toHex, utf8 } from '@holdfast/units';
import { secretOf, signGroup } from '../group-signer.ts';

const secret = secretOf(keccak256(utf8('first')));
const roster: Roster = {
  name: 'oracle',
  chainId: 31_337,
  contract: `0x${'11'.repeat(20)}`,
  threshold: 2,
  parties: ['ann', 'bob', 'cid', 'dan'].map((name) => ({
    name,
    key: toHex(keccak256(utf8(`key ${name}`))),
    seal: toHex(keccak256(utf8(`seal ${name}`))),
  })),
};

/** Whether a certificate counts that the key itself has signed. */
function isTaken(gen: number, holders: number[]): boolean {
  const hash: Hex = rosterHash(roster);
  const facts = { gen, attempt: 1, threshold: 2, holders, groupKey: toHex(secret.compressed) };
  const said = { ...facts, sid: hash, roster: hash, transcript: hash };
  const signature = toHex(signGroup(secret, certificateBytes(said)).bytes);
  return isCertificate({ ...said, signature }, roster);
}

describe('the certificate of a first key', () => {
  it('names more than half of the parties, or is none', () => {
    assert.equal(isTaken(1, [1, 2]), false);
    assert.equal(isTaken(1, [1, 2, 3]), true);
  });

  it('is not asked for as many once the key is dealt anew', () => {
    assert.equal(isTaken(2, [1, 2]), true);
    assert.equal(isTaken(2, [1]), false);
  });
});
