import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  encodeSignedReport,
  type Observation,
  reportAuthority,
  reportDigest,
  reportDomain,
  reportDomainSeparator,
} from '@holdfast/oracle';
import { isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import type { NodeParts } from '../src/parts.ts';
import { createReportDesk } from '../src/reports.ts';
import { makeReport, START, venue } from './fixture.ts';

const secret = keccak256(utf8('committee'));
const separator = reportDomainSeparator(reportDomain(venue.chainId, venue.contracts.verifier));
const of = {
  round: START,
  time: START,
  quotes: [{ market: 0, price: 5, mark: 6, rate: 7 }],
} as unknown as Observation;

/** A desk of a venue with a committee, before a core that takes everything. */
function deskOf() {
  const submitted: unknown[] = [];
  const engine = {
    listen: () => undefined,
    submit: async (inputs: unknown[]) => {
      submitted.push(...inputs);
      return [{ events: [] }];
    },
  };
  const key = toHex(secp256k1.getPublicKey(secret, true));
  const authority = reportAuthority(
    { ...venue, committee: {} },
    () => undefined,
    async () => key,
  );
  const parts = { engine, authority } as unknown as NodeParts;
  return { desk: createReportDesk(parts, new Map()), submitted };
}

function signed(by: Uint8Array): Uint8Array {
  const signature = secp256k1_FROST.sign(reportDigest(separator, of), by);
  const bytes = encodeSignedReport({ ...of, signature });
  assert.ok(!isRejection(bytes));
  return bytes;
}

describe('the report desk of a venue with a committee', () => {
  it('takes what the committee signed, as bytes and as values', async () => {
    const { desk, submitted } = deskOf();
    const raw = signed(secret);
    assert.deepEqual(await desk.take(raw), { ...of, raw: toHex(raw) });
    assert.deepEqual(submitted, [{ type: 'report', report: of, raw: toHex(raw) }]);
  });

  it('lets nothing else near the journal', async () => {
    const { desk, submitted } = deskOf();
    const code = async (bytes: Uint8Array) => {
      const told = await desk.take(bytes);
      return isRejection(told) && told.code;
    };
    assert.equal(await code(signed(keccak256(utf8('thief')))), 'SignatureWrong');
    assert.equal(await code(makeReport(START, 5)), 'ReportMalformed');
    const bent = signed(secret);
    bent[14] = 9;
    assert.equal(await code(bent), 'SignatureWrong');
    assert.deepEqual(submitted, []);
  });
});
