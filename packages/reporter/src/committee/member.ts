/** A reporter as a party of the oracle's committee: its part of the key, and what it signs. */
import type { Logger, Venue } from '@holdfast/host';
import {
  awaitKey,
  committeeIds,
  type Founded,
  foundCommittee,
  invitedWith,
  leadSignature,
  lifeDigest,
  openParty,
  partyPaths,
  passphraseFrom,
  type RunningParty,
  runParty,
  type Signed,
  type Told,
} from '@holdfast/party';
import {
  type CommitteeTiming,
  defaultTiming,
  type Generation,
  indexOf,
  nameOf,
  type PartyKey,
} from '@holdfast/quorum';
import { equalBytes, type Rejection, reject } from '@holdfast/units';
import { createProposalJudge, type ProposalJudge } from './proposal.ts';

/** Patience with a signer is a part of a round; with a ceremony on a busy machine it is more. */
const timing: CommitteeTiming = {
  ...defaultTiming,
  phaseMs: 20_000,
  answerMs: 800,
  requestMs: 1_500,
};

/** A leader gathers nonces anew when it has fewer of anyone. */
const noncesMin = 4;

export interface MemberOptions {
  /** The party's folder. */
  dir: string;
  logger: Logger;
  /** Where the parties' messages are passed on, `ws://…`; that of the founding unless told. */
  relay?: string | undefined;
  /** How patient it is, where that is not what a venue wants. */
  patience?: Partial<CommitteeTiming> | undefined;
  /** A first key is to be made, and every party is to hold a part of it. */
  founding?: boolean | undefined;
}

export interface Member {
  readonly name: string;
  /** From 1; 0 while there is no roster. */
  number(): number;
  generation(): Generation | undefined;
  /** Whether the parties' relay knows us. */
  isConnected(): boolean;
  nameOf(number: number): string;
  /** Signs the venue's reports from now on. */
  open(venue: Venue): ProposalJudge;
  /**
   * Leads a signature.
   * @param among numbers of the parties that may be asked
   */
  lead(message: Uint8Array, among?: readonly number[]): Promise<Signed | Rejection>;
  /**
   * Waits for the committee's key.
   * @throws EnvironmentError CeremonyFailed, naming who is missing
   */
  keyMade(msMax: number, told: Told): Promise<Generation>;
  /** Lives through the founding. @throws EnvironmentError CeremonyFailed */
  found(progress: (line: string) => void): Promise<Founded & Record<string, unknown>>;
  close(): Promise<void>;
}

/** Nonces in advance make a signature one round; they are gathered when they run short. */
async function refill(party: RunningParty): Promise<void> {
  const { coordinator } = party.committee();
  if (coordinator === undefined) return;
  const holders = Object.keys(coordinator.keys.holders).map(Number);
  const isShort = holders.some((index) => (coordinator.pool.get(index)?.length ?? 0) < noncesMin);
  if (isShort) await party.prepare();
}

/** Starts the party in its folder. @throws EnvironmentError as `openParty` and `runParty` do */
export async function startMember(options: MemberOptions): Promise<Member> {
  const { dir, logger, relay, founding = false, patience } = options;
  const vault = await openParty(dir, await passphraseFrom({ file: partyPaths(dir).passphrase }));
  let proposals: ProposalJudge | undefined;

  const generation = (): Generation | undefined => party.committee().records.active;

  function judgeMessage(message: Uint8Array): Rejection | undefined {
    if (message.length !== 32) {
      return (
        proposals?.judge(message) ?? (proposals ? undefined : reject('VenueClosed', 'no venue'))
      );
    }
    const active = generation();
    if (active !== undefined && equalBytes(message, lifeDigest(active, committeeIds.oracle))) return undefined;
    return reject('MessageUnapproved', 'it is no report and not our proof of life');
  }

  function judge(message: Uint8Array, leader: PartyKey): Rejection | undefined {
    const no = judgeMessage(message);
    const roster = generation()?.roster;
    if (no !== undefined) {
      const name = roster === undefined ? leader : nameOf(roster, leader);
      logger.warn({ leader: name, code: no.code, reason: no.message }, 'a proposal was refused');
    }
    return no;
  }

  const digest = (message: Uint8Array): Uint8Array => proposals?.digest(message) ?? message;
  const party = await runParty({
    dir,
    vault,
    logger,
    judge,
    digest,
    trustRoster: true,
    relay,
    holdersMin: founding ? invitedWith(dir).length : undefined,
    timing: { ...timing, ...patience },
  });
  return {
    name: party.name,
    generation,
    isConnected: () => party.status().isConnected,
    number() {
      const roster = generation()?.roster;
      return roster === undefined ? 0 : indexOf(roster, party.key);
    },
    nameOf: (number) => generation()?.roster.parties[number - 1]?.name ?? `${number}`,
    open(venue) {
      proposals = createProposalJudge(venue);
      return proposals;
    },
    async lead(message, among) {
      const signed = await leadSignature(party, message, among);
      await refill(party);
      return signed;
    },
    keyMade: (msMax, told) => awaitKey(party, told, msMax),
    found: (progress) => foundCommittee(party, { dir, id: committeeIds.oracle, progress }),
    close: () => party.close(),
  };
}
