/** Committees as their registry on chain knows them. */
import type { Hex } from 'viem';
import { parseAbi } from 'viem';
import type { ChainReader } from './clients.ts';
import type { Venue } from './venue-file.ts';

/** A static struct is encoded as its fields: x, isOdd, isRevoked, threshold, size, generation, … */
const registryAbi = parseAbi([
  'function committee(uint8) view returns (uint256,bool,bool,uint8,uint8,uint32,uint32,bytes32)',
]);

/** Where a committee's key is kept. */
export interface CommitteePlace {
  registry: Hex;
  /** Number of the committee there. */
  id: number;
}

/** What the registry says of a committee. */
export interface CommitteeInForce {
  /** Group key, 33 bytes compressed; undefined when it was revoked or never was. */
  key: Hex | undefined;
  /** Keys that the committee has had; zero: none. */
  generation: number;
  /** The key signs nothing until it is replaced. */
  isRevoked: boolean;
  /** Rotations that were ever proposed: the number that the next one has. */
  rotations: number;
  threshold: number;
  size: number;
  /** Hash of the parties' roster. */
  roster: Hex;
}

/** Group key as 33 bytes, from the registry's two fields. */
export const compressKey = (x: bigint, isOdd: boolean): Hex =>
  `0x${isOdd ? '03' : '02'}${x.toString(16).padStart(64, '0')}`;

/** Asks the registry. */
export async function readCommitteeAt(
  reader: Pick<ChainReader, 'readContract'>,
  { registry, id }: CommitteePlace,
): Promise<CommitteeInForce> {
  const found = await reader.readContract({
    address: registry,
    abi: registryAbi,
    functionName: 'committee',
    args: [id],
  });
  const [x, isOdd, isRevoked, threshold, size, generation, rotations, roster] = found;
  const key = generation === 0 || isRevoked ? undefined : compressKey(x, isOdd);
  return { key, generation, isRevoked, rotations, threshold, size, roster };
}

/** Asks the registry of a venue. Assumes a venue with a committee. */
export function readCommittee(reader: ChainReader, venue: Venue): Promise<CommitteeInForce> {
  return readCommitteeAt(reader, venue.committee as NonNullable<Venue['committee']>);
}

/** A look at the registry: when it was taken, wall ms, and the chain's time then, seconds. */
export type CommitteeView = CommitteeInForce & { readonly atMs: number; readonly time: number };

export interface CommitteeWatch {
  /** The last look; undefined before the first. */
  view(): CommitteeView | undefined;
  close(): void;
}

/**
 * Looks at the registry again and again; a look that fails leaves the one before, which ages. A
 * node of another chain than this counts as one that does not answer.
 */
export function watchCommittee(
  reader: Pick<ChainReader, 'readContract' | 'getChainId' | 'getBlock'>,
  place: CommitteePlace & { readonly chainId: number },
  everyMs = 1000,
): CommitteeWatch {
  let last: CommitteeView | undefined;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  async function look(): Promise<void> {
    const atMs = Date.now();
    const asked = [readCommitteeAt(reader, place), reader.getChainId(), reader.getBlock()] as const;
    const [found, chainId, block] = await Promise.all(asked).catch(() => []);
    if (found !== undefined && block !== undefined && chainId === place.chainId) {
      last = { ...found, atMs, time: Number(block.timestamp) };
    }
    if (!isOver) timer = setTimeout(look, everyMs).unref();
  }
  void look();
  return {
    view: () => last,
    close() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** A key is asked for anew after this long, wall ms, even while reports fit it. */
const keyMsMax = 1000;
/** And when a report does not fit, at most this often. */
const againMsMin = 200;

/**
 * The group key in force, asked of the chain now and then: what a key signs that was handed on must
 * not pass for long. While the chain does not answer, the key that was known serves on. For
 * `reportAuthority` of the oracle package.
 */
export function createKeyReader(
  reader: Pick<ChainReader, 'readContract'>,
  venue: Venue,
  now: () => number = Date.now,
): (again: boolean) => Promise<Hex | undefined> {
  const place = venue.committee as NonNullable<Venue['committee']>;
  let known: { key: Hex | undefined; atMs: number } | undefined;
  return async (again) => {
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : now() - known.atMs;
    if (ageMs < (again ? againMsMin : keyMsMax)) return known?.key;
    const atMs = now();
    try {
      known = { key: (await readCommitteeAt(reader, place)).key, atMs };
    } catch (error) {
      if (known?.key === undefined) throw error;
      known = { ...known, atMs };
    }
    return known.key;
  };
}
