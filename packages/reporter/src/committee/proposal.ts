/**
 * When a reporter signs a report of its committee. A proposal is k or more signed observations and
 * their medians, in the bytes of a quorum's report; what is signed is the digest of the medians.
 */
import type { Venue } from '@holdfast/host';
import {
  type DecodedReport,
  decodeReport,
  type MarketQuote,
  type Observation,
  observationQuorum,
  type Quorum,
  type RecoverSigner,
  reportDigest,
  reportDomain,
  reportDomainSeparator,
  type SignedObservation,
  verifyQuorum,
} from '@holdfast/oracle';
import { recoverSigner } from '@holdfast/order';
import type { Purpose } from '@holdfast/party';
import type { PartyKey } from '@holdfast/quorum';
import { equalBytes, type Hex, isRejection, type Rejection, reject, toHex } from '@holdfast/units';

/** Largest distance of a report's index price from the signer's own, as a part of its own. */
export const viewPricePpmMax = 10_000;

/** How far a report may be from what a signer observed, by market. */
export type ViewBounds = {
  readonly pricePpm: number;
  /** The contracts' clamp: a reporter that has just begun takes the index for the mark. */
  readonly markPpm: number;
  /** The cap of rates, ppm per day, for the same reason. */
  readonly rate: number;
};

/** What a signer holds against a proposal. */
export type SignerSight = {
  readonly quorum: Quorum;
  readonly recover: RecoverSigner;
  readonly bounds: ReadonlyMap<number, ViewBounds>;
  /** Its own observation of the proposal's round. */
  readonly own: SignedObservation | undefined;
  /** The last report that it agreed to sign, with the observations that it was made of. */
  readonly last:
    | { readonly round: number; readonly digest: Hex; readonly parts: readonly Uint8Array[] }
    | undefined;
};

type Guard = (proposal: DecodedReport, digest: Hex, sight: SignerSight) => Rejection | undefined;

const isNear = (a: number, b: number, ppmMax: number): boolean =>
  Math.abs(a - b) * 1_000_000 <= ppmMax * b;

function apart(quote: MarketQuote, own: Observation, sight: SignerSight): string | undefined {
  const mine = own.quotes.find(({ market }) => market === quote.market);
  const bounds = sight.bounds.get(quote.market);
  if (mine === undefined || bounds === undefined) return 'market';
  if (!isNear(quote.price, mine.price, bounds.pricePpm)) return 'price';
  if (!isNear(quote.mark, mine.mark, bounds.markPpm)) return 'mark';
  return Math.abs(quote.rate - mine.rate) > bounds.rate ? 'rate' : undefined;
}

/** What a proposal must pass, in order. Each stops an attack that no other stops. */
export const proposalGuards = {
  /** Enough reporters signed these observations, and the medians are theirs. */
  proved: (proposal, _digest, { quorum, recover }) => verifyQuorum(proposal, quorum, recover),
  /** Ours is among them: nobody composes a report past us, and we were awake. */
  included({ observations, round }, _digest, { own }) {
    const has =
      own?.round === round &&
      observations.some(({ signature }) => equalBytes(signature, own.signature));
    if (has) return undefined;
    return reject('OwnMissing', `our observation of round ${round} is not in it`, { round });
  },
  /** Enough others may have lied together; then the medians are far from what we saw. */
  agreed({ quotes, round }, _digest, sight) {
    const { own } = sight;
    for (const quote of own === undefined ? [] : quotes) {
      const field = apart(quote, own as Observation, sight);
      if (field === undefined) continue;
      const text = `${field} of market ${quote.market} in round ${round} is far from our view`;
      return reject('ViewApart', text, { round, market: quote.market });
    }
    return undefined;
  },
  /**
   * None of a round that is past, and one report a round, or another of all that the one before was
   * made of and more: a leader that shows each signer other observations cannot spoil the round,
   * because the next one has them all.
   */
  once({ round, observations }, digest, { last }) {
    if (last === undefined || round > last.round || digest === last.digest) return undefined;
    const parts = observations.map(({ signature }) => signature);
    const isWider =
      parts.length > last.parts.length &&
      last.parts.every((part) => parts.some((each) => equalBytes(part, each)));
    if (round === last.round && isWider) return undefined;
    const text = `round ${round}: we have agreed to another report, of round ${last.round}`;
    return reject('RoundSigned', text, { found: round, required: last.round + 1 });
  },
} satisfies Record<string, Guard>;

/** Separator of the domain in which a venue's committee signs. */
export const committeeSeparator = (venue: Venue): Uint8Array =>
  reportDomainSeparator(reportDomain(venue.chainId, venue.contracts.verifier));

/** The bounds of a venue's markets. */
export function viewBounds(venue: Venue): ReadonlyMap<number, ViewBounds> {
  return new Map(
    venue.markets.map(({ id, markClampPpm, fundingRatePpmMax }) => [
      id,
      { pricePpm: viewPricePpmMax, markPpm: markClampPpm, rate: fundingRatePpmMax },
    ]),
  );
}

export interface ProposalJudge {
  /** We have signed this observation: proposals of its round are held against it. */
  observed(observation: SignedObservation): void;
  /**
   * @param message the proposal's bytes
   * @returns undefined to sign; from then on no report of a round before, and of this one none
   * but of more observations
   */
  judge(message: Uint8Array): Rejection | undefined;
  /** What is signed of a message, 32 bytes; undefined when it is no proposal. */
  digest(message: Uint8Array): Uint8Array | undefined;
}

/** Rounds of which a signer still knows what it observed. */
const roundsKept = 8;

/** A signer's judgement, with a memory of what it has seen and agreed to. */
export function createProposalJudge(
  venue: Venue,
  guards: readonly Guard[] = Object.values(proposalGuards),
): ProposalJudge {
  const separator = committeeSeparator(venue);
  const bounds = viewBounds(venue);
  const seen = new Map<number, SignedObservation>();
  let last: SignerSight['last'];

  function digest(message: Uint8Array): Uint8Array | undefined {
    const proposal = decodeReport(message);
    return isRejection(proposal) ? undefined : reportDigest(separator, proposal);
  }

  return {
    digest,
    observed(observation) {
      seen.set(observation.round, observation);
      const oldest = seen.keys().next().value;
      if (seen.size > roundsKept && oldest !== undefined) seen.delete(oldest);
    },
    judge(message) {
      const proposal = decodeReport(message);
      if (isRejection(proposal)) return proposal;
      const own = seen.get(proposal.round);
      // Asked each time: a lost reporter may have been replaced.
      const quorum = observationQuorum(venue);
      const sight: SignerSight = { quorum, recover: recoverSigner, bounds, own, last };
      const hash = toHex(reportDigest(separator, proposal));
      // What we agreed to once is asked again when a leader had to begin anew.
      if (hash === last?.digest) return undefined;
      for (const guard of guards) {
        const no = guard(proposal, hash, sight);
        if (no !== undefined) return no;
      }
      const parts = proposal.observations.map(({ signature }) => signature);
      last = { round: proposal.round, digest: hash, parts };
      return undefined;
    },
  };
}

/** Shortest proposal: a head, and what is no bare digest. */
const proposalBytesMin = 33;

/**
 * Reports as what a committee signs. Nothing is asked of an operator: the observations are judged.
 *
 * @param proposals the venue's judge; undefined while there is no venue
 * @param refused hears why a proposal of a leader was refused
 */
export function reportPurpose(
  proposals: () => ProposalJudge | undefined,
  refused: (reason: Rejection, leader: PartyKey) => void,
): Purpose {
  return (message) => {
    const proposal = message.length < proposalBytesMin ? undefined : decodeReport(message);
    if (proposal === undefined || isRejection(proposal)) return undefined;
    const judge = proposals();
    const digest = judge?.digest(message);
    if (judge === undefined || digest === undefined) return reject('VenueClosed', 'no venue');
    const { round, observations } = proposal;
    return {
      digest,
      lines: [
        ['says', `report of round ${round}`],
        ['observations', `${observations.length}`],
      ],
      judge(_isAllowed, leader) {
        const no = judge.judge(message);
        if (no !== undefined) refused(no, leader);
        return no;
      },
    };
  };
}
