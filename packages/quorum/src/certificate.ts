/** Proof of life of a generation: its holders sign, with the new shares, what they have. */
import { fromHex, type Hex } from '@holdfast/units';
import type { Certificate } from './messages.ts';
import { foundersMin, hashOf, number6, type Roster, rosterHash } from './roster.ts';
import { type PublicKeys, verifySignature } from './suite.ts';

/** Hash of everything public about a generation. */
export function transcriptOf(sid: Hex, keys: PublicKeys): Hex {
  const holders = Object.entries(keys.holders);
  return hashOf(
    'transcript',
    fromHex(sid),
    number6(keys.threshold),
    ...keys.commitments.map(fromHex),
    ...holders.flatMap(([index, point]) => [number6(Number(index)), fromHex(point)]),
  );
}

/** The 32 bytes that the group key signs to show that it lives. */
export function certificateBytes(said: Omit<Certificate, 'signature'>): Uint8Array {
  const { sid, gen, attempt, roster, threshold, holders, groupKey, transcript } = said;
  return fromHex(
    hashOf(
      'certificate',
      fromHex(sid),
      number6(gen),
      number6(attempt),
      fromHex(roster),
      number6(threshold),
      number6(holders.length),
      ...holders.map(number6),
      fromHex(groupKey),
      fromHex(transcript),
    ),
  );
}

/**
 * Whether a certificate is the group key's own word about this roster. Whose key that is, a
 * reader must know from elsewhere: its own share, an earlier generation, or the chain. A first key
 * has more than half of the parties as its holders, and all of them have signed.
 */
export function isCertificate(certificate: Certificate, roster: Roster): boolean {
  const { signature, ...said } = certificate;
  return (
    said.roster === rosterHash(roster) &&
    said.threshold === roster.threshold &&
    said.holders.length >= (said.gen === 1 ? foundersMin(roster) : roster.threshold) &&
    said.holders.every((each, i) => each > (said.holders[i - 1] ?? 0)) &&
    said.holders.every((each) => each <= roster.parties.length) &&
    verifySignature(said.groupKey, certificateBytes(said), signature)
  );
}

/** Whether public shares are those that the certificate speaks of. */
export function isCertified(certificate: Certificate, keys: PublicKeys): boolean {
  return (
    keys.commitments[0] === certificate.groupKey &&
    keys.threshold === certificate.threshold &&
    transcriptOf(certificate.sid, keys) === certificate.transcript
  );
}
