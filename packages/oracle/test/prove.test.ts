import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressOf, recoverSigner, signDigest } from '@holdfast/order';
import { type Hex, isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import {
  assembleReport,
  encodeReport,
  encodeSignedReport,
  type Observation,
  observationDigest,
  observationQuorum,
  proveReport,
  readReport,
  reportAuthority,
  reportDigest,
  reportDomain,
  reportDomainSeparator,
} from '../src/index.ts';

const keys = ['a', 'b', 'c', 'd'].map((name) => keccak256(utf8(name)));
const venue = {
  chainId: 31_337,
  contracts: { verifier: '0x5fbdb2315678afecb367f032d93f642f64180aa3' as const },
  reporters: { k: 2, addresses: keys.slice(0, 3).map(addressOf) },
};
const of = {
  round: 9,
  time: 9,
  quotes: [{ market: 1, price: 5, mark: 6, rate: -7 }],
} as unknown as Observation;

function byQuorum(who = keys.slice(0, 2)): Uint8Array {
  const digest = observationDigest(observationQuorum(venue).separator, of);
  const signed = who.map((key) => {
    return { ...of, signer: addressOf(key), signature: signDigest(digest, key) };
  });
  const report = assembleReport(signed, 1);
  assert.ok(!isRejection(report));
  return encodeReport(report);
}

const secrets = ['committee', 'next committee'].map((name) => keccak256(utf8(name)));
const groupKeys = secrets.map((secret) => toHex(secp256k1.getPublicKey(secret, true)));
const separator = reportDomainSeparator(reportDomain(venue.chainId, venue.contracts.verifier));

function byCommittee(secret = secrets[0] as Uint8Array): Uint8Array {
  const signature = secp256k1_FROST.sign(reportDigest(separator, of), secret);
  const report = encodeSignedReport({ ...of, signature });
  assert.ok(!isRejection(report));
  return report;
}

/** The registry as it says, one answer after another; counts how often it is asked. */
function registry(...answers: (Hex | undefined)[]) {
  const asked: boolean[] = [];
  const key = async (again: boolean) => {
    asked.push(again);
    return answers[Math.min(asked.length, answers.length) - 1];
  };
  const authority = reportAuthority({ ...venue, committee: {} }, recoverSigner, key);
  return { asked, prove: (bytes: Uint8Array) => proveReport(bytes, authority) };
}

describe('reports of either form', () => {
  it('are told apart by their length and read alike', () => {
    assert.deepEqual(readReport(byQuorum()), of);
    assert.deepEqual(readReport(byCommittee()), of);
    for (const bytes of [new Uint8Array(0), byQuorum().subarray(1), byCommittee().subarray(1)]) {
      assert.ok(isRejection(readReport(bytes)));
    }
    // A list of observations has never the length of a group signature and a byte for its count.
    for (let markets = 1; markets < 256; markets++) assert.notEqual(95 % (12 * markets + 64), 0);
  });

  it('are proved by whom the venue believes, and by nobody else', async () => {
    const quorum = reportAuthority(venue, recoverSigner, async () => groupKeys[0]);
    const code = async (bytes: Uint8Array) => {
      const told = await proveReport(bytes, quorum);
      return isRejection(told) ? told.code : told.round;
    };
    assert.equal(await code(byQuorum()), 9);
    assert.equal(await code(byQuorum(keys.slice(0, 1))), 'QuorumShort');
    assert.equal(await code(byQuorum(keys.slice(2, 4))), 'SignerUnknown');
    assert.equal(await code(byCommittee()), 'ReportMalformed');
    const { prove, asked } = registry(groupKeys[0]);
    assert.deepEqual(await prove(byCommittee()), of);
    assert.deepEqual(asked, [false]);
    const other = await prove(byQuorum());
    assert.equal(isRejection(other) && other.code, 'ReportMalformed');
  });

  it('are proved by a key that was changed since, and not by the key before', async () => {
    const { prove, asked } = registry(groupKeys[0], groupKeys[1]);
    assert.deepEqual(await prove(byCommittee(secrets[1])), of);
    assert.deepEqual(asked, [false, true]);
    const wrong = await registry(groupKeys[1]).prove(byCommittee());
    assert.equal(isRejection(wrong) && wrong.code, 'SignatureWrong');
    const revoked = await registry(undefined).prove(byCommittee());
    assert.equal(isRejection(revoked) && revoked.code, 'CommitteeMissing');
  });
});
