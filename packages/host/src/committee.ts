/** The committee that signs a venue's reports, as its registry on chain knows it. */
import type { Hex } from 'viem';
import { parseAbi } from 'viem';
import type { ChainReader } from './clients.ts';
import type { Venue } from './venue-file.ts';

/** A static struct is encoded as its fields: x, isOdd, isRevoked, threshold, size, generation, … */
const registryAbi = parseAbi([
  'function committee(uint8) view returns (uint256,bool,bool,uint8,uint8,uint32,uint32,bytes32)',
]);

/** What the registry says of a committee. */
export interface CommitteeInForce {
  /** Group key, 33 bytes compressed; undefined when it was revoked or never was. */
  key: Hex | undefined;
  /** Keys that the committee has had. */
  generation: number;
  threshold: number;
  size: number;
}

/** Group key as 33 bytes, from the registry's two fields. */
export const compressKey = (x: bigint, isOdd: boolean): Hex =>
  `0x${isOdd ? '03' : '02'}${x.toString(16).padStart(64, '0')}`;

/** Asks the registry. Assumes a venue with a committee. */
export async function readCommittee(reader: ChainReader, venue: Venue): Promise<CommitteeInForce> {
  const { registry, id } = venue.committee as NonNullable<Venue['committee']>;
  const found = await reader.readContract({
    address: registry,
    abi: registryAbi,
    functionName: 'committee',
    args: [id],
  });
  const [x, isOdd, isRevoked, threshold, size, generation] = found;
  const key = generation === 0 || isRevoked ? undefined : compressKey(x, isOdd);
  return { key, generation, threshold, size };
}

const againMsMin = 1000;

/**
 * The group key in force, asked of the chain once, and again when told that it may have changed,
 * at most once a second. For `reportAuthority` of the oracle package.
 */
export function createKeyReader(
  reader: ChainReader,
  venue: Venue,
): (again: boolean) => Promise<Hex | undefined> {
  let known: { key: Hex | undefined; atMs: number } | undefined;
  return async (again) => {
    const isLong = known === undefined || Date.now() - known.atMs >= againMsMin;
    if (isLong && (again || known?.key === undefined)) {
      known = { key: (await readCommittee(reader, venue)).key, atMs: Date.now() };
    }
    return known?.key;
  };
}
