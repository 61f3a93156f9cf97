/** The founding of a committee, as one of its reporters lives it. */
import { EnvironmentError, isRejection } from '@holdfast/units';
import { lifeDigest } from './life.ts';
import type { Member } from './member.ts';

/** Longest ceremony, all processes started, wall ms. */
const ceremonyMsMax = 150_000;

/** What each reporter tells the launcher of the committee that was made. */
export type Founded = {
  readonly groupKey: string;
  readonly roster: string;
  readonly threshold: number;
  readonly size: number;
  readonly holders: number;
  /** Proof of life for the registry, 65 bytes; of the first party alone. */
  readonly life?: string;
};

/**
 * Waits for the key; the first party then asks for the proof that it lives.
 *
 * @throws EnvironmentError CeremonyFailed
 */
export async function foundCommittee(
  member: Member,
  progress: (line: string) => void,
): Promise<Founded & Record<string, unknown>> {
  const isFirst = () => member.isFirst();
  const generation = await member.keyMade(ceremonyMsMax, (line, isFailure) => {
    if (isFailure || isFirst()) progress(line);
  });
  const { certificate, roster } = generation;
  const founded: Founded = {
    groupKey: certificate.groupKey,
    roster: certificate.roster,
    threshold: certificate.threshold,
    size: roster.parties.length,
    holders: certificate.holders.length,
  };
  if (!isFirst()) return founded;
  const life = await member.lead(lifeDigest(generation));
  if (isRejection(life)) {
    const message = `the committee made a key and did not sign with it: ${life.message}`;
    throw new EnvironmentError('CeremonyFailed', message, { retry: true });
  }
  return { ...founded, life: life.signature };
}
